# `make` alone lists the targets. Everything a target needs is made on the way: environments, build.
PYTHON ?= python3
PORT ?=
STACK_NAME ?=
export PORT STACK_NAME

ENV := .local/env
RUN := $(ENV)/dev/bin/python -m
SAM := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 $(ENV)/sam/bin/sam
LOCK := $(ENV)/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-header --python-version 3.11 $(LOCK_FLAGS)

.DEFAULT_GOAL := help
.PHONY: help env run demo up down build test test-fast e2e lint format pr lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make the environments in .local/env (every other target does it by itself)
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) on the PATH: install CPython 3.11 to 3.14, or name one, e.g. 'make run PYTHON=python3.13'." >&2; exit 1; }
	@$(PYTHON) local/interpreter.py
	@$(PYTHON) -m local.environments

lock: env ## make the locks anew from requirements/*.in (LOCK_FLAGS=--upgrade takes newer versions)
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) layers/checkout/requirements.in -o layers/checkout/requirements.txt
	$(LOCK) -c layers/checkout/requirements.txt requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/sam.in -o requirements/sam.txt
	$(LOCK) requirements/ministack.in -o requirements/ministack.txt

lint: env ## ruff, mypy, cfn-lint (sam validate), statelint, import direction
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy local functions layers/checkout/checkout $(wildcard tests)

format: env ## ruff's fixes and its format
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

clean: ## remove what make made (stop a running stack with 'make down' first)
	rm -rf .local .aws-sam
