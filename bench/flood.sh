#!/usr/bin/env bash
# What a flood of log-ins from one address does to the other pages and to the log-ins of others, and whether the time of an
# answer tells an unknown email from a wrong password. Needs target/release/ticketping-leptos (make release) and wrk.
set -euo pipefail
cd "$(dirname "$0")/.."

port=3295
origin=http://127.0.0.1:$port
here=$PWD
folder=$(mktemp -d)
trap 'kill $server; rm -rf "$folder"' EXIT
cd "$folder"
LEPTOS_SITE_ADDR=127.0.0.1:$port TICKETPING_SANDBOX=true RATE_LIMIT_FACTOR=1000000 TRUSTED_PROXIES=127.0.0.1/32 \
    "$here/target/release/ticketping-leptos" 2>log &
server=$!
until curl -sf "$origin/readyz"; do :; done
threads() { cat /proc/$server/task/*/comm | grep -c tokio; }
quiet=$(threads)
curl -sf -o /dev/null -d email=log-in@example.com "$origin/api/auth/sign-up"
token=$(curl -sf "$origin/sandbox/mail" | grep -oP 'token=\K[\w-]+' | head -1)
curl -sf -o /dev/null -d "token=$token&password=correct+horse+battery" "$origin/api/auth/choose-password"

# Milliseconds to the first byte: median, quartiles and 99th percentile.
summary() { sort -n | awk -v name="$1" '{a[NR] = $1 * 1000} END {printf "%-28s median %.2f ms, quartiles %.2f and %.2f, p99 %.2f\n", name, a[int(NR / 2)], a[int(NR / 4)], a[int(3 * NR / 4)], a[int(NR * .99)]}'; }
page() { for _ in $(seq 200); do curl -s -o /dev/null -w '%{time_starttransfer}\n' "$origin/login"; done; }
try() { for _ in $(seq 100); do curl -s -o /dev/null -w '%{time_starttransfer}\n' -d "email=$1&password=wrong+words+here" "$origin/api/auth/log-in"; done; }

page | summary "/login, quiet"
FLOOD=yes wrk -t1 -c200 -d10s -s "$here/bench/log-in.lua" "$origin/api/auth/log-in" >flood &
flood=$!
sleep 1
page | summary "/login, 200 log-ins at once"
# Fifty people log in at once, each from an address of their own.
for n in $(seq 50); do
    curl -s -o /dev/null -w '%{time_starttransfer} %{redirect_url}\n' -H "X-Forwarded-For: 10.$n.0.1" \
        -d 'email=log-in@example.com&password=correct+horse+battery' "$origin/api/auth/log-in" >"other-$n" &
    others+=($!)
done
wait "${others[@]}"
echo "  50 others log in at once: $(cat other-* | grep -c '/account$') got in, the last after $(sort -n other-* | tail -1 | cut -c1-5) s"
wait $flood
resident() { awk '/VmRSS/ {printf "%.1f MiB resident\n", $2 / 1024}' "/proc/$server/status"; }
echo "  at its end: $(resident)"
grep -E 'requests in|Non-2xx' flood | sed 's/^ */  the flood: /'
for _ in 1 2; do
    try log-in@example.com | summary "wrong password"
    try nobody@example.com | summary "unknown email"
done
# Threads that hashed end ten seconds after they had nothing to do.
until [ "$(threads)" -le "$quiet" ]; do curl -sf -o /dev/null "$origin/login" && sleep 0.1; done
echo "when the threads that hashed have ended: $(resident)"
