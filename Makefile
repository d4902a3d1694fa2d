# From a fresh clone: `make demo` lints a broken autoencoder, `make test` runs all checks.
# The first of them creates .venv and installs torch into it; after that both start at once.
# Where pip would bring the CUDA build of torch along, name an index of CPU builds in PIP_ARGS.

PYTHON ?= python3
PIP_ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo docs test
.DEFAULT_GOAL := demo

demo: $(INSTALLED)
	@$(BIN)/shapelint fixtures/bad/autoencoder.py --exit-zero

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# What the documentation says about rules and formats; a test complains if it is out of date.
docs: $(INSTALLED)
	$(BIN)/python docs/generate.py

# The stamp is older than the two files whenever what they ask for may not be installed.
$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[torch,dev]'
	@touch $@
