#!/usr/bin/env bash
# Everything CI runs; with --quick only format, lints for both targets and unit tests. Ends with `N passed, N failed` over all
# of it and fails if anything did.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/counting.sh

quick_part() {
    check "Format" cargo fmt --all --check
    check "Protections are where their list says" node scripts/protections.mjs --check
    check "Lints, server" cargo clippy --quiet --workspace --all-targets -- -D warnings
    for package in leptos-ticketping ticketping-leptos full-hydration; do
        check "Lints, browser: $package" cargo clippy --quiet --package "$package" --lib --no-default-features \
            --features hydrate --target wasm32-unknown-unknown --target-dir target/front -- -D warnings
    done
    check "Lints, browser: leptos-ticketping, client-side rendering" cargo clippy --quiet --package leptos-ticketping --lib \
        --features csr --target wasm32-unknown-unknown --target-dir target/front -- -D warnings
    suite "Unit tests" "$RUST_PASSED" "$RUST_FAILED" cargo test --workspace --lib --no-fail-fast
    suite "Examples in documents" "$RUST_PASSED" "$RUST_FAILED" cargo test --workspace --doc --no-fail-fast
}

if [ "${1:-}" = --quick ]; then
    must scripts/tools.sh
    quick_part
    report
    exit
fi
must scripts/tools.sh --test
must scripts/browser.sh
# Clocks that jump, two machines, Firefox, WebKit with a screen, and Chromium with a driver of its own.
needed=()
compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null || needed+=(faketime)
[ -x /usr/sbin/nginx ] || needed+=(nginx-light)
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || needed+=(firefox-esr)
command -v WebKitWebDriver >/dev/null || needed+=(webkit2gtk-driver)
command -v chromedriver >/dev/null || needed+=(chromium chromium-driver)
command -v xvfb-run >/dev/null || needed+=(xvfb xauth)
# What the files of deploy/ are for.
command -v buildah >/dev/null || needed+=(buildah)
command -v caddy >/dev/null || needed+=(caddy)
command -v systemd-analyze >/dev/null || needed+=(systemd)
for program in ip:iproute2 openssl:openssl curl:curl pgrep:procps; do
    command -v "${program%:*}" >/dev/null || needed+=("${program#*:}")
done
command -v wrk >/dev/null || needed+=(wrk)
[ ${#needed[@]} = 0 ] || must scripts/apt.sh "${needed[@]}"
# A test that would skip itself because a tool is missing fails instead.
export TEST_EVERYTHING=1

quick_part
check "Crate as it would be published" cargo package --quiet --allow-dirty --package leptos-ticketping
check "README's list of what the chat touches" scripts/without-chat.sh
check "A start for another app" scripts/new-test.sh
check "Licences and sources of dependencies" cargo deny --all-features check --hide-inclusion-graph bans licenses sources
# Known vulnerabilities are looked up online.
if curl -sfIm 10 https://github.com/rustsec/advisory-db >/dev/null; then
    check "Advisories" cargo deny check advisories
else
    say "NOT CHECKED: the database of Rust advisories cannot be reached from here"
fi
if npm ping >/dev/null 2>&1 && npm audit --json 2>/dev/null | grep -q auditReportVersion; then
    check "npm audit" npm audit
else
    say "NOT CHECKED: the database of npm advisories cannot be reached from here"
fi
suite "HTTP and process tests" "$RUST_PASSED" "$RUST_FAILED" cargo test --no-fail-fast --test server
suite "HTTP tests, on PostgreSQL" "$RUST_PASSED" "$RUST_FAILED" \
    scripts/postgres.sh cargo test --no-fail-fast --test server http::
suite "Two machines on one PostgreSQL, and upgrades" "$RUST_PASSED" "$RUST_FAILED" \
    scripts/postgres.sh scripts/next-version.sh cargo test --no-fail-fast --test server -- --ignored --test-threads 1
check "Build" cargo leptos build
check "Build of the example" scripts/example.sh
suite "Browser tests" '^\s+\K\d+(?= passed)' '^\s+\K\d+(?= failed)' npx playwright test -c end2end
suite "Browser tests, on PostgreSQL" '^\s+\K\d+(?= passed)' '^\s+\K\d+(?= failed)' \
    scripts/postgres.sh npx playwright test -c end2end --project app
for engine in chromium firefox webkit; do
    suite "Browser tests, in $engine" '^# pass \K\d+' '^# fail \K\d+' env ENGINE=$engine node --test --test-reporter tap end2end/engines/
done
check "Release build" scripts/release.sh
check "Files of deploy/, with the release" scripts/deploy.sh
check "The benchmark, quickly" bench/bench.sh --quick
check "Lighthouse: accessibility, best practices, search engines" bench/lighthouse.sh --without-speed
suite "Browser tests of the release" '^\s+\K\d+(?= passed)' '^\s+\K\d+(?= failed)' npx playwright test -c end2end/release.config.ts

report
