#!/usr/bin/env bash
# Builds the release binary with its symbols, and says where a request's instructions and the binary's bytes go.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null && command -v wrk >/dev/null || scripts/apt.sh valgrind wrk
MEMORY_SERVE_QUIET=1 CARGO_PROFILE_RELEASE_STRIP=none \
    cargo build --release --bin ticketping-leptos --target-dir target/profile
node bench/profile.mjs target/profile/release/ticketping-leptos
