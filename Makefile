# `make` alone lists the targets. Everything a target needs is made on the way: environments, build.
PYTHON ?= python3
PORT ?=
OPENID ?=
STACK_NAME ?=
EXPORT ?=
STAGE ?=
PARAMETERS ?=
NAME ?=
SECONDS ?= 600
SEED ?=
PICTURES ?=
MAKE_STARTED := $(shell date +%s)
export PORT OPENID PARAMETERS MAKE_STARTED

ENV := .local/env
RUN := $(ENV)/dev/bin/python -m
# Validation needs no account, and gets none.
SAM := env -u AWS_PROFILE AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(ENV)/sam/bin/sam
LOCK := $(ENV)/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-header --python-version 3.11 $(LOCK_FLAGS)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env run demo up down invoke build deploy console smoke provider test test-fast explore test-pythons test-openid faults hunt bench counts bench-gate cold-starts cost openapi client docs reference-seen console-seen report scale soak e2e lint audit audit-known format console-where-chromium pr nightly lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make the environments in .local/env (every other target does it by itself)
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) on the PATH: install CPython 3.11 to 3.14, or name one, e.g. 'make run PYTHON=python3.13'." >&2; exit 1; }
	@$(PYTHON) local/interpreter.py
	@$(PYTHON) -m local.environments

run: env ## the demo, on the real template on the emulator; stays up until Ctrl-C (PORT=4566)
	@$(RUN) local.demo stay

demo: env ## the same, then stops; fails if anything was not as promised
	@$(RUN) local.demo

up: env ## start the local stack in the background, write .local/stack.json (PORT=4566, OPENID=1: its own token server)
	@$(RUN) local.up

down: ## stop it, also what a killed run left behind
	@if [ -x $(ENV)/dev/bin/python ]; then $(RUN) local.up down; else echo "  nothing ran"; fi

invoke: env ## let `sam local invoke` reach the stack that is up, until Ctrl-C (needs Docker)
	@$(RUN) local.invoke

build: env ## build for AWS into .aws-sam/build, with bytecode
	@$(RUN) local.build aws

deploy: env ## build, deploy a stage to AWS, look whether it answers: make deploy STAGE=dev (PARAMETERS='Name=value ...')
	@test -n "$(STAGE)" || { echo "Name the stage: make deploy STAGE=dev, staging or prod." >&2; exit 2; }
	@$(RUN) local.to_aws '$(STAGE)' $(ARGS)

console: env ## put the operators' console on a deployed stack that has Console=true: make console STAGE=dev
	@test -n "$(STAGE)" || { echo "Name the stage: make console STAGE=dev, staging or prod." >&2; exit 2; }
	@$(RUN) local.console_upload '$(STAGE)'

smoke: env ## whether a deployed stack answers as it should (STACK_NAME= for AWS)
	@STACK_NAME='$(STACK_NAME)' $(RUN) local.smoke

provider: env ## begin the adapter of another payment provider: make provider NAME=acme
	@test -n "$(NAME)" || { echo "Name the provider: make provider NAME=acme." >&2; exit 2; }
	@$(RUN) local.new_provider '$(NAME)'

test: env ## every tier but e2e, on a stack of its own: some twenty minutes (ARGS='-k race' for pytest)
	@$(PYTHON) -m local.environments client localstripe audit reporting
	@$(RUN) local.testing

test-fast: env ## unit, contract, integration, template: some six minutes, without a stack
	@$(RUN) local.testing fast

explore: env ## every schedule of any three actors, as a table; fails if any breaks a promise
	@$(RUN) tests.exploration.explore

test-pythons: env ## unit, contract and template on every other CPython 3.11 to 3.14 at hand
	@$(RUN) local.pythons

faults: env ## fail every call of AWS in every way, on a stack of its own: some minutes
	@$(PYTHON) -m local.environments microburst
	@$(RUN) local.testing faults

hunt: env ## leave each condition of a write out, and see the exploration find it: some minutes
	@$(RUN) local.testing hunt

test-openid: env ## the contract's tests once more, with the tokens of an OpenID issuer of its own
	@$(RUN) local.testing openid

cold-starts: env ## measure the cold start of every function, side by side (ARGS="--rounds 20")
	@$(PYTHON) -m local.environments ric
	@$(RUN) local.bench.starts $(ARGS)

bench: env ## measure all of docs/benchmarks.md and write it: some ten minutes
	@$(PYTHON) -m local.environments ric plot
	@$(RUN) local.bench.page

counts: env ## the part of bench-gate that is not timed: calls, prices, size, imports
	@$(PYTHON) -m local.environments ric
	@$(RUN) local.bench.gate --counted

bench-gate: env ## fail if a count, a price or a ratio is worse than local/bench/baseline.json
	@$(PYTHON) -m local.environments ric
	@$(RUN) local.bench.gate $(ARGS)

cost: env ## dollars per million cancellations, from counted calls and a dated price table
	@$(RUN) local.bench.cost $(ARGS)

