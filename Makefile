# Everything there is to do here. Python 3.11+, Node 18+ and make are all it needs; the rest goes into this folder.

PYTHON ?= python3
PY := .venv/bin/python
PIP_INSTALL = $(PY) -m pip install --quiet --no-compile --disable-pip-version-check

.PHONY: help setup up down reset demo test check bench package
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.local .venv/.loops node_modules/.ready ## what the local stack needs, made again when it changed

up: setup ## the local stack in the foreground, until Ctrl-C
	@$(PY) -m infra.local.stack up

down: setup ## end the local stack that runs in another terminal
	@$(PY) -m infra.local.stack down

reset: setup ## forget what the local stack recorded
	@$(PY) -m infra.local.stack reset

demo: setup ## record a live stream and look at every file (DURATION=30, KEEP=1 leaves the stack up)
	@$(PY) -m infra.local.demo

test: setup .venv/.dev ## every test
	@$(PY) -m tests.run $(ARGS)

check: setup .venv/.dev ## ruff, mypy, cfn-lint
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m recorder_task.native.build --strict
	@$(PY) -m infra.package
	@.venv/bin/cfn-lint dist/sam.yaml
	@echo "The code and the template are clean."

bench: setup .venv/.dev ## the figures of the recorder, beside ffmpeg's
	@$(PY) -m tests.bench

package: setup ## template and zip for AWS, into dist/
	@$(PY) -m infra.package

.venv/.local: requirements-local.txt requirements.txt recorder_task/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: name a newer one, e.g. make PYTHON=python3.12." >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "No virtual environment can be made: install your system's venv package (python3-venv)." >&2; exit 1; }
	@echo "Installing the local stack's Python packages into .venv"
	@$(PIP_INSTALL) -r requirements-local.txt
	@touch $@

# By the machine's compiler; where there is none, by the one that PyPI has.
.venv/.loops: .venv/.local $(wildcard recorder_task/native/*.[ch]) recorder_task/native/build.py
	@command -v cc >/dev/null || $(PIP_INSTALL) -r recorder_task/native/requirements.txt
	@$(PY) -m recorder_task.native.build
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.local
	@echo "Installing the tests' Python packages into .venv"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node.js is missing: install Node.js 18 or newer, npm included." >&2; exit 1; }
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 18))' || \
		{ echo "Node.js 18 or newer is needed, this is $$(node --version)." >&2; exit 1; }
	@echo "Installing the npm packages into node_modules"
	@npm ci --ignore-scripts --loglevel=error
	@touch $@
