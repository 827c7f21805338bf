#!/usr/bin/env bash
# The figures the README quotes: the release binary on one core, wrk on another, the targets in turn
# over several rounds. Fails when an answer is not the expected one.
set -euo pipefail
cd "$(dirname "$0")/.."

ROUNDS=${ROUNDS:-3}
SECONDS_EACH=${SECONDS_EACH:-5}
CONNECTIONS=32
port=3299
origin=http://127.0.0.1:$port

if ! command -v wrk >/dev/null; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get install -y -qq wrk
fi

folder=$(mktemp -d)
trap 'kill $server 2>/dev/null; rm -rf "$folder"' EXIT
cp target/release/ticketping-leptos "$folder/"
cd "$folder"
begin=$(date +%s%N)
LEPTOS_SITE_ADDR=127.0.0.1:$port TICKETPING_SANDBOX=true RATE_LIMIT_FACTOR=1000000 RUST_LOG=warn \
    taskset -c 0 ./ticketping-leptos &
server=$!
until curl -sf "$origin/readyz"; do :; done
echo "start to first answer, new database: $((($(date +%s%N) - begin) / 1000000)) ms"
idle=$(awk '/VmRSS/ {print $2}' /proc/$server/status)
echo "resident memory, idle: $((idle / 1024)) MiB"

curl -sf -o /dev/null -c jar --data-urlencode email=bench@example.com --data-urlencode 'password=correct horse battery' "$origin/api/auth/sign-up"
session=$(awk '$6 == "session" {print $7}' jar)
css=$(curl -s "$origin/login" | grep -o '/assets/[^"]*\.css' | head -1)

size() { curl -s -H 'Accept-Encoding: br' -o /dev/null -w '%{size_download}' "$origin$1"; }
base=${css%/pkg/*}
html=$(size /login) styles=$(size "$css")
js=$(size "$base/pkg/ticketping-leptos.js") wasm=$(size "$base/pkg/ticketping-leptos.wasm")
echo "/login as sent (brotli): html $html, css $styles, js $js, wasm $wasm, together $((html + styles + js + wasm)) bytes"

names=(token login home-signed-in home-signed-out css)
declare -A path=([token]=/api/ticketping/chat-jwt [login]=/login [home-signed-in]=/ [home-signed-out]=/ [css]=$css)
for ((round = 1; round <= ROUNDS; round++)); do
    for name in "${names[@]}"; do
        cookie=()
        case $name in token | home-signed-in) cookie=(-H "Cookie: session=$session") ;; esac
        out=$(taskset -c 1 wrk -t1 -c$CONNECTIONS -d"${SECONDS_EACH}s" --latency "${cookie[@]}" "$origin${path[$name]}")
        if grep -q 'Non-2xx' <<<"$out"; then echo "$name: $out" >&2 && exit 1; fi
        awk -v name="$name" '/Requests\/sec/ {rate = $2} $1 == "50%" {p50 = $2} $1 == "99%" {p99 = $2} END {print name, rate, p50, p99}' <<<"$out" >>results
    done
done

printf '\n%-16s %12s %22s %10s %10s\n' target 'requests/s' 'min–max of rounds' p50 p99
for name in "${names[@]}"; do
    sort -k2 -n results | awk -v name="$name" '
        $1 == name {rate[++n] = $2; p50[n] = $3; p99[n] = $4}
        END {m = int((n + 1) / 2); printf "%-16s %12.0f %22s %10s %10s\n", name, rate[m], sprintf("%.0f–%.0f", rate[1], rate[n]), p50[m], p99[m]}'
done
echo "resident memory, after: $(($(awk '/VmRSS/ {print $2}' /proc/$server/status) / 1024)) MiB"
echo "binary: $(($(stat -c %s ticketping-leptos) / 1024)) KiB; $(nproc) cores, $(date +%F), $CONNECTIONS connections, server and wrk on a core each"
