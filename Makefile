# Everything a developer runs, from a fresh clone on. Each target sets up .venv as far as it needs it.
# Paths here are relative and quoted by the shell, so the folder may have spaces in its name.

PY := .venv/bin/python
JOBS ?= 2
SEED ?= 1
NETWRIGHT := .venv/bin/netwright

.DEFAULT_GOAL := help
.PHONY: help demo test fast cases lint format typecheck zoo bench clean tools full

help: ## Show this list
	@echo 'Netwright: make TARGET'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile
	@echo 'The first run builds .venv; PYTHON=/path/to/python3 chooses the Python (3.11 or later).'

demo: full ## Check and draw a spec, write Keras code for it, train it (about a minute)
	@rm -rf build/demo && mkdir -p build/demo
	@echo '== 1. Check specs/digits_mlp.yaml: shapes, parameters and its own claims'
	@"$(NETWRIGHT)" check specs/digits_mlp.yaml
	@echo '== 2. Draw it: build/demo/digits_mlp.svg'
	@"$(NETWRIGHT)" draw specs/digits_mlp.yaml -o build/demo/digits_mlp.svg
	@echo '== 3. Write a Keras training script that needs nothing of Netwright: build/demo/digits_mlp.py'
	@"$(NETWRIGHT)" emit specs/digits_mlp.yaml --train -o build/demo/digits_mlp.py
	@echo '== 4. Train under XLA; weights, log and metrics go to build/demo/run'
	@"$(NETWRIGHT)" train specs/digits_mlp.yaml --out build/demo/run

test: full ## All tests: the framework-free ones first (seconds), then those with Keras (minutes)
	@echo '== Tests that need no framework (some ten seconds)'
	@"$(PY)" -m pytest -q -m 'not keras and not slow' -n $(JOBS)
	@echo '== Tests with Keras, TensorFlow and JAX, in $(JOBS) processes (some minutes; JOBS=n changes that)'
	@"$(PY)" -m pytest -q -m 'keras or slow' -n $(JOBS)

fast: tools ## Only the tests that need no framework (some ten seconds)
	@"$(PY)" -m pytest -q -m 'not keras and not slow' -n $(JOBS)

cases: full ## 5,000 generated layer cases against live Keras (a minute or two; SEED=n draws others)
	@"$(PY)" -m pytest -q tests/oracle/test_generated_cases.py --cases 5000 --seed $(SEED) -n $(JOBS)

lint: tools ## Style and types: ruff check, ruff format --check, mypy --strict
	@echo '== ruff'
	@"$(PY)" -m ruff check
	@"$(PY)" -m ruff format --check
	@$(MAKE) --no-print-directory typecheck

format: tools ## Let ruff mend what it can
	@"$(PY)" -m ruff check --fix
	@"$(PY)" -m ruff format

# mypy cannot see the mapping of root folders to subpackages, and would report a false green; links show it.
typecheck: tools ## Types alone: mypy --strict over the packages as they are imported
	@echo '== mypy --strict (half a minute the first time)'
	@rm -rf typecheck && mkdir -p typecheck/netwright
	@for entry in netwright/*; do ln -s "../../$$entry" typecheck/netwright/; done
	@for folder in dsl compiler backends specs; do ln -s "../../$$folder" typecheck/netwright/; done
	@cd typecheck && "../$(PY)" -m mypy --config-file ../pyproject.toml --cache-dir ../.mypy_cache -p netwright

zoo: tools ## Write specs/README.md, the table of all specs
	@"$(PY)" tools/zoo

bench: full ## Measure how fast checking, inference and training are, against Keras (half an hour)
	@"$(PY)" benchmarks/run.py

clean: ## Remove all that was built: .venv, caches, build/
	rm -rf .venv build dist typecheck netwright.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

tools:
	@.ci/setup tools

full:
	@.ci/setup full
