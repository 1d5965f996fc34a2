#!/usr/bin/env bash
# busybox.sh OUT: an image with Debian's static busybox and nothing else.
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,root,var/run}
chmod 755 "$root"
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
archive "$out" monopod.dev/examples/busybox:1 "$root" '{"Env":["PATH=/bin"],"Cmd":["sh"]}'
