# One target per thing a person does here; `make help` lists them. The scripts behind them live in tools/.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test fast check format chaos soak bench screenshots proto lock clean

VENV := .venv/bin
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## the environment in .venv, with what Tandem needs to run
	@tools/setup.sh base

setup-dev: ## the same, with what its tests and checks need
	@tools/setup.sh dev

demo: setup ## everything in one process with example clients and a stream of alerts (ARGS="--port 0 --no-feed")
	@$(VENV)/tandem demo $(ARGS)

test: setup-dev ## the whole suite, browser tests included where a browser is found
	@$(VENV)/python tools/run_tests.py $(ARGS)

fast: setup-dev ## unit and property tests, no database
	@$(VENV)/pytest -q -n 2 tests/unit $(ARGS)

check: setup-dev ## lint, format, types, direction of imports, house rules, generated files
	@tools/check.sh

format: setup-dev ## let ruff mend what it can
	@$(VENV)/ruff check --fix-only --quiet . && $(VENV)/ruff format --quiet .

chaos: setup-dev ## faults, short rounds: kill -9, pauses, a broker, a database, a network, a pager that fail (docs/reliability.md)
	@$(VENV)/pytest -q -rs -m chaos --durations=10 tests/crash $(ARGS)
	@$(VENV)/pytest -q -rs -m chaos_kafka --durations=10 tests/crash $(ARGS)

soak: setup-dev ## the faults with three seeds and all their rounds, hours; prints what docs/reliability.md reports
	@for seed in 1 2 3; do for marks in "chaos_fast or chaos or soak" chaos_kafka; do \
		echo "soak: $$(date -u +%H:%M:%S) seed $$seed of 3: $$marks"; \
		CRASH_SEED=$$seed CHAOS_SEEDS=3 CHAOS_WHOLE=$$((seed == 1)) CHAOS_EFFORT=full PYTHONUNBUFFERED=1 \
			$(VENV)/pytest -v -rP --durations=10 -m "$$marks" --timeout=0 tests/crash $(ARGS) || exit 1; \
	done; done; echo "soak: $$(date -u +%H:%M:%S) done"

bench: setup-dev ## measure; every figure that has a peer is a ratio of one run
	@$(VENV)/python -m bench $(ARGS)

screenshots: setup-dev ## the console of a running demo, light and dark, wide and phone
	@$(VENV)/python tools/screenshots.py $(ARGS)

proto: setup-dev ## generate tandem/wire/v1 from proto/
	@$(VENV)/python tools/proto.py $(ARGS)

lock: setup-dev ## resolve the hash-locked requirements again (ARGS=--upgrade)
	@tools/lock.sh $(ARGS)

clean: ## remove what was made here, the environment included (not the data directory .tandem)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
