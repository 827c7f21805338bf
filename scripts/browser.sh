#!/usr/bin/env bash
# Makes sure there is a Chromium for the browser tests.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${CHROMIUM:-}" ] && exit 0
[ -x /usr/bin/chromium ] && exit 0
browser=$(node -p 'require("@playwright/test").chromium.executablePath()')
[ -x "$browser" ] && exit 0
echo "==> Installing Chromium"
npx playwright install chromium && exit 0
scripts/apt.sh chromium
