#!/usr/bin/env bash
# The front end first, then the server with the front end inside: one static binary that runs on any Linux. For another
# machine than this one: release.sh aarch64.
set -euo pipefail
cd "$(dirname "$0")/.."

machine=${1:-$(uname -m)}
binary=target/release/ticketping-leptos
[ "$machine" = "$(uname -m)" ] || binary+=-$machine

# Paths of this machine have no place in what browsers load.
cargo fetch --quiet --locked
flags=
for source in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do flags+=" --remap-path-prefix=$source/="; done
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags cargo leptos build --release --frontend-only
scripts/static.sh "$machine" --bin ticketping-leptos
install -D "target/$machine-unknown-linux-musl/release/ticketping-leptos" "$binary"
echo "==> $binary, $(($(stat -c %s "$binary") / 1024)) KiB, serves everything by itself"
