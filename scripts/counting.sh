# Counts what passes and what fails. To be sourced.

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

# What `cargo test` prints at the end of each group of tests.
RUST_PASSED='^test result: .* \K\d+(?= passed)'
RUST_FAILED='\d+(?= failed;)'

# must COMMAND…: without it nothing can be tested.
must() { "$@" || { failed=1 broken+=("$*"); report; exit 1; }; }

# report: ends with the counts, and fails if anything failed.
report() {
    say "Done"
    for name in "${broken[@]}"; do echo "failed: $name"; done
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
