#!/usr/bin/env bash
# Gets the chat widget's two files from npm into public/widget. Its version and hashes are in the crate.
set -euo pipefail
cd "$(dirname "$0")/.."

pinned=crates/leptos-ticketping/src/pinned.rs
value() { sed -n "s/^pub const $1: &str = \"\(.*\)\";/\1/p" "$pinned"; }
version=$(value WIDGET_VERSION)
folder=public/widget/$version

hash_of() {
    node --eval 'console.log("sha384-" + require("crypto").createHash("sha384").update(require("fs").readFileSync(process.argv[1])).digest("base64"))' "$1"
}
# matches FILE HASH: whether the file is the published one.
matches() { [ -f "$1" ] && [ "$(hash_of "$1")" = "$2" ]; }
complete() {
    matches "$1/widget.min.js" "$(value SCRIPT_INTEGRITY)" && matches "$1/widget.css" "$(value STYLE_INTEGRITY)"
}

complete "$folder" && exit 0
printf '\033[1m==>\033[0m %s\n' "Getting the chat widget $version from npm"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "@ticketping/chat-widget@$version" >/dev/null
tar -xzf "$work"/*.tgz -C "$work"
complete "$work/package/dist" || { echo "npm's files of the widget $version are not those in $pinned" >&2; exit 1; }
rm -rf public/widget
mkdir -p "$folder"
cp "$work"/package/dist/widget.{min.js,css} "$folder/"
