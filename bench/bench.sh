#!/usr/bin/env bash
# Builds what is measured and what it is measured against, and measures.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v wrk >/dev/null || scripts/apt.sh wrk
if [ "${1:-}" = --quick ]; then
    # Whether it still runs, with what `make release` has built.
    exec node bench/run.mjs --quick
fi
if [ ! -d bench/express/node_modules ]; then
    echo "==> Installing the Express sample (compiles SQLite for Node where it cannot be downloaded)"
    npm ci --prefix bench/express --no-audit --no-fund
fi
scripts/static.sh "$(uname -m)" --example ceiling
install -D "target/$(uname -m)-unknown-linux-musl/release/examples/ceiling" target/release/examples/ceiling
node "bench/${1:-run}.mjs"
