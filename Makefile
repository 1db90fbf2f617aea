# make demo    meta-train from scratch and rank NAS-Bench-201 (minutes, no download beyond the packages)
# make check   format, lint, types and the short tests: for daily work, about a minute
# make test    format, lint, types and all tests but those of tests/slow.txt
# make lint    format, lint and types
# make docs    build the documentation site, site/index.html, which opens from the disk
# make medium  run the tests, measure them and write anew which are too long for `make check` (on an idle machine)
PYTHON ?= python3
BIN := .venv/bin
# bytecode is compiled when a module is first imported: most of torch never is, and to compile all takes over a minute
PIP := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt
# a third of their time tests wait for other processes: three at once on two cores
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3
# threads that wait asleep: spinning ones make two busy processes many times slower than one
export OMP_WAIT_POLICY := PASSIVE

.PHONY: demo check test lint docs medium clean

demo: .venv/demo
	$(BIN)/python -m scripts.demo

check: lint
	$(PYTEST) -m "not slow and not gpu and not medium"

test: lint
	$(PYTEST)

medium: .venv/ready
	$(PYTEST) --write-medium

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# strict: a warning is an error. The variable silences what Material says of another generator.
docs: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

# torch first and alone, so that no other package's requirement chooses its build
.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) --editable ".[demo]"
	touch .venv/demo

.venv/docs: .venv/demo
	$(PIP) --editable ".[docs]"
	touch .venv/docs

.venv/ready: .venv/demo
	$(PIP) --editable ".[research,dev]"
	touch .venv/ready

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist site
