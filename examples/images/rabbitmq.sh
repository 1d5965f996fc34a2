#!/usr/bin/env bash
# rabbitmq.sh OUT: an image with Debian's RabbitMQ 3.10, and with pika, Python's client.
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
debian "$root" nginx-light,curl,ca-certificates
packages "$root" rabbitmq-server python3-pika -- cron cron-daemon-common logrotate libpopt0 media-types sensible-utils socat libwrap0 libnsl2
user "$root" rabbitmq /var/lib/rabbitmq
chown -R 999:999 "$root/var/lib/rabbitmq"
install -d -o 999 -g 999 "$root/var/log/rabbitmq"
archive "$out" monopod.dev/examples/rabbitmq:3 "$root" '{"Env":["PATH=/usr/lib/rabbitmq/bin:/usr/bin:/bin","HOME=/var/lib/rabbitmq","RABBITMQ_LOGS=-","LANG=C.UTF-8"],"User":"999:999","Entrypoint":["rabbitmq-server"],"ExposedPorts":{"5672/tcp":{}},"Volumes":{"/var/lib/rabbitmq":{}}}'
