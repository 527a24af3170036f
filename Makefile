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

# The chain, one command a line. Everything lands in $(DEMO_DIR); running it again goes on where it stopped.
demo: install
	$(BIN)/python -m data.make_dancers --out=$(DEMO_DIR)/dancers --people=32 --clips_per_person=1 --frames=201 --size=64
	$(BIN)/python -m data.make_dancers --out=$(DEMO_DIR)/crossed --motion_of=$(DEMO_DIR)/dancers
	$(BIN)/python -m data.build_records --clips=$(DEMO_DIR)/dancers,$(DEMO_DIR)/crossed --out=$(DEMO_DIR)/records \
	  --validation_share=0.05 --test_share=0.2 --overwrite
	$(BIN)/python -m retarget_tf.train --preset=paper --records=$(DEMO_DIR)/records --workdir=$(DEMO_DIR)/work \
	  --minutes=2 --filters=16 --batch_size=8
	$(BIN)/python -m export.export_saved_model --model=$(DEMO_DIR)/work --out=$(DEMO_DIR)/saved_model
	$(BIN)/python -m retarget_tf.retarget --model=$(DEMO_DIR)/work --out=$(DEMO_DIR)/dance.mp4 \
	  --source_clip=$(DEMO_DIR)/dancers/dancer_0_0001_00 --target_clip=$(DEMO_DIR)/dancers/dancer_0_0000_00
	$(BIN)/python -m retarget_tf.evaluate --model=$(DEMO_DIR)/work --records=$(DEMO_DIR)/records --out=$(DEMO_DIR)/evaluation
	@printf '\n  %s\n' 'panel video  $(DEMO_DIR)/dance.mp4' 'figure       $(DEMO_DIR)/evaluation/figure.png' \
	  'SavedModel   $(DEMO_DIR)/saved_model'

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(DEMO_DIR) build *.egg-info
