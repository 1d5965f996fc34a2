#!/bin/sh
# Builds dist/guest/monopod-jail, the program that starts each machine's monitor, and monopod-layers, which reads images. Runs again only when an input changed.
set -eu
cd "$(dirname "$0")"
umask 022
dist=${MONOPOD_DIST:-../dist}/guest
target=${CARGO_TARGET_DIR:-target}

mkdir -p "$dist"
inputs() { find src build.sh Cargo.toml Cargo.lock .cargo -type f | LC_ALL=C sort | xargs sha256sum; }
stamp=$(inputs | sha256sum | cut -d' ' -f1)
if [ -x "$dist/monopod-jail" ] && [ -x "$dist/monopod-layers" ] && [ "$(cat "$dist/.jail.inputs" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
cargo build --release --locked
for program in monopod-jail monopod-layers; do
    cp "$target/x86_64-unknown-linux-gnu/release/$program" "$dist/$program.new"
    mv "$dist/$program.new" "$dist/$program"
done
echo "$stamp" > "$dist/.jail.inputs"
