#!/usr/bin/env bash
# The front end first, then the server with the front end inside.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo leptos build --release --frontend-only
MEMORY_SERVE_QUIET=1 cargo leptos build --release --server-only
echo "==> target/release/ticketping-leptos, $(($(stat -c %s target/release/ticketping-leptos) / 1024)) KiB, serves everything by itself"
