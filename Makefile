# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
GROUPS := --group dev $(if $(CI),--group deployment)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CLIENTS := tests/clients/node_modules/.installed

.PHONY: run test faults check bench clean

run: $(INSTALLED)
	@exec $(BIN)/doorward serve --demo

test: $(INSTALLED)
	@$(MAKE) --no-print-directory clients
	$(BIN)/pytest

faults: $(INSTALLED)
	$(BIN)/pytest tests/faults

check: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)
	$(BIN)/python -m tests.bench

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Doorward needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . $(GROUPS)
	@touch $@

.PHONY: clients
clients:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory $(CLIENTS); \
	else echo "*** no npm here: the tests with the TypeScript clients and Inspector will skip ***"; fi

$(CLIENTS): tests/clients/package.json
	cd tests/clients && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf $(VENV) tests/clients/node_modules data .mypy_cache .ruff_cache .pytest_cache
