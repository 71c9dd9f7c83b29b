# Two commands are enough: `make lab` and `make test`. Everything is installed into .venv, pinned by requirements.lock.
.DEFAULT_GOAL := help
.PHONY: help setup lab test test-system notebooks report bench lock clean
.DELETE_ON_ERROR:

# Any Python from 3.11 on will do; PYTHON=python3.13 chooses one.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
  BIN := $(VENV)/Scripts
else
  BIN := $(VENV)/bin
endif
# People see what is being installed; a log wants to be short.
PIP_QUIET := $(if $(CI),--quiet,)

help:  ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.ready  ## Install the locked packages into .venv and fetch the model.
	@$(BIN)/chatmon fetch-model

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "chatmon needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make $(or $(MAKECMDGOALS),lab) PYTHON=python3.13"; exit 1; }
	@echo "Installing about 180 packages into $(VENV): one to three minutes, once."
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "python3 cannot make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check $(PIP_QUIET) --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --no-index --editable .
	@mkdir -p $(VENV)/share/jupyter/lab/settings  # no news, no update checks: JupyterLab asks the network nothing
	@cp chatmon/course/jupyterlab.json $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

lab: setup  ## Check the set-up and open the course in JupyterLab; LAB="--ServerApp.port=9000" passes arguments on.
	@$(BIN)/chatmon lab $(LAB)

test: setup  ## Lint, check types, run the tests, and compare every notebook with its committed outputs.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest
	TZ=UTC CHATMON_LLM=local LANGSMITH_TRACING=false $(BIN)/python -m pytest -o addopts= --nbval --nbval-cell-timeout=240 notebooks

test-system: setup  ## Run the tests that need programs from outside Python, such as Chromium.
	@$(BIN)/python -m pip install --disable-pip-version-check $(PIP_QUIET) --require-hashes -r requirements-spark.lock
	$(BIN)/python -m pytest -m system

notebooks: setup  ## Rebuild and execute the lessons and solutions from notebooks/source; ONLY="01 03" limits it.
	$(BIN)/python -m chatmon.course.build $(ONLY)

report: setup  ## Write report.html about exported logs: make report LOGS=runs.jsonl
	@test -n "$(LOGS)" || { echo "make report LOGS=FILES: name the exported logs, such as data/four_weeks.parquet"; exit 1; }
	@$(BIN)/chatmon report $(LOGS) --output report.html

bench: setup  ## Run every benchmark the README quotes.
	@broken=0; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || broken=1; done; exit $$broken

lock: setup  ## Resolve requirements.lock anew, for every platform and Python from 3.11 on.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra all --extra dev --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --upgrade pyproject.toml --output-file requirements.lock
	echo 'pyspark>=4' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --upgrade - --output-file requirements-spark.lock

clean:  ## Remove .venv and what the tools cache; the model stays in its cache folder.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
