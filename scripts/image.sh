#!/usr/bin/env bash
# The container image `ticketping-leptos`: the binary of `make release`, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

for builder in podman buildah docker; do
    if command -v "$builder" >/dev/null; then break; fi
done
command -v "$builder" >/dev/null || { echo "podman, buildah or docker is missing: install one of them" >&2; exit 1; }
# The health check is no part of OCI's own format.
format=(--format docker)
[ "$builder" = docker ] && format=()

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
# Whatever the umask: another user runs it.
install -m 755 "${1:-target/release/ticketping-leptos}" "$context/ticketping-leptos"
mkdir -m 755 "$context/data"
"$builder" build "${format[@]}" --tag ticketping-leptos --file deploy/Containerfile "$context"
