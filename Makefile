# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
GROUPS := --group dev $(if $(CI),--group deployment)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CLIENTS := tests/clients/node_modules/.installed
FASTMCP := $(VENV)/fastmcp/.installed

SITE := build/documentation
PLAYER := 3.18.0
DOCS_PORT ?= 8080

.PHONY: run test faults check bench docs docs-serve player walkthrough picture clean

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

# The site is whole without npm: the recorded walk-through is then shown as text alone.
docs: $(INSTALLED)
	$(BIN)/python -m server.documentation $(SITE)
	@{ $(MAKE) --no-print-directory player && cp -r $(SITE)/player-$(PLAYER) $(SITE)/pages/player; } \
	|| echo "*** npm brings no player here ***"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict -f $(SITE)/mkdocs.yml -d site
	@echo "The documentation is in $(SITE)/site, for any web server; make docs-serve shows it."

# Browsers let neither the search nor the walk-through read its files where pages are opened as files.
docs-serve: docs
	@echo "The documentation is at http://127.0.0.1:$(DOCS_PORT)/ until Ctrl-C ends it"
	@exec $(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE)/site $(DOCS_PORT) >/dev/null

player: $(SITE)/player-$(PLAYER)

$(SITE)/player-$(PLAYER):
	@mkdir -p $(SITE)/npm
	cd $(SITE)/npm && npm pack --silent asciinema-player@$(PLAYER)
	@mkdir -p $@
	tar -xzf $(SITE)/npm/asciinema-player-$(PLAYER).tgz -C $@ --strip-components=3 \
	  package/dist/bundle/asciinema-player.min.js package/dist/bundle/asciinema-player.css

walkthrough: $(INSTALLED)
	$(BIN)/python -m tests.documentation.recording server/documentation/pages/walkthrough.cast

picture: $(INSTALLED)
	$(BIN)/python -m tests.documentation.picture server/documentation/pages/decision.png

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Doorward needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . $(GROUPS)
	@touch $@

.PHONY: clients
clients: $(FASTMCP)
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory $(CLIENTS); \
	else echo "*** no npm here: the tests with the TypeScript clients and Inspector will skip ***"; fi

$(CLIENTS): tests/clients/package.json
	cd tests/clients && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

# A client in Python that pins what ours does not, and so has an environment of its own.
$(FASTMCP): tests/clients/fastmcp.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/clients/fastmcp.txt
	@touch $@

clean:
	rm -rf $(VENV) tests/clients/node_modules $(SITE) data .mypy_cache .ruff_cache .pytest_cache
