# Installed tools first: npm's wasm-opt, and those that cargo has in another version.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(HOME)/.cargo/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help tools run watch check test e2e protections example release image deploy bench growth clicks flood profile lighthouse new clean

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20

tools: ## install what a build needs and is missing
	@scripts/tools.sh

run: tools ## build and serve at http://127.0.0.1:3000, with the sandbox
	@echo "==> Building (minutes the first time, seconds after that)"
	@cargo leptos build
	@echo "==> Open http://127.0.0.1:3000 (Ctrl-C stops it)"
	@"$${CARGO_TARGET_DIR:-target}/debug/ticketping-leptos"

watch: tools ## the same, rebuilt and reloaded on every change
	@cargo leptos watch

check: ## format, lints for both targets, unit tests: the quick part
	@scripts/test.sh --quick

test: ## everything CI runs
	@scripts/test.sh

e2e: tools ## the browser tests alone; ARGS goes to Playwright
	@scripts/browser.sh
	@cargo leptos build
	@scripts/example.sh
	@npx playwright test -c end2end $(ARGS)

protections: tools ## take each protection out and see its tests fail; ARGS picks some by name
	@node scripts/protections.mjs $(ARGS)

example: tools ## the chat in an app with full hydration, at http://127.0.0.1:3002
	@scripts/example.sh
	@"$${CARGO_TARGET_DIR:-target}/debug/full-hydration" 127.0.0.1:3002 target/example

release: tools ## the single binary, target/release/ticketping-leptos; ARGS=aarch64 makes one for arm64
	@scripts/release.sh $(ARGS)

image: release ## a container image of nothing but that binary
	@scripts/image.sh

deploy: release ## the files of deploy/ tried as they stand: unit, image, nginx, Caddy
	@scripts/deploy.sh

bench: release ## how fast it is, beside what it is measured against
	@bench/bench.sh

growth: release ## the same with a million users
	@bench/bench.sh growth

clicks: release ## from a click to the page and its open chat, in three browsers
	@bench/clicks.sh

flood: release ## what a flood of log-ins does, and what the time of an answer tells
	@bench/flood.sh

profile: release ## where a request's instructions and the binary's bytes go
	@bench/profile.sh

lighthouse: release ## what Lighthouse says of the pages
	@bench/lighthouse.sh

new: ## a start for your own app: make new NAME=my-shop DIR=../my-shop
	@node scripts/new.mjs "$(NAME)" "$(DIR)"

clean: ## remove everything that was built
	@rm -rf target public/widget end2end/results
