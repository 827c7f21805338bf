#!/usr/bin/env bash
# Runs a command with a next version of the server, whose path is in NEXT_VERSION: it is this one with one migration more.
set -euo pipefail
cd "$(dirname "$0")/.."

# The folder is the same each time, since cargo builds a crate anew for each folder it is in.
folder=$(realpath target)/next-version
rm -rf "$folder"
mkdir -p "$folder"
git ls-files -z Cargo.toml Cargo.lock build.rs src crates examples migrations bench/ceiling.rs | xargs -0 cp --parents --target-directory "$folder"
for database in sqlite postgres; do
    echo "ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT 'en';" >"$folder/migrations/$database/0002_language.sql"
done
# Under another name, as both are built into the same folder.
printf '\n[[bin]]\nname = "next-version"\npath = "src/main.rs"\n' >>"$folder/Cargo.toml"
CARGO_TARGET_DIR=$PWD/target cargo build --quiet --manifest-path "$folder/Cargo.toml" --bin next-version
NEXT_VERSION=$PWD/target/debug/next-version "$@"
