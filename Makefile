# make setup | demo | test | test-cameras | lint | bench | soak | site: each prepares what it needs first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := .make/environment

# Every command of the tests would compile its modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-cameras lint bench soak site clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt constraints-ros.txt scripts/setup-environment scripts/setup-ros scripts/system-packages
	scripts/system-packages
	PYTHON="$(PYTHON)" scripts/setup-environment $(VENV)
	PYTHON="$(PYTHON)" scripts/setup-ros $(VENV)-ros
	mkdir -p $(@D) && touch $@
	@echo "Set up. The command hil is there after: . $(VENV)/bin/activate"

demo: setup
	$(BIN)/hil demo --out out/demo

test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Optional: Basler's camera emulator (pypylon, 240 MB), in an environment of its own.
test-cameras: setup
	CAMERAS=1 PYTHON="$(PYTHON)" scripts/setup-environment $(VENV)-cameras
	PYLON_CAMEMU=2 $(VENV)-cameras/bin/python -m pytest tests/drivers/test_instrument_pylon.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	for script in benchmarks/bench_*.py benchmarks/*/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# What is too long for every run, and every property once more with 300 examples.
soak: setup
	$(BIN)/python -m pytest -m soak -n auto --dist load --timeout 3600
	HIL_EXAMPLES=long $(BIN)/python -m pytest -m "hypothesis and not soak" -n auto --dist load --timeout 1200

# The documentation as a web site that fetches nothing from elsewhere: open out/site/index.html.
site: setup
	$(BIN)/python scripts/make_site.py out/site

clean:
	rm -rf .make $(VENV) $(VENV)-ros out
