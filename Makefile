# make run    starts the doorbell and its page on http://127.0.0.1:8642: on a camera if there is one, else on the demo
# make test   lint, C tests, Python tests
#
# Both make the environment in .venv first and need only Python 3.11 or newer, a C and C++ compiler and make itself.
# What is already there and unchanged is not made again.

PYTHON ?= python3
ARGS ?=

VENV := .venv
CTEST_BUILD := build/ctest
COVERAGE_BUILD := build/coverage
C_FILES := $(shell find csrc -name '*.c' -o -name '*.h' -o -name '*.cpp')
CORE := $(C_FILES) CMakeLists.txt pyproject.toml

export PATH := $(abspath $(VENV))/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# The tests start hundreds of processes: each module is compiled once and kept, also where the shell asks for none.
export PYTHONDONTWRITEBYTECODE :=
PIP_INSTALL := $(VENV)/bin/python -m pip install --quiet

.PHONY: help run test lint format ctest pytest coverage core clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make lint   ruff, mypy and clang-format, changing nothing; make format changes the files"
	@echo "make ctest  the C tests alone, with sanitizers; make pytest ARGS=... the Python tests alone"
	@echo "            on every core; in one process: make pytest ARGS='-n 0'"
	@echo "make coverage  which lines the tests run: of Python, and of the C by its own tests; many minutes"
	@echo "make core   builds the C kernels anew after a change; make clean removes what was built"

run: $(VENV)/.installed
	@peephole run $(ARGS)

test: lint ctest pytest

lint: $(VENV)/.installed-dev
	ruff check .
	ruff format --check .
	mypy
	clang-format --dry-run --Werror $(C_FILES)

format: $(VENV)/.installed-dev
	ruff check --fix .
	ruff format .
	clang-format -i $(C_FILES)

ctest: $(VENV)/.installed-dev
	cmake -S . -B $(CTEST_BUILD) -G Ninja -DPEEPHOLE_TESTS=ON --log-level=WARNING
	cmake --build $(CTEST_BUILD)
	ctest --test-dir $(CTEST_BUILD) --output-on-failure --parallel $$(nproc)

pytest: $(VENV)/.installed-dev
	python -m pytest -n auto --dist worksteal $(ARGS)

# Of Python every process counts for itself, tests and what they start; ARGS=tests/unit for a part. What pyproject.toml
# says of coverage holds. A test that fails is told, and the counts of all others are shown all the same.
coverage: $(VENV)/.installed-dev
	$(PIP_INSTALL) "coverage>=7.10"
	cmake -S . -B $(COVERAGE_BUILD) -G Ninja -DPEEPHOLE_TESTS=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=--coverage --log-level=WARNING
	cmake --build $(COVERAGE_BUILD)
	ctest --test-dir $(COVERAGE_BUILD) --quiet --parallel $$(nproc)
	python benchmarks/c_coverage.py $(COVERAGE_BUILD)
	mkdir -p build/python_coverage
	coverage erase
	-coverage run -m pytest -q -n auto --dist worksteal $(ARGS)
	coverage combine --quiet
	coverage report --skip-covered --sort=cover

core: $(VENV)/.tools
	$(PIP_INSTALL) --no-build-isolation --no-deps -e .

clean:
	rm -rf build dist

# The environment. The stamps inside it are as old as what they stand for, so removing .venv removes them too.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "peephole needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@command -v cc >/dev/null && command -v c++ >/dev/null \
	  || { echo "peephole needs a C and a C++ compiler (Debian: apt install gcc g++)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python cannot make environments here (Debian: apt install python3-venv python3-dev)" >&2; exit 1; }
	@touch $@

$(VENV)/.tools: $(VENV)/.made
	@echo "Installing the build tools ..."
	@$(PIP_INSTALL) "scikit-build-core>=1.1" "nanobind>=3.1" cmake ninja
	@touch $@

$(VENV)/.installed: $(VENV)/.tools $(CORE)
	@echo "Installing peephole into $(VENV) (some minutes the first time) ..."
	@$(PIP_INSTALL) --no-build-isolation -e '.[demo]'
	@touch $@

# torch stands in the same command as what depends on it: that gives the CPU build.
$(VENV)/.installed-dev: $(VENV)/.tools $(CORE)
	@echo "Installing peephole and what its tests and its training need into $(VENV) (some minutes the first time) ..."
	@$(PIP_INSTALL) --no-build-isolation torch==2.13.0 -e '.[dev,train]'
	@touch $@ $(VENV)/.installed
