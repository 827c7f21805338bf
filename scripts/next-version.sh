#!/usr/bin/env bash
# Runs a command with a next version of the server, whose path is in NEXT_VERSION: it is this one with one migration more.
set -euo pipefail
cd "$(dirname "$0")/.."

# The folder is the same each time, since cargo builds a crate anew for each folder it is in.
folder=$(realpath target)/next-version
rm -rf "$folder"
mkdir -p "$folder"
cp --recursive --parents --target-directory "$folder" Cargo.toml Cargo.lock build.rs src crates examples migrations .cargo
# What Cargo.toml names beside these.
mkdir "$folder/bench"
echo 'fn main() {}' >"$folder/bench/ceiling.rs"
for database in sqlite postgres; do
    last=$(ls "migrations/$database" | tail -1)
    next=$(printf '%04d' $((10#${last%%_*} + 1)))
    echo "ALTER TABLE users ADD COLUMN next_version TEXT NOT NULL DEFAULT 'yes';" >"$folder/migrations/$database/${next}_next_version.sql"
done
# Under another name, as both are built into the same folder.
printf '\n[[bin]]\nname = "next-version"\npath = "src/main.rs"\n' >>"$folder/Cargo.toml"
CARGO_TARGET_DIR=$PWD/target cargo build --quiet --manifest-path "$folder/Cargo.toml" --bin next-version
NEXT_VERSION=$PWD/target/debug/next-version "$@"
