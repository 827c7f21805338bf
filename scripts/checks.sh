# Format, lints for both targets and unit tests: the quick part of everything. To be sourced.

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
