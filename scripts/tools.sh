#!/usr/bin/env bash
# Installs what a build needs and is not there yet: the wasm target, cargo-leptos, wasm-bindgen, the npm packages and
# the widget's files. Takes seconds when all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_LEPTOS=0.3.10
# The tool and the crate must be of one version.
WASM_BINDGEN=$(grep -A1 '^name = "wasm-bindgen"$' Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p')
CARGO_DENY=0.20.2
GECKODRIVER=0.37.1

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
need() { command -v "$1" >/dev/null || { echo "$1 is missing: $2" >&2; exit 1; }; }

need cargo "install Rust from https://rustup.rs"
need npm "install Node.js 20 or newer"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || { echo "this is Node.js $(node --version): install 20 or newer" >&2; exit 1; }
need cc "install a C compiler (on Debian: apt-get install build-essential)"

if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
    say "Adding the wasm32-unknown-unknown target"
    rustup target add wasm32-unknown-unknown
fi

# tool CRATE VERSION BINARY [OPTIONS]: installs it where cargo installs things, or into .tools when
# another version is there already and belongs to another project.
tool() {
    local crate=$1 version=$2 binary=$3
    shift 3
    if command -v "$binary" >/dev/null && [[ "$("$binary" --version 2>/dev/null)" == *"$version"* ]]; then
        return
    fi
    local root=()
    command -v "$binary" >/dev/null && root=(--root .tools)
    if command -v cargo-binstall >/dev/null; then
        say "Installing $crate $version"
        cargo binstall --no-confirm --disable-strategies compile "${root[@]}" "$crate@$version" && return
    fi
    say "Compiling $crate $version, once (minutes)"
    # It is only a tool: a quick compile beats quick code.
    CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
        cargo install --debug --version "$version" "${root[@]}" "$@" "$crate"
}

tool cargo-leptos "$CARGO_LEPTOS" cargo-leptos --locked
# Without --locked: its lock file names a version that may not resolve any more.
tool wasm-bindgen-cli "$WASM_BINDGEN" wasm-bindgen

if [ "${1:-}" = --test ]; then
    tool cargo-deny "$CARGO_DENY" cargo-deny --locked
    # Drives Firefox. Debian has none, and npm's is a download.
    tool geckodriver "$GECKODRIVER" geckodriver --locked
fi

if ! cmp -s package-lock.json node_modules/.installed-lock; then
    say "Installing the npm packages"
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.installed-lock
fi

scripts/widget.sh
