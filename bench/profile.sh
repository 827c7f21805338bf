#!/usr/bin/env bash
# Builds the release binary with its symbols, and says where a request's instructions and the binary's bytes go.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null || ! command -v wrk >/dev/null; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get install -y -qq valgrind wrk
fi
MEMORY_SERVE_QUIET=1 CARGO_PROFILE_RELEASE_STRIP=none \
    cargo build --release --features ssr --bin ticketping-leptos --target-dir target/profile
node bench/profile.mjs target/profile/release/ticketping-leptos
