# `make` lists what there is. Each target can be run by itself, with nothing prepared.
SHELL := /bin/bash
.DEFAULT_GOAL := list
.PHONY: list demo test quick faults lint deny bench openapi config-reference image

list: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## everything on this machine, to try out: a seeded server and a pretend WeChat (flags in ARGS="…")
	@echo "Building Menfang, which takes some minutes the first time, and starting its demo …" >&2
	@cargo run -- demo $(ARGS)

test: ## all tests: Rust, on each database, over Redis, several servers while things break, every route, the pages in a real browser; installs what is missing
	cargo test --workspace --no-fail-fast
	ci/database-tests.sh
	ci/redis-tests.sh
	ci/cluster-tests.sh
	ci/api-tests.sh
	ci/browser-tests.sh

faults: ## the fault tests in their long form: nodes killed, Redis and the database away, wrong clocks
	MENFANG_FAULTS=long ci/cluster-tests.sh

quick: ## the Rust tests only; needs nothing installed
	cargo test --workspace

lint: ## formatting, clippy, forbidden crates, shell scripts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@ci/forbidden-crates.sh
	@for script in ci/*.sh .ci/run; do bash -n "$$script" || exit 1; done
	@$(MAKE) --no-print-directory deny

deny: ## licences, advisories, bans and sources of all crates (by cargo-deny, if it is installed)
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --workspace check; \
	else echo "note: licences and advisories were not checked, for want of cargo-deny (cargo install --locked cargo-deny)"; fi

bench: ## the performance budget, in one table: waiting browsers, pushes, sign-ins, notifications, each beside a reference (docs/performance.md)
	ci/bench.sh $(ARGS)

openapi: ## writes docs/openapi.json anew
	cargo run --quiet -- openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json

config-reference: ## writes docs/configuration.md anew from config/default.toml
	MENFANG_REGENERATE=1 cargo test --quiet --lib config::reference

image: ## builds the container image without a registry, starts it and looks at it (root or sudo)
	ci/image-check.sh
