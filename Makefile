# Two commands are enough: `make lab` and `make test`. Everything is installed into .venv, pinned by requirements.lock.
.DEFAULT_GOAL := help
.PHONY: help setup lab demo test test-thorough test-system mutants notebooks report docs site site-pdf producers bench lock clean
.DELETE_ON_ERROR:

# uv leaves it to Python to compile what it installs; where Python may not keep what it compiled, each of the hundreds of
# processes that the tests start would compile pandas anew.
unexport PYTHONDONTWRITEBYTECODE

# Any Python from 3.11 on will do; PYTHON=python3.13 chooses one.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
  BIN := $(VENV)/Scripts
else
  BIN := $(VENV)/bin
endif
# People see what is being installed; a log wants to be short.
PIP := $(BIN)/python -m pip --disable-pip-version-check $(if $(CI),--quiet,)
# uv installs the same hashes in a fifth of the time. It asks the index that pip is set up for; where it cannot be had, or
# cannot do it, pip does.
define INSTALL
{ $(PIP) --quiet install --require-hashes -r requirements-uv.lock && \
  index="$${PIP_INDEX_URL:-$$($(PIP) config get global.index-url 2>/dev/null || true)}" && \
  env $${index:+UV_DEFAULT_INDEX="$$index"} $(BIN)/uv pip install $(if $(CI),--quiet,) --python $(VENV) --require-hashes -r $(1); } || \
  { echo "Without uv, then: pip does it, and takes longer."; $(PIP) install --require-hashes -r $(1); }
endef

# Tests on two workers, a file's tests on one of them: WORKERS=4 takes more of a larger machine.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder --durations=10

help:  ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.ready  ## Install the locked packages into .venv and fetch the model.
	@$(BIN)/chatmon fetch-model

$(VENV)/.ready: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "chatmon needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make $(or $(MAKECMDGOALS),lab) PYTHON=python3.13"; exit 1; }
	@echo "Installing about 200 packages into $(VENV): less than a minute with uv, one to three with pip, once."
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "python3 cannot make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(call INSTALL,requirements.lock)
	@$(PIP) --quiet install --no-deps --no-build-isolation --no-index --editable .
	@mkdir -p $(VENV)/share/jupyter/lab/settings  # no news, no update checks: JupyterLab asks the network nothing
	@cp chatmon/lab/course/jupyterlab.json $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

lab: setup  ## Check the set-up and open the course in JupyterLab; LAB="--ServerApp.port=9000" passes arguments on.
	@$(BIN)/chatmon lab $(LAB)

demo: setup  ## Let the model answer eight questions and write report.html; DEMO="--turns 200" passes arguments on.
	@$(BIN)/chatmon demo $(DEMO)

test: setup  ## Lint, check types, run the tests, and compare every notebook with its committed outputs.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	sh tests/unplugged.sh $(PYTEST)

test-system: setup  ## Run the tests that need programs from outside Python, such as Chromium.
	@$(call INSTALL,requirements-spark.lock)
	$(PYTEST) --timeout=3600 -m system tests/system

test-thorough: setup  ## Every property with ten times as many examples, chosen anew in each run.
	CHATMON_EXAMPLES=thorough $(PYTEST) tests

mutants: setup  ## Change modules where a test should notice: make mutants MODULES="importers/traces cost" SAMPLE=50
	@$(BIN)/python tests/mutation/run.py $(MODULES) $(if $(SAMPLE),--sample $(SAMPLE))

notebooks: setup  ## Rebuild and execute the lessons and solutions from notebooks/source; ONLY="01 03" limits it.
	$(BIN)/python -m chatmon.lab.course.build $(ONLY)

report: setup  ## Write report.html about exported logs: make report LOGS=runs.jsonl
	@test -n "$(LOGS)" || { echo "make report LOGS=FILES: name the exported logs, such as data/four_weeks.parquet"; exit 1; }
	@$(BIN)/chatmon report $(LOGS) --output report.html

producers: setup  ## Record what real libraries emit, each in an environment of its own: make producers ONLY="logfire"
	$(BIN)/python tests/producers/run.py $(ONLY)

docs: setup  ## Write the pages in docs/ that are made: formats, usage, LangSmith's methods, what a teacher needs, and the README's picture.
	$(BIN)/python docs/make_formats.py
	$(BIN)/python docs/make_langsmith_methods.py
	$(BIN)/python docs/teaching/make_teaching.py
	$(BIN)/python -m chatmon.cost._shape_table > docs/usage.md
	$(BIN)/python docs/make_picture.py

site: setup  ## Write all lessons and docs as pages to build/site: half a minute, without network; open build/site/index.html.
	@PYTHONPATH=docs $(BIN)/python -m website

site-pdf: setup  ## Print the whole course as build/course.pdf; needs Chromium.
	@PYTHONPATH=docs $(BIN)/python -m website --pdf

bench: setup  ## Run every benchmark that README and docs quote.
	@broken=0; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || broken=1; done; exit $$broken

lock: setup  ## Resolve requirements.lock anew, for every platform and Python from 3.11 on.
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra course --extra dev --extra site --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --upgrade pyproject.toml --output-file requirements.lock
	echo 'pyspark>=4' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --upgrade - --output-file requirements-spark.lock
	echo 'uv>=0.9' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --upgrade - --output-file requirements-uv.lock

clean:  ## Remove .venv and what the tools cache; the model stays in its cache folder.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
