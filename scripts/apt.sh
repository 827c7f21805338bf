#!/usr/bin/env bash
# Installs Debian packages as root. Anyone else is told what to run: nothing here uses sudo.
set -euo pipefail

if [ "$(id -u)" != 0 ]; then
    echo "missing: $*. Install it, then run this again:" >&2
    echo "    sudo apt-get install --no-install-recommends $*" >&2
    exit 1
fi
printf '\033[1m==>\033[0m %s\n' "Installing $*"
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
