# Everything here sets itself up: git, make and Python 3.11+ are enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
TESTS  ?= tests
COVER  ?=

.PHONY: help demo test coverage lint format lock clean bench crash screenshots

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: $(VENV)/.run  ## the whole thing on this machine: a workspace, two environments, no account
	@$(BIN)/slipway demo

test: $(VENV)/.dev  ## every test, on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -q -n auto --dist loadgroup $(COVER) $(TESTS)

coverage: COVER = --cov --cov-report=term:skip-covered
coverage: test  ## the same, and what of the code they reach (a floor is set)

lint: $(VENV)/.dev  ## formatting, lint, types, arrows
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the code in the house's form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: $(VENV)/.dev  ## take the README's pictures anew (needs a Chromium)
	@SLIPWAY_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/browser

bench: $(VENV)/.dev  ## the figures that docs/performance.md quotes
	@$(BIN)/python bench/requests.py

crash: $(VENV)/.dev  ## a thousand kills on both databases: is anything lost or doubled? (it takes a while)
	@$(BIN)/python bench/crash.py

lock:  ## renew the hash-locked requirement files (needs uv)
	uv pip compile pyproject.toml requirements/build.in --universal --python-version 3.11 --generate-hashes --upgrade --no-header --no-annotate --no-strip-extras -q -o requirements/run.txt
	uv pip compile pyproject.toml requirements/build.in --extra dev --universal --python-version 3.11 --generate-hashes --upgrade --no-header --no-annotate --no-strip-extras -q -c requirements/run.txt -o requirements/dev.txt

clean:  ## forget the virtual environment and what the tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* build *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Slipway needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Slipway needs into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing the test tools into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
