# Every target sets up .venv by itself; a stamp makes the second time quick.
# Needs Python 3.11 or later, pip and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH ?= torch==2.13.0
DOCUMENTS ?= ../shared/sources
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Two processes share the cores: a BLAS with threads of its own would only get in their way.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

.PHONY: help demo test slow parity lint docs bench clean

help:
	@echo "make demo    train LeNet on handwritten digits; pictures go to demo-output/"
	@echo "make test    the test suite (no PyTorch needed)"
	@echo "make slow    the tests that take longer"
	@echo "make parity  compare with PyTorch, side by side (installs $(TORCH))"
	@echo "make lint    ruff, mypy and the import contracts"
	@echo "make docs    the API reference, into build/docs/"
	@echo "make bench   time training steps against PyTorch (installs $(TORCH))"
	@echo "make clean   remove .venv and everything that was built"

demo: $(STAMPS)/demo
	$(BIN)/python examples/lenet_mnist.py $(DEMO_ARGS)

test: $(STAMPS)/dev
	DOCUMENTS=$(DOCUMENTS) $(PYTEST) -m "not slow" $(PYTEST_ARGS)

slow: $(STAMPS)/dev
	DOCUMENTS=$(DOCUMENTS) $(PYTEST) -m slow $(PYTEST_ARGS) || [ $$? -eq 5 ]  # 5: there are none

parity: $(STAMPS)/torch
	DOCUMENTS=$(DOCUMENTS) $(PYTEST) tests/parity $(PYTEST_ARGS)

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(STAMPS)/dev
	$(BIN)/pdoc flambeau --output-directory build/docs

bench: $(STAMPS)/torch
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean:
	rm -rf $(VENV) build dist demo-output src/*.egg-info
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests tools examples -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "flambeau needs Python 3.11 or later: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/demo: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[demo]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[dev]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/torch: $(STAMPS)/dev
	$(PIP) '$(TORCH)'
	@mkdir -p $(STAMPS) && touch $@
