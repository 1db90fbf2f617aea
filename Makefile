# make demo    meta-train from scratch and rank NAS-Bench-201 (minutes, no download beyond the packages)
# make test    every check
# make lint    the fast ones
PYTHON ?= python3
BIN := .venv/bin
# threads that wait asleep: spinning ones make two busy processes many times slower than one
export OMP_WAIT_POLICY := PASSIVE

.PHONY: demo test lint clean

demo: .venv/ready
	$(BIN)/python -m scripts.demo

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# torch first and alone, so that no other package's requirement chooses its build
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[research,dev]"
	touch .venv/ready

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
