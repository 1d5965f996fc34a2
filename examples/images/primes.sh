#!/usr/bin/env bash
# primes.sh OUT: an image with a Java program that computes, and a Java runtime cut down to it (jlink).
source "$(dirname "${BASH_SOURCE[0]}")/lib"
out=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
debian "$root" nginx-light,curl,ca-certificates
java=${JAVA_HOME:?}
mkdir -p "$root/app"
"$java/bin/javac" -d "$root/app" "$here/Primes.java"
"$java/bin/jlink" --add-modules java.base --strip-debug --no-header-files --no-man-pages --output "$root/opt/java"
archive "$out" monopod.dev/examples/primes:1 "$root" '{"Env":["PATH=/opt/java/bin:/usr/bin:/bin"],"Entrypoint":["java","-Xshare:auto","-XX:TieredStopAtLevel=1","-XX:+UseSerialGC","-cp","/app","Primes"]}'
