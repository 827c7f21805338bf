#!/usr/bin/env bash
# The quick part of `make test`.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/counting.sh

scripts/tools.sh || exit 1
source scripts/checks.sh
report