openapi: env ## write docs/openapi.json, the API's description, from the code and the template
	@$(RUN) local.openapi.document

docs: env ## the documentation as a site in .local/site (needs npm)
	@$(PYTHON) -m local.environments docs
	@$(RUN) local.docs_site.build

report: env ## cancellations by reason, provider and outcome, of an export: make report EXPORT=<folder>
	@test -n "$(EXPORT)" || { echo "Name the folder of an export of the table: make report EXPORT=<folder>. See docs/reporting.md." >&2; exit 2; }
	@$(PYTHON) -m local.environments reporting
	@$(ENV)/reporting/bin/python -m examples.reporting.report '$(EXPORT)' $(ARGS)

client: env ## write the Python client in clients/python from docs/openapi.json
	@$(PYTHON) -m local.environments client
	@$(RUN) local.python_client

reference-seen: env ## pictures of the reference page of the stack that is up (needs Chromium)
	@$(PYTHON) -m local.environments browser
	@$(ENV)/browser/bin/python -m local.seen

console-seen: env ## the operators' console in a browser: tests, and pictures in .local/console (needs Chromium and npm; PICTURES=docs)
	@$(PYTHON) -m local.environments browser
	@CONSOLE_PICTURES='$(PICTURES)' $(RUN) local.testing console

scale: env ## write docs/scale.md and its picture: how far each quota holds, and what breaks first
	@$(PYTHON) -m local.environments plot
	@$(RUN) local.scale.page

soak: env ## many sessions with faults and kills, and what has to hold of each (SECONDS=600 SEED=)
	@$(PYTHON) -m local.environments microburst plot
	@$(RUN) local.soak --seconds $(SECONDS) --seed '$(SEED)'

e2e: env ## the tests of tests/local on AWS: make e2e STACK_NAME=<deployed stack>
	@test -n "$(STACK_NAME)" || { echo "Name the stack to test: make e2e STACK_NAME=<deployed stack>." >&2; exit 2; }
	STACK_NAME='$(STACK_NAME)' $(RUN) pytest tests/local $(ARGS)

lint: env ## ruff, mypy, cfn-lint (by sam validate), statelint, import direction
	$(RUN) ruff check --quiet .
	$(RUN) ruff format --quiet --check .
	$(RUN) mypy admin examples local functions layers/checkout/checkout tests clients/python/cancel_a_session_client
	$(SAM) validate --lint
	$(ENV)/dev/bin/statelint statemachines/*.asl.json
	$(RUN) pytest -q tests/unit/test_import_direction.py

audit: env ## checkov, licences, secrets, and an SBOM of each layer in .local
	@$(PYTHON) -m local.environments audit secrets
	@$(RUN) local.audit

audit-known: env ## look up the known weaknesses of every locked package, over the network (OSV_URL=)
	@$(PYTHON) -m local.environments audit
	@$(RUN) local.known_weaknesses

format: env ## ruff's fixes and its format
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

console-where-chromium:
	@if $(PYTHON) -m local.chromium; then $(MAKE) --no-print-directory console-seen; \
	else echo "The console was NOT looked at. With Chromium: make console-seen." >&2; fi

pr: lint docs audit counts test console-where-chromium ## what CI runs on every change

nightly: test-pythons test-openid faults hunt bench-gate ## what CI runs every night, with a soak of ten minutes: an hour
	@$(MAKE) --no-print-directory soak

lock: env ## make the locks anew from requirements/*.in (LOCK_FLAGS=--upgrade takes newer versions)
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) layers/checkout/requirements.in -o layers/checkout/requirements.txt
	$(LOCK) -c layers/checkout/requirements.txt layers/jwt/requirements.in -o layers/jwt/requirements.txt
	$(LOCK) -c layers/checkout/requirements.txt -c layers/jwt/requirements.txt requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/sam.in -o requirements/sam.txt
	$(LOCK) requirements/ministack.in -o requirements/ministack.txt
	$(LOCK) requirements/microburst.in -o requirements/microburst.txt
	$(LOCK) requirements/plot.in -o requirements/plot.txt
	$(LOCK) requirements/docs.in -o requirements/docs.txt
	$(LOCK) requirements/reporting.in -o requirements/reporting.txt
	$(LOCK) requirements/ric.in -o requirements/ric.txt
	$(LOCK) requirements/audit.in -o requirements/audit.txt
	$(LOCK) requirements/secrets.in -o requirements/secrets.txt
	$(LOCK) requirements/localstripe.in -o requirements/localstripe.txt
	$(LOCK) requirements/browser.in -o requirements/browser.txt
	$(LOCK) requirements/client.in -o requirements/client.txt
	$(LOCK) --no-deps requirements/reference.in -o requirements/reference.txt
	cd requirements/prism && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	cd requirements/console && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	cd requirements/mermaid && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove what make made (stop a running stack with 'make down' first)
	rm -rf .local .aws-sam
