#!/usr/bin/env bash
# redis.sh OUT: an image with Debian's Redis 7, its data in /data.
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
debian "$root" nginx-light,curl,ca-certificates
packages "$root" redis-server
user "$root" redis /data
archive "$out" monopod.dev/examples/redis:7 "$root" '{"Env":["PATH=/usr/bin:/bin"],"User":"999:999","WorkingDir":"/data","Entrypoint":["redis-server","--protected-mode","no"],"ExposedPorts":{"6379/tcp":{}},"Volumes":{"/data":{}}}'
