#!/usr/bin/env bash
# Makes a start for another app and checks it: nothing has the old name, lints and tests pass. What it builds is kept
# beside ours, and the folder is the same each time, since cargo builds a crate anew for each folder it is in.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath target)/new
mkdir -p "$folder"
if [ -d "$folder/my-shop/target" ]; then mv "$folder/my-shop/target" "$folder/kept"; fi
rm -rf "$folder/my-shop"
for bad in "" "My Shop" serde proc-macro async; do
    if node scripts/new.mjs "$bad" "$folder/bad" 2>/dev/null; then echo "NAME \"$bad\" is taken" >&2; exit 1; fi
done
node scripts/new.mjs my-shop "$folder/my-shop"
if [ -d "$folder/kept" ]; then mv "$folder/kept" "$folder/my-shop/target"; fi
export CARGO_TARGET_DIR=$PWD/target
cd "$folder/my-shop"
if grep -rniE 'ticketping[-_]leptos|for Leptos\b|figures\.md|make (bench|profile|clicks|growth|flood|lighthouse)\b|make new NAME|[ "(]bench/|\bwrk\b|In your copy' . --exclude-dir=.git --exclude-dir=target --exclude=LICENSE; then
    echo "the copy still speaks of the app it was made from" >&2
    exit 1
fi
broken=$(grep -rhoP '\]\(\K[^)#:]+(?=[)#])' --include='*.md' README.md docs | while read -r link; do
    [ -e "docs/$link" ] || [ -e "$link" ] || [ -e "docs/decisions/$link" ] || echo "$link"
done)
[ -z "$broken" ] || { echo "links to nothing: $broken" >&2; exit 1; }
make check
cargo test --quiet --test server http::
# The browser tests look for programs where they are without CARGO_TARGET_DIR.
mkdir -p target
ln -sfn "$CARGO_TARGET_DIR/debug" target/debug
make e2e ARGS="chat no-javascript links --project=app"
ENGINE=chromium node --test --test-reporter dot end2end/engines/links.test.mjs
