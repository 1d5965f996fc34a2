#!/bin/sh
# Builds dist/guest/vmlinuz and dist/guest/initramfs.cpio.gz: Debian's cloud kernel, and the guest as /init with the few modules it needs.
# Runs again only when an input changed. MONOPOD_CACHE: where kernel packages are kept (default ~/.cache/monopod).
set -eu
cd "$(dirname "$0")"
umask 022
dist=${MONOPOD_DIST:-../dist}/guest
cache=${MONOPOD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/monopod}/kernel
wanted="virtio_ring virtio virtio_mmio virtio_blk virtio_console failover net_failover virtio_net squashfs overlay virtio-rng"
target=${CARGO_TARGET_DIR:-target}

mkdir -p "$dist" "$cache"
inputs() { find src build.rs build.sh Cargo.toml Cargo.lock .cargo ../protocol/src/main/proto/guest.proto -type f | LC_ALL=C sort | xargs sha256sum; }
stamp=$(inputs | sha256sum | cut -d' ' -f1)
if [ -f "$dist/.inputs" ] && [ "$(cat "$dist/.inputs")" = "$stamp" ] && [ -f "$dist/vmlinuz" ] && [ -f "$dist/initramfs.cpio.gz" ]; then
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

cargo build --quiet --release --locked --bin monopod-guest

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/modules" "$stage/proc" "$stage/sys" "$stage/dev" "$stage/run" "$stage/tmp" "$stage/etc"
cp "$target/x86_64-unknown-linux-gnu/release/monopod-guest" "$stage/init"

# Modules in the order of loading: what a module needs comes before it.
: > "$stage/modules/order"
add_module() { # Positional parameters are local to each call, so this may recurse.
    set -- "$(find "$modules" -name "$(echo "$1" | sed 's/[_-]/[_-]/g').ko" | head -n 1)" "$1"
    [ -n "$1" ] || { echo "guest: kernel $release has no module $2" >&2; exit 1; }
    [ ! -f "$stage/modules/$(basename "$1")" ] || return 0
    for needed in $(tr '\0' '\n' < "$1" | sed -n 's/^depends=//p' | tr ',' ' '); do add_module "$needed"; done
    cp "$1" "$stage/modules/"
    basename "$1" >> "$stage/modules/order"
}
for module in $wanted; do add_module "$module"; done

(cd "$stage" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0) | gzip -6 -n > "$dist/initramfs.cpio.gz.new"
cp "$cache/unpacked/boot/vmlinuz-$release" "$dist/vmlinuz"
mv "$dist/initramfs.cpio.gz.new" "$dist/initramfs.cpio.gz"
echo "$stamp" > "$dist/.inputs"
