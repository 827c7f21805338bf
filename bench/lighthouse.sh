#!/usr/bin/env bash
# What Lighthouse says of the release binary's pages.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/browser.sh
if [ ! -d bench/lighthouse/node_modules ]; then
    echo "==> Installing Lighthouse"
    npm ci --prefix bench/lighthouse --no-audit --no-fund
fi
node bench/lighthouse/run.mjs "$@"
