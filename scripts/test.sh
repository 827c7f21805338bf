#!/usr/bin/env bash
# Everything CI runs. Ends with `N passed, N failed` over all of it and fails if anything did.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 broken=()
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf '\n\033[1m==>\033[0m %s\n' "$*"; }

# check NAME COMMAND…: one check that passes or fails as a whole.
check() {
    say "$1"
    if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)) broken+=("$1"); fi
}

# suite NAME PATTERN-PASSED PATTERN-FAILED COMMAND…: many tests, counted from what the runner prints.
suite() {
    say "$1"
    local good bad code
    "${@:4}" 2>&1 | tee "$log"
    code=$?
    good=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -oP "$2" | awk '{sum += $1} END {print sum + 0}')
    bad=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -oP "$3" | awk '{sum += $1} END {print sum + 0}')
    # A suite that did not run, or that fails without naming a test, is a failure too.
    if [ "$code" != 0 ] && [ "$bad" = 0 ] || [ "$good" = 0 ]; then bad=$((bad + 1)); fi
    passed=$((passed + good)) failed=$((failed + bad))
    if [ "$bad" != 0 ]; then broken+=("$1"); fi
}

scripts/tools.sh --test || exit 1
scripts/browser.sh || exit 1
if [ ! -e /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 ] || ! command -v /usr/sbin/nginx >/dev/null; then
    say "Installing faketime, for clocks that jump, and nginx, for two machines"
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends faketime nginx-light || exit 1
fi

check "Format" cargo fmt --all --check
check "Lints, server" cargo clippy --quiet --all-targets --features ssr -- -D warnings
check "Lints, browser" cargo clippy --quiet --lib --target wasm32-unknown-unknown --features hydrate --target-dir target/front -- -D warnings
check "Licences and sources of dependencies" cargo deny --all-features check --hide-inclusion-graph bans licenses sources
# Known vulnerabilities are looked up online, where the databases can be reached.
if curl -sfIm 10 https://github.com/rustsec/advisory-db >/dev/null; then check "Advisories" cargo deny check advisories; fi
if npm ping >/dev/null 2>&1 && npm audit --json 2>/dev/null | grep -q auditReportVersion; then check "npm audit" npm audit; fi
suite "Unit, HTTP and process tests" '^test result: .* \K\d+(?= passed)' '\d+(?= failed;)' cargo test --features ssr --no-fail-fast
suite "HTTP tests, on PostgreSQL" '^test result: .* \K\d+(?= passed)' '\d+(?= failed;)' \
    scripts/postgres.sh cargo test --features ssr --no-fail-fast --test http
suite "Two machines on one PostgreSQL" '^test result: .* \K\d+(?= passed)' '\d+(?= failed;)' \
    scripts/postgres.sh cargo test --features ssr --no-fail-fast --test two_machines -- --ignored --test-threads 1
check "Build" cargo leptos build
check "Build of the example" scripts/example.sh
suite "Browser tests" '^\s+\K\d+(?= passed)' '^\s+\K\d+(?= failed)' npx playwright test -c end2end
suite "Browser tests, on PostgreSQL" '^\s+\K\d+(?= passed)' '^\s+\K\d+(?= failed)' \
    scripts/postgres.sh npx playwright test -c end2end --project app
check "Release build" scripts/release.sh
check "Lighthouse: accessibility, best practices, search engines" scripts/lighthouse.sh --without-speed
suite "Browser tests of the release" '^\s+\K\d+(?= passed)' '^\s+\K\d+(?= failed)' npx playwright test -c end2end/release.config.ts

say "Done"
for name in "${broken[@]}"; do echo "failed: $name"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
