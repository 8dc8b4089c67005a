# `make` alone says what there is.

PYTHON ?= python3
BIN := .venv/bin
TEMPLATES := webapp
.DEFAULT_GOAL := help
.PHONY: help run test faults protections bench lint format messages lock audit

help: ## this list
	@echo "make WHAT, where WHAT is one of"
	@sed -n 's/^\([a-z]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

run: ## the whole site on this machine, until Ctrl-C; PORT, HOST and DATA_DIR say where
	@exec $(PYTHON) bin/run

test: ## everything that can be tested here in minutes; ARGS="-k letter" for a part of it
	@$(PYTHON) bin/prepare.py dev
	@$(PYTHON) bin/checker.py >/dev/null || true
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not faults" $(ARGS)
	@echo "Left out: the long fault tests, with clusters of their own. make faults runs them."

faults: ## breaks everything that can break, with real processes; long, see docs/faults.md
	@$(PYTHON) bin/prepare.py dev
	@$(BIN)/python -m pytest tests/faults $(ARGS)

protections: ## takes each protection against a fault out of a copy, and sees its test fail; ARGS=--quick for the quick ones
	@$(PYTHON) bin/prepare.py dev
	@$(BIN)/python -m tests.faults.protections $(ARGS)

bench: ## how fast it is, against the limits it is to reach; alone on the machine, or the figures mean nothing
	@$(PYTHON) bin/prepare.py dev
	@for each in imports search; do PYTHONPATH=. $(BIN)/python bench/$$each.py || exit 1; done

lint: ## style, types, templates, and who may import whom
	@$(PYTHON) bin/prepare.py dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint $(TEMPLATES)
	$(BIN)/lint-imports

format: ## puts the code in shape
	@$(PYTHON) bin/prepare.py dev
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

messages: ## brings the catalogues up to date with the code, and says what is left to translate
	@$(PYTHON) bin/prepare.py dev
	@$(BIN)/python bin/messages.py

lock: ## works out requirements*.txt anew from requirements*.in
	@$(PYTHON) bin/prepare.py dev
	$(BIN)/uv pip compile --upgrade --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile --upgrade --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --upgrade --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements-ops.in -o requirements-ops.txt
	$(BIN)/uv pip compile --upgrade --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements-search.in -o requirements-search.txt
	$(BIN)/uv pip compile --upgrade --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements-s3.in -o requirements-s3.txt

audit: ## asks whether anything locked has a known hole; fails when it cannot ask
	@$(PYTHON) bin/prepare.py dev
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
