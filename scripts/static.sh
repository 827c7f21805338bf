#!/usr/bin/env bash
# Compiles for release, for any Linux: static.sh MACHINE CARGO-OPTIONS. Rust has musl for that, and Zig (from PyPI) the C
# compiler and the linker for every machine.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1-unknown-linux-musl
ZIG=0.17.1
CARGO_ZIGBUILD=0.24.1

[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || rustup target add "$target"
tools=.tools/zig-$ZIG-$CARGO_ZIGBUILD
if [ ! -x "$tools/bin/cargo-zigbuild" ]; then
    echo "==> Installing Zig $ZIG and cargo-zigbuild $CARGO_ZIGBUILD"
    python3 -c 'import ensurepip' 2>/dev/null || scripts/apt.sh python3-venv
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "ziglang==$ZIG" "cargo-zigbuild==$CARGO_ZIGBUILD"
fi
export PATH=$PWD/$tools/bin:$PATH
MEMORY_SERVE_QUIET=1 cargo zigbuild --release --target "$target" "${@:2}"
