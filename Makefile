# Everything a person or CI does here. `make help` lists it; python3 (3.11 or newer) and make are enough.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run review test services services-stop test-real soak check deploy-check site image image-import image-check e2e-k8s \
  generate format eval bench lock clean

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
TEXT ?=
ARGS ?=

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## make .venv with the locked packages and the `hive` command

# The stamp is written last, so an interrupted installation is taken up again. pip reads its own
# configuration and PIP_* variables; nothing here overrides an index, a proxy or a cache.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
	  { echo "python3 has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing the locked packages into $(VENV) (half a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## serve on http://127.0.0.1:8000 until Ctrl-C (HOST=, PORT=, ARGS=)
	$(BIN)/hive serve --host $(HOST) --port $(PORT) $(ARGS)

# The text travels through the environment, unexpanded: quotes, dollars and semicolons in it are never run.
# A cautious verdict (exit code 10, 20 or 30) is an answer, not a failure of make.
unexport TEXT
review: export REVIEW_TEXT := $(value TEXT)
review: setup ## judge one intention: make review TEXT="drop the orders table in production"
	@test -n "$$REVIEW_TEXT" || { echo 'Say what is intended: make review TEXT="..."' >&2; exit 64; }
	@$(BIN)/hive review $(ARGS) -- "$$REVIEW_TEXT" || case $$? in 10|20|30) ;; *) exit 1 ;; esac

# A file's tests share what they start, so files are what the workers take; many tests wait for processes and deadlines.
test: setup ## the tests, without those marked slow, soak or real (ARGS=, such as ARGS="-n 0": one after the other)
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile -m "not slow and not soak and not real" $(ARGS)

services: setup ## get and start the real servers for tests: Redis, Redis Cluster, Neo4j, FerretDB, MLflow
	$(BIN)/python -m tests.services up $(ARGS)

services-stop: setup ## stop them and remove their data; what was downloaded stays
	$(BIN)/python -m tests.services down

test-real: setup ## the tests against the real servers that `make services` started (ARGS=)
	HIVE_TEST_REAL=1 $(BIN)/python -m pytest -q -m "real and not slow and not soak" $(ARGS)

soak: setup ## the long proofs, after make services: slow tests, hundreds of times kill -9 under load
	$(BIN)/python -m pytest -q -m "slow or soak" $(ARGS)

check: setup ## lint, formatting, types, layers, the wire contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python proto/generate.py --check
	$(BIN)/python -m deploy.monitoring --check
	$(BIN)/python -m tests.deploy.chart.generate --check
	$(BIN)/buf lint proto
	$(BIN)/buf format --exit-code --diff proto
	$(BIN)/buf breaking proto --against proto/released.binpb

# BASE_IMAGE: what the build starts from, where no registry can be reached or another is wanted.
BASE_IMAGE ?=
WITH_SPACY_MODELS ?= 0

image: setup ## build the container image (BASE_IMAGE=, WITH_SPACY_MODELS=1, ARGS=)
	$(BIN)/python -m tests.services.image build --base "$(BASE_IMAGE)" --spacy "$(WITH_SPACY_MODELS)" -- $(ARGS)

image-import: setup ## give the built image to containerd (CONTAINERD_ADDRESS=)
	$(BIN)/python -m tests.services.image import

image-check: setup ## run the built image read-only, without rights, and measure it
	$(BIN)/python -m tests.services.image check

e2e-k8s: setup ## the chart on a real Kubernetes that is built here: needs root, the first time half an hour (ARGS=)
	$(BIN)/python -m tests.cluster prove $(ARGS)

deploy-check: setup ## the chart: lint, the schemas of Kubernetes, policies, every value flipped (ARGS=)
	HIVE_TEST_REAL=1 $(BIN)/python -m pytest -q tests/deploy/chart $(ARGS)

site: setup ## the documentation site, into build/site (ARGS=serve shows it while it is written)
	$(BIN)/python -m tests.documents site $(ARGS)

generate: setup ## make the gRPC code, alert rules, dashboards and chart files anew (ARGS=--check only compares)
	$(BIN)/python proto/generate.py $(ARGS)
	$(BIN)/python -m deploy.monitoring $(ARGS)
	$(BIN)/python -m tests.deploy.chart.generate $(ARGS)

format: setup ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

eval: setup ## the quality table over the labelled cases (ARGS=)
	$(BIN)/hive eval $(ARGS)

bench: setup ## latency, start and memory, each with its floor (ARGS="--quick --only rest")
	$(BIN)/python -m benchmarks $(ARGS)

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# Tools with environments of their own: the site's, the deployment checks', and what builds the image.
TOOLS := docs tests/deploy deploy/image
IMAGE_EXTRAS := fast grpc mongo neo4j redis queue mlflow auth traces

lock: setup ## resolve pyproject.toml anew into the locks, the image's too (ARGS="--upgrade")
	$(LOCK) pyproject.toml --extra dev --output-file requirements.lock $(ARGS)
	$(LOCK) pyproject.toml $(IMAGE_EXTRAS:%=--extra %) --constraint requirements.lock --output-file deploy/requirements.lock $(ARGS)
	$(LOCK) pyproject.toml --extra spacy --constraint deploy/requirements.lock --output-file deploy/image/spacy.lock $(ARGS)
	set -e; for each in $(TOOLS); do $(LOCK) $$each/requirements.in --output-file $$each/requirements.lock $(ARGS); done

clean: ## remove caches and build output; .venv stays
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks evals -name __pycache__ -type d -prune -exec rm -rf {} +
