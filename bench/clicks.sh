#!/usr/bin/env bash
# Gets the three browsers and their drivers, and measures what a visitor waits for in each.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/tools.sh --test
needed=()
command -v chromedriver >/dev/null || needed+=(chromium chromium-driver)
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || needed+=(firefox-esr)
command -v WebKitWebDriver >/dev/null || needed+=(webkit2gtk-driver)
command -v xvfb-run >/dev/null || needed+=(xvfb xauth)
[ ${#needed[@]} = 0 ] || scripts/apt.sh "${needed[@]}"
node bench/clicks.mjs
