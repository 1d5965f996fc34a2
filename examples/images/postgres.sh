#!/usr/bin/env bash
# postgres.sh OUT: an image with Debian's PostgreSQL 15, which makes its database at the first start, as the official one does:
# variables POSTGRES_PASSWORD and PGDATA. Without LLVM, which compiles queries and would be most of the image.
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
debian "$root" nginx-light,curl,ca-certificates
packages "$root" postgresql-15 -- libllvm14 libz3-4 perl perl-base perl-modules-5.36 libperl5.36 libjson-perl locales libc-l10n \
    postgresql-common postgresql-client-common ssl-cert ucf sensible-utils
rm -rf "$root"/usr/lib/postgresql/15/lib/{llvmjit.so,bitcode}
user "$root" postgres /var/lib/postgresql
install -d -o 999 -g 999 -m 700 "$root/var/lib/postgresql/data"
install -d -o 999 -g 999 -m 3777 "$root/run/postgresql"
cat >"$root/usr/local/bin/entrypoint" <<'SH'
#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?is needed to make the database}"
    # Of a first start that was killed.
    rm -rf "$PGDATA.new"
    (umask 077 && printf %s "$POSTGRES_PASSWORD" >/tmp/password)
    initdb --pgdata="$PGDATA.new" --username=postgres --pwfile=/tmp/password --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=trust --auth-host=scram-sha-256
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$PGDATA.new/pg_hba.conf"
    mv "$PGDATA.new" "$PGDATA"
fi
exec postgres -c listen_addresses='*' "$@"
SH
chmod 755 "$root/usr/local/bin/entrypoint"
archive "$out" monopod.dev/examples/postgres:15 "$root" '{"Env":["PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin","PGDATA=/var/lib/postgresql/data/pgdata"],"User":"999:999","Entrypoint":["entrypoint"],"ExposedPorts":{"5432/tcp":{}},"Volumes":{"/var/lib/postgresql/data":{}},"StopSignal":"SIGINT"}'
