#!/usr/bin/env bash
# Builds what is measured and what it is measured against, and measures.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v wrk >/dev/null || scripts/apt.sh wrk
if [ ! -d bench/express/node_modules ]; then
    echo "==> Installing the Express sample (compiles SQLite for Node where it cannot be downloaded)"
    npm ci --prefix bench/express --no-audit --no-fund
fi
MEMORY_SERVE_QUIET=1 cargo build --release --example ceiling
node "bench/${1:-run}.mjs"
