# Everything a fresh machine needs: Python 3.11 to 3.13, git and make. `make` alone says what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help venv lint test coverage fuzz lab demo pages lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/made-from-lock
WORKERS ?= auto

help: ## say what can be made
	@awk -F ': .*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.12 chooses the interpreter (now $(PYTHON)), WORKERS=4 the test processes (now $(WORKERS))"

venv: $(STAMP) ## create .venv from requirements.lock, once per change of it

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else \
	"reconciler needs Python 3.11, 3.12 or 3.13; $(PYTHON) is %d.%d. Choose one: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@echo "creating $(VENV) with $$($(PYTHON) --version) from requirements.lock"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint: venv ## check format, style, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

PYTEST := -m pytest -n $(WORKERS) --dist worksteal --durations=15

ifeq ($(CI),true)
test: coverage
else
test: venv ## run the whole suite, on real Debian hosts too where this machine can run them
	$(BIN)/python $(PYTEST)
endif

# What takes a bad commit back, and what goes on after a crash, has no line and no branch that was never tried.
WHOLE := plan/in_hand policy/holding policy/breaker model/rollout gate execute/move execute/recovery execute/ending \
  execute/whereabouts execute/steps/*
comma := ,
empty :=
WHOLE_FILES := $(subst $(empty) ,$(comma),$(WHOLE:%=reconciler/%.py))

BARE := tests/fuzz tests/properties/test_random_rollouts.py

coverage: export COVERAGE_FILE := $(CURDIR)/.coverage
coverage: venv ## run the whole suite, and fail when too little of the code was run by it; in CI `test` does this
	@rm -f .coverage .coverage.*
	# The second run is not under coverage: it slows down what has to end in time, and the clock that ends it interrupts
	# its locks. What failed in a run of thousands on few cores is run once more by itself, and named either way.
	@status=0; \
	$(BIN)/coverage run $(PYTEST) $(BARE:%=--ignore=%) || status=$$?; \
	$(BIN)/python $(PYTEST) $(BARE) || status=$$?; \
	case $$status in 0) ;; 1) $(BIN)/python -m tests.again ;; *) exit $$status ;; esac
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90
	$(BIN)/coverage report --fail-under=100 --include=$(WHOLE_FILES)

lab: venv ## prepare the lab of real Debian hosts and of Kubernetes, and run nothing
	$(BIN)/python -m tests.lab

demo: venv ## tell the story of a small fleet on loopback, in under two minutes
	@$(BIN)/python -m tests.demo

pages: venv ## write the man pages and the shell completion anew from the help of the commands
	$(BIN)/python docs/make_pages.py

# The peers live in an environment of their own, since they are measured and not used.
BENCH := bench/.venv
bench: venv $(BENCH)/made-from-requirements ## measure against pyinfra, Ansible and a bare script; FULL=1 all of it, PEERS=0 without them
	@mkdir -p .cache && $(BIN)/python -m bench.rollouts $(ROLLOUTS)
	@$(BIN)/python -m bench $(if $(filter 1,$(FULL)),--full) $(if $(filter 0,$(PEERS)),--no-peers) $(BENCH_ARGS)

$(BENCH)/made-from-requirements: bench/requirements.txt
	@test "$(PEERS)" = 0 || { $(PYTHON) -m venv $(BENCH) && \
	$(BENCH)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $< && touch $@; }

# What counts branches for the fuzzer is beside the environment: nobody else needs it, and it is for Linux on x86 only.
FUZZ := .cache/fuzz
TIME ?= 60
fuzz: venv $(FUZZ)/made-from-requirements ## throw everything at all that reads what hosts and people write; TIME=600 for each, TARGETS="looks rows"
	@PYTHONPATH=$(FUZZ)/programs $(BIN)/python -m tests.fuzz --seconds $(TIME) $(TARGETS)

$(FUZZ)/made-from-requirements: tests/fuzz/requirements.txt $(STAMP)
	@rm -rf $(FUZZ)/programs
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
	  --target $(FUZZ)/programs -r $<
	@touch $@

lock: ## make requirements.lock anew from pyproject.toml
	@test -x .cache/lock/bin/uv || { $(PYTHON) -m venv .cache/lock && .cache/lock/bin/pip install -qq --disable-pip-version-check uv; }
	@.cache/lock/bin/uv lock --quiet
	@.cache/lock/bin/uv export --quiet --format requirements-txt --no-emit-project --no-header --no-annotate \
	  --group dev -o requirements.lock >/dev/null
	@rm uv.lock
	@echo "requirements.lock has $$(grep -c == requirements.lock) packages; 'make venv' installs them"

clean: ## remove the environment and all caches in this folder; the lab's cache is ~/.cache/reconciler-lab
	rm -rf $(VENV) $(BENCH) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
