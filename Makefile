# The one list of commands. `make` shows it.
# On a fresh machine this needs Python >= 3.11 and make; everything else comes from the package
# indexes: no Node, no Docker, no PostgreSQL.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# Each stamp lies in what it speaks of: who removes that folder removes its stamp.
INSTALLED := $(VENV)/.installed
NODE_MODULES := web/node_modules/.installed
UV := build/uv/bin/uv
DIST := src/studium/web/dist/index.html
WEB_SOURCES := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# Node of the environment first: the machine's own may be too old.
NODE_BIN = $(abspath $(BIN))
NPM = PATH="$(NODE_BIN):$$PATH" npm --prefix web
BOOK ?=
BROKER ?= redis
OBJECTS ?= folder
REPLICAS ?= 2
KILLS ?= 1000
RUNS ?= 20000
SEED ?= 1
BENCH ?= ingest ingest_embedding ingest_stages worker_memory upload hot_calls responsiveness \
	long_tasks delivery realtime reconnects growth cache staleness warehouse

HAVE_ENGINES = { command -v chromium && command -v java && command -v mvn \
	&& ls /usr/lib/*/faketime/libfaketimeMT.so.1 \
	&& ls /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server; } >/dev/null 2>&1
ENGINES = chromium libfaketime openjdk-17-jre-headless maven
KAFKA := build/kafka/.fetched

.DEFAULT_GOAL := help
.PHONY: help up stack demo test check audit web engines eval eval-retrieval screenshots bench faults faults-planted fuzz sample clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

up: $(INSTALLED) $(DIST) ## Set everything up and serve http://127.0.0.1:8000
	@exec $(BIN)/studium up

stack: $(INSTALLED) $(DIST) ## Serve as a cluster does, behind Envoy (BROKER=redis|kafka|rabbitmq OBJECTS=folder|s3 REPLICAS=2)
	@PYTHONPATH=. exec $(BIN)/python scripts/stack.py --broker $(BROKER) --objects $(OBJECTS) --replicas $(REPLICAS)

demo: $(INSTALLED) $(DIST) ## Upload a book and show its notes (BOOK=file.pdf, default the sample)
	@$(BIN)/studium demo $(BOOK)

test: $(INSTALLED) $(NODE_MODULES) $(DIST) ## Set everything up and run every test
	@$(NPM) run --silent test
	@$(BIN)/pytest $(ARGS)

check: $(INSTALLED) $(NODE_MODULES) ## Lint, format, types, the rules of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/audit.py code
	@$(NPM) run --silent check

audit: $(INSTALLED) ## Ask for known holes: our code, the Python packages, the web's
	@$(BIN)/python scripts/audit.py

web: $(DIST) ## Build the web app into the Python package
	@$(NPM) run --silent budget

engines: ## Get what only some tests need: Chromium, libfaketime, RabbitMQ, Java (need root), Apache Kafka
	@$(HAVE_ENGINES) || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; } \
	|| { echo "Of $(ENGINES) rabbitmq-server something is missing, and only root can install it: sudo make engines."; exit 1; }
	@$(HAVE_ENGINES) || { apt-get update -qq && apt-get install -y -qq $(ENGINES); }
	@# Masked first, so that no server starts that nobody asked for: tests start their own.
	@$(HAVE_ENGINES) || { ! command -v systemctl >/dev/null || systemctl mask --quiet rabbitmq-server; \
	apt-get install -y -qq --no-install-recommends rabbitmq-server; }
	@$(MAKE) --silent --no-print-directory $(KAFKA)

$(KAFKA): tests/ports/kafka/pom.xml
	@echo "Fetching Apache Kafka …"
	@rm -rf $(@D)
	@mvn --batch-mode --quiet -Dstyle.color=never --file $< \
	org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
	-DincludeScope=runtime -DoutputDirectory=$(abspath $(@D))
	@touch $@

eval: $(INSTALLED) ## Measure the notes beside baselines
	@PYTHONPATH=. $(BIN)/python bench/eval_notes.py

eval-retrieval: $(INSTALLED) ## Measure the search (needs ../shared/ir)
	@PYTHONPATH=. $(BIN)/python bench/eval_retrieval.py

bench: $(INSTALLED) $(DIST) ## Measure beside the limit: BENCH=upload, or all of them
	@for each in $(BENCH); do PYTHONPATH=. $(BIN)/python -m bench.$$each || missed=1; done; \
	PYTHONPATH=. $(BIN)/python -m bench.report; test -z "$$missed"

faults: $(INSTALLED) ## Kill everything at random, a thousand times; goes on where it was cut off
	@$(BIN)/python -m tests.faults.kills --kills $(KILLS) --seed $(SEED)

faults-planted: $(INSTALLED) ## Plant bugs one at a time and see whether the checker finds them
	@$(BIN)/python -m tests.faults.hunt build/planted

fuzz: $(INSTALLED) ## Twenty thousand mutants of real pages through the jail
	@$(BIN)/python -m tests.hostile.fuzz --runs $(RUNS)

sample: $(INSTALLED) ## Build the sample book anew
	@$(BIN)/python scripts/sample_book/build.py

screenshots: $(INSTALLED) $(DIST) ## Take the README's pictures of the running app
	@$(BIN)/python scripts/screenshots.py

clean: ## Remove what was built, never the data
	@rm -rf build src/studium/web/dist web/node_modules .mypy_cache .ruff_cache .pytest_cache

$(UV):
	@if [ -z "$(PYTHON)" ]; then echo "Studium needs Python 3.11 or newer; none was found."; exit 1; fi
	@$(PYTHON) -m venv build/uv || { echo "Python cannot make an environment here; \
	on Debian install python3-venv."; exit 1; }
	@build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

$(INSTALLED): pyproject.toml uv.lock | $(UV)
	@echo "Installing the Python packages …"
	@$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

$(NODE_MODULES): web/package-lock.json $(INSTALLED)
	@echo "Installing the web app's packages …"
	@$(NPM) ci --ignore-scripts --silent
	@touch $@

$(DIST): $(WEB_SOURCES) $(NODE_MODULES)
	@echo "Building the web app …"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@
