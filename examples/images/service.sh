#!/usr/bin/env bash
# service.sh OUT: an image with a Java program that serves HTTP, and a Java runtime cut down to it (jlink).
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
debian "$root" nginx-light,curl,ca-certificates
java=${JAVA_HOME:?}
mkdir -p "$root/app"
"$java/bin/javac" -d "$root/app" "$here/Service.java"
"$java/bin/jlink" --add-modules java.base,jdk.httpserver --strip-debug --no-header-files --no-man-pages --output "$root/opt/java"
archive "$out" monopod.dev/examples/service:1 "$root" '{"Env":["PATH=/opt/java/bin:/usr/bin:/bin"],"User":"999:999","Entrypoint":["java","-XX:MaxRAMPercentage=75","-cp","/app","Service"],"ExposedPorts":{"8080/tcp":{}}}'
