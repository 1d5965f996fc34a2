#!/bin/sh
# Builds dist/guest/vmlinuz and dist/guest/initramfs.cpio.gz: Debian's cloud kernel, and the guest as /init with the few modules it needs;
# and dist/guest/nfs.squashfs, a disk with the modules for NFS; dist/guest/kernel says which kernel of Debian's it is.
# The same inputs make the same bytes. Every file is replaced, none written into: machines may be about to start from it.
# Runs again only when an input changed. MONOPOD_CACHE: where kernel packages are kept (default ~/.cache/monopod).
set -eu
cd "$(dirname "$0")"
umask 022
dist=${MONOPOD_DIST:-../dist}/guest
cache=${MONOPOD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/monopod}/kernel
wanted="virtio_ring virtio virtio_mmio virtio_blk virtio_console failover net_failover virtio_net squashfs overlay virtio-rng"
wanted_for_nfs="nfsv4 nfsv3"
target=${CARGO_TARGET_DIR:-target}

mkdir -p "$dist" "$cache"
inputs() { find src build.rs build.sh Cargo.toml Cargo.lock .cargo ../protocol/src/main/proto/guest.proto -type f | LC_ALL=C sort | xargs sha256sum; }
stamp=$(inputs | sha256sum | cut -d' ' -f1)
if [ -f "$dist/.inputs" ] && [ "$(cat "$dist/.inputs")" = "$stamp" ] && [ -f "$dist/vmlinuz" ] && [ -f "$dist/initramfs.cpio.gz" ] && [ -f "$dist/nfs.squashfs" ]; then
    exit 0
fi

# The kernel: fetched and unpacked, never installed on the host.
if [ ! -f "$cache/current" ]; then
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [ -n "$package" ] || { echo "guest: no linux-image-cloud-amd64 in apt's lists; run: apt-get update" >&2; exit 1; }
    (cd "$cache" && apt-get -q download "$package" >/dev/null 2>&1) || { echo "guest: cannot download $package; run: apt-get update" >&2; exit 1; }
    rm -rf "$cache/unpacked" && dpkg-deb -x "$cache/$package"_*.deb "$cache/unpacked"
    rm -f "$cache/$package"_*.deb
    echo "${package#linux-image-}" > "$cache/current"
fi
release=$(cat "$cache/current")
modules=$cache/unpacked/lib/modules/$release

cargo build --release --locked --bin monopod-guest

stage=$(mktemp -d)
trap 'rm -rf "$stage" "$stage.nfs"' EXIT
mkdir -p "$stage/modules" "$stage/proc" "$stage/sys" "$stage/dev" "$stage/run" "$stage/tmp" "$stage/etc"
cp "$target/x86_64-unknown-linux-gnu/release/monopod-guest" "$stage/init"

# Modules in the order of loading: what a module needs comes before it.
add_module() { # FOLDER MODULE; positional parameters are local to each call, so this may recurse.
    set -- "$1" "$2" "$(find "$modules" -name "$(echo "$2" | sed 's/[_-]/[_-]/g').ko" | head -n 1)"
    [ -n "$3" ] || { echo "guest: kernel $release has no module $2" >&2; exit 1; }
    [ ! -f "$1/$(basename "$3")" ] || return 0
    for needed in $(tr '\0' '\n' < "$3" | sed -n 's/^depends=//p' | tr ',' ' '); do add_module "$1" "$needed"; done
    cp "$3" "$1/"
    basename "$3" >> "$1/order"
}
: > "$stage/modules/order"
for module in $wanted; do add_module "$stage/modules" "$module"; done

# On a disk of their own, so that a machine without NFS neither unpacks nor keeps them.
mkdir -p "$stage.nfs"
for module in $wanted_for_nfs; do add_module "$stage.nfs" "$module"; done
rm -f "$dist/nfs.squashfs.new"
mksquashfs "$stage.nfs" "$dist/nfs.squashfs.new" -quiet -no-progress -noappend -all-root -all-time 0 -mkfs-time 0 > /dev/null
mv "$dist/nfs.squashfs.new" "$dist/nfs.squashfs"

find "$stage" -exec touch -h -d @0 {} +
(cd "$stage" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 --reproducible) | gzip -6 -n > "$dist/initramfs.cpio.gz.new"
cp "$cache/unpacked/boot/vmlinuz-$release" "$dist/vmlinuz.new"
mv "$dist/vmlinuz.new" "$dist/vmlinuz"
# "linux-signed-amd64 6.1.1+1": where Debian keeps the sources of what a release hands on.
gzip -dc "$cache/unpacked/usr/share/doc/linux-image-$release/"changelog*.gz | sed -n '1s/^\([^ ]*\) (\([^)]*\)).*/\1 \2/p' > "$dist/kernel"
mv "$dist/initramfs.cpio.gz.new" "$dist/initramfs.cpio.gz"
echo "$stamp" > "$dist/.inputs"
