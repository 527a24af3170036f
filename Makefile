# make demo: the whole chain on procedural dancers.  make test: the tests.  Both create .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DIR ?= demo_out

.PHONY: install demo test lint clean

install: $(VENV)/.installed

# mediapipe brings opencv-contrib-python, which lays a cv2 that needs libGL over the headless one: the last
# line puts the headless files back.
$(VENV)/.installed: setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev,extract]'
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall opencv-python-headless
	touch $@

demo: install
	$(BIN)/python -m tests.benchmarks.placeholder

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(DEMO_DIR) build *.egg-info
