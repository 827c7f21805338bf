#!/usr/bin/env bash
# Builds examples/full-hydration: the server, and its files into target/example.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --package full-hydration
cargo build --package full-hydration --lib --no-default-features --features hydrate --target wasm32-unknown-unknown --target-dir target/front
rm -rf target/example
mkdir -p target/example/pkg
cp -r public/. target/example/
wasm-bindgen --target web --no-typescript --out-dir target/example/pkg --out-name full_hydration \
    target/front/wasm32-unknown-unknown/debug/full_hydration.wasm
# Where Leptos looks for it when cargo-leptos named it.
mv target/example/pkg/full_hydration_bg.wasm target/example/pkg/full_hydration.wasm
