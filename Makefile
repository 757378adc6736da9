# Each goal does all of its own set-up: Python 3.11 or newer and make are enough.
#   make demo      the whole story in two minutes, on films that hilum draws
#   make test      the whole test suite
#   make check     the daily loop: format, lint, types, import contract, fast tests
#   make programs  what some tests need beside Python (Chromium, nginx, wrk, Pango): Debian's packages, as root
#   make web       ONNX Runtime Web by npm, for hilum export --format web
#   make results   docs/results.md from docs/results/*.json
#   make translations  the report's catalogues from its sentences
#   make constraints   compile the pinned, hashed requirements anew (needs uv)

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test check format programs web results translations constraints clean

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

programs:
	apt-get update --quiet=2
	apt-get install --quiet=2 --yes --no-install-recommends chromium nginx-light wrk libpango-1.0-0 libpangoft2-1.0-0

web: $(READY)
	$(BIN)/python -m hilum.browser.fetching

results: $(READY)
	$(BIN)/python bench/results.py

translations: $(READY)
	cd src/hilum/reports && ../../../$(BIN)/pybabel --quiet extract -F translations/babel.cfg -k say -k say_many:1,2 -k message \
	  --no-location --project hilum --msgid-bugs-address hilum -o translations/hilum.pot .
	cd src/hilum/reports/translations && ../../../../$(BIN)/pybabel --quiet update -D hilum -d . -i hilum.pot --no-fuzzy-matching
	cd src/hilum/reports/translations && ../../../../$(BIN)/pybabel --quiet compile -D hilum -d . && rm hilum.pot

PLAIN := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
constraints:
	uv pip compile pyproject.toml --extra train --extra dev $(PLAIN) --upgrade -o constraints.txt
	uv pip compile pyproject.toml --extra serve --extra pdf --constraint constraints.txt $(PLAIN) -o deploy/requirements.txt
	echo hatchling | uv pip compile - --constraint constraints.txt $(PLAIN) -o deploy/build-requirements.txt

clean:
	rm -rf .venv demo

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("hilum needs Python 3.11 or newer; name one with: make PYTHON=python3.11 " + "demo") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
