# Every target is one line; what it does is in tools/, groundwork/ and tests/. `make help` lists them.
# Not `?=`: a variable ENV of the shell (POSIX sh reads its start-up file from it) is none of ours.
ENV := dev
# The interpreter of the first install is kept for the later ones, so that PYTHON is named once.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install installed lock up preview refresh destroy down check test long bench

help: ## List the targets
	@echo "make <target> [ENV=dev|prod]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Install the toolchain: Python environment, Pulumi engine, PostgreSQL, Kubernetes (a second time: a moment)
	@$(PYTHON) -m tools.install

installed:
	@$(PYTHON) -m tools.install --quiet

up: installed ## Build the environment on the twin, which is started if need be
	@$(BIN)/groundwork up $(ENV)

preview: installed ## Show what `up` would change
	@$(BIN)/groundwork preview $(ENV)

refresh: installed ## Compare the state with what the twin holds
	@$(BIN)/groundwork refresh $(ENV)

destroy: installed ## Remove everything of the environment from the twin
	@$(BIN)/groundwork destroy $(ENV)

down: installed ## Stop the twin and leave nothing of it
	@$(BIN)/groundwork twin stop

check: installed ## Style, types, which room may import which, the workflow files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m tools.actionlint
	$(BIN)/zizmor --offline --quiet .github/workflows

# A file stays with one worker: the tests of a file share the twin that they started. On two cores a third worker uses what
# the other two leave while they wait for an alarm, a node or a probe.
test: installed ## Run every test, in random order, three files at a time
	$(BIN)/pytest -n 3 --dist loadfile

# One after the other: the fuzz uses every processor.
long: installed ## Judge a million random inputs and a hundred thousand generated policy documents (a quarter of an hour)
	$(BIN)/python -m tests.policies.fuzz --inputs 1000000
	$(BIN)/python -m tests.policies.differential --documents 100000

bench: installed ## Measure times and memory, print them as ratios
	@$(BIN)/python -m tests.bench

lock: installed ## Write requirements.lock from pyproject.toml, and those of the images (exact versions, hashes)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--all-extras --output-file requirements.lock pyproject.toml
	for image in images/*; do \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
			--output-file $$image/requirements.lock $$image/requirements.in || exit 1; \
	done
