#!/bin/sh
# Builds dist/guest/monopod-jail, the program that starts each machine's monitor. Runs again only when an input changed.
set -eu
cd "$(dirname "$0")"
umask 022
dist=${MONOPOD_DIST:-../dist}/guest
target=${CARGO_TARGET_DIR:-target}

mkdir -p "$dist"
inputs() { find src build.sh Cargo.toml Cargo.lock .cargo -type f | LC_ALL=C sort | xargs sha256sum; }
stamp=$(inputs | sha256sum | cut -d' ' -f1)
if [ -x "$dist/monopod-jail" ] && [ "$(cat "$dist/.jail.inputs" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
cargo build --release --locked
cp "$target/x86_64-unknown-linux-gnu/release/monopod-jail" "$dist/monopod-jail.new"
mv "$dist/monopod-jail.new" "$dist/monopod-jail"
echo "$stamp" > "$dist/.jail.inputs"
