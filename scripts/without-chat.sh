#!/usr/bin/env bash
# Takes the chat out of a copy of the app, as the README says, and checks that the README names the files that then do
# not compile: all of them, and no other.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t "$copy" 2>/dev/null || true
named=$(sed -n '/^- \*\*Without the chat\*\*/,/^- /p' README.md | grep -oP '`src/\K[^`]+\.rs(?=`)' | grep -vE '^(support_chat|lib)\.rs$' | sort -u)

target=$PWD/target
cd "$copy"
rm src/support_chat.rs
sed -i '/^pub mod support_chat;$/d' src/lib.rs
sed -i -e '/^\(leptos-ticketping\|ticketping-sandbox\) = /d' -e '/"dep:ticketping-sandbox"/d' \
    -e 's|, "leptos-ticketping/[a-z]*"||' -e 's/^members = .*/members = []/' Cargo.toml
rm -rf crates examples
[ -n "$named" ] || { echo "the README names no files" >&2; exit 1; }
broken=$(CARGO_TARGET_DIR=$target cargo check --lib --message-format short 2>&1 | grep -oP '^src/\K[^:]+(?=:\d+:\d+: error)' | sort -u || true)
if [ "$named" != "$broken" ]; then
    diff <(echo "$named") <(echo "$broken") | sed 's/^</README only:/; s/^>/not in the README:/' | grep README >&2
    exit 1
fi
