# Needs python3 >= 3.12 (with venv), make and git; everything else comes from requirements/*.txt (pinned, hashed).
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
VENV := $(CURDIR)/.venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12; do \
  "$$p" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))' 2>/dev/null \
  && command -v "$$p" && break; done)
# This project's .venv and no other; bytecode is compiled now, or every start pays where PYTHONDONTWRITEBYTECODE is set.
UV := env -u VIRTUAL_ENV -u CONDA_PREFIX UV_PYTHON=$(PY) UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 $(PY) -m uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-header pyproject.toml
TESTED := --extra app --extra dask --extra docs --extra postgres --extra ray --extra sql
INSTALL := $(UV) pip install --quiet --require-hashes -r

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
$(VENV)/.uv:
	@test -n "$(PYTHON)" || { echo "Python 3.12, 3.13 or 3.14 is needed, and none is on the PATH. Install one, or: make PYTHON=/path/to/python3"; exit 1; }
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV) || { echo "python3 has no venv module (on Debian: apt install python3-venv)"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
$(VENV)/.base: requirements/base.txt pyproject.toml | $(VENV)/.uv
	@$(INSTALL) requirements/base.txt
	@$(UV) pip install --quiet --no-deps --editable .
	@touch $@
$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@$(INSTALL) requirements/dev.txt
	@touch $@
demo: $(VENV)/.base  ## the main job on the bundled company
	@$(VENV)/bin/mmm demo
setup: $(VENV)/.dev  ## the environment, with the tools of the tests
test: $(VENV)/.dev  ## the tests of the software (without the slow ones)
	@$(PY) -m pytest $(PYTEST)
test-slow: $(VENV)/.dev  ## the slow tests: recovery of known truth
	@$(PY) -m pytest -m slow $(PYTEST)
check: $(VENV)/.dev  ## format, lint, types, import layers
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
bench: $(VENV)/.dev  ## speed and accuracy beside the peers (long; makes environments of its own)
	@$(PY) -m benchmarks
docs: $(VENV)/.dev  ## the documentation as a site, in build/site
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet
spark: $(VENV)/.dev  ## add Spark to the environment, for its test (400 MB; needs Java)
	@$(INSTALL) requirements/spark.txt
sbom:  ## build/sbom.json: every locked package, CycloneDX
	@$(PYTHON) .ci/supply.py sbom
audit:  ## what is known against the locked packages
	@$(PYTHON) .ci/supply.py audit
wheel: $(VENV)/.base  ## the wheel built, installed elsewhere, and the demo run from it (minutes)
	@.ci/wheel
lock: | $(VENV)/.uv  ## renew requirements/*.txt from pyproject.toml
	@mkdir -p requirements
	@$(LOCK) --output-file requirements/base.txt
	@$(LOCK) $(TESTED) --group dev --output-file requirements/dev.txt --constraint requirements/base.txt
	@$(LOCK) --extra spark --output-file requirements/spark.txt --constraint requirements/dev.txt
.PHONY: help setup demo test test-slow check bench docs spark lock sbom audit wheel
