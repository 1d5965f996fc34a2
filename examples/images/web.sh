#!/usr/bin/env bash
# web.sh OUT: an image with Debian's nginx (and curl).
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
debian "$root" nginx-light,curl,ca-certificates
echo 'a web server in a machine of its own' >"$root/var/www/html/index.html"
archive "$out" monopod.dev/examples/web:1 "$root" '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["nginx","-g","daemon off; error_log /dev/stderr;"],"ExposedPorts":{"80/tcp":{}}}'
