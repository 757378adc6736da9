# Each goal does all of its own set-up: Python 3.11 or newer and make are enough.
#   make demo      the whole story in two minutes, on films that hilum draws
#   make test      the whole test suite
#   make check     the daily loop: format, lint, types, import contract, fast tests
#   make results   docs/results.md from docs/results/*.json
#   make constraints   compile the pinned, hashed requirements anew (needs uv)

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test check format results constraints clean

demo: $(READY)
	$(BIN)/hilum demo

test: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal

check: $(READY)
	$(BIN)/ruff format --check --quiet src tests bench
	$(BIN)/ruff check --quiet src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not gpu"

format: $(READY)
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

results: $(READY)
	$(BIN)/python bench/results.py

constraints:
	uv pip compile pyproject.toml --extra train --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade -o constraints.txt

clean:
	rm -rf .venv demo

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("hilum needs Python 3.11 or newer; name one with: make PYTHON=python3.11 " + "demo") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
