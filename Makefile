# make page: try it in the browser.  make demo: the whole chain on procedural dancers.  make test: the tests; make
# test-fast: the quick ones.  All create .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DIR ?= demo_out

.PHONY: install demo page picture site inputs pretrained test test-fast fuzz soak test-addons test-2.19 lint clean

install: $(VENV)/.installed

# A new environment of Python 3.11 has setuptools 65, in which two holes are known (CVE-2024-6345, CVE-2025-47273).
# mediapipe brings opencv-contrib-python, which lays a cv2 that needs libGL over the headless one: the last
# line puts the headless files back.
$(VENV)/.installed: setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet -e '.[dev,extract,heif,inpaint,beam,onnx,s3,live,page]'
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall "$$($(BIN)/pip freeze | grep opencv-python-headless)"
	touch $@

# The dance first, then the chain behind it, one command a line. Everything lands in $(DEMO_DIR); running it again goes on
# where it stopped. The training is there to be seen, and too short to be good.
demo: install
	$(BIN)/retarget-make-dancers --out=$(DEMO_DIR)/two --people=2 --clips_per_person=1 --frames=120 --size=256
	$(BIN)/retarget --out=$(DEMO_DIR)/dance.mp4 \
	  --source_clip=$(DEMO_DIR)/two/dancer_0_0001_00 --target_clip=$(DEMO_DIR)/two/dancer_0_0000_00
	$(BIN)/retarget --show=panel --out=$(DEMO_DIR)/panel.mp4 \
	  --source_clip=$(DEMO_DIR)/two/dancer_0_0001_00 --target_clip=$(DEMO_DIR)/two/dancer_0_0000_00
	$(BIN)/retarget-make-dancers --out=$(DEMO_DIR)/dancers --people=24 --clips_per_person=1 --frames=201 --size=128
	$(BIN)/retarget-make-dancers --out=$(DEMO_DIR)/crossed --motion_of=$(DEMO_DIR)/dancers
	$(BIN)/retarget-build-records --clips=$(DEMO_DIR)/dancers,$(DEMO_DIR)/crossed --out=$(DEMO_DIR)/records \
	  --validation_share=0.1 --test_share=0.25 --overwrite
	$(BIN)/retarget-train --preset=stable --records=$(DEMO_DIR)/records --workdir=$(DEMO_DIR)/work \
	  --steps=100 --filters=16
	$(BIN)/retarget-evaluate --compare=stable_128,$(DEMO_DIR)/work --records=$(DEMO_DIR)/records \
	  --out=$(DEMO_DIR)/evaluation
	$(BIN)/retarget-export-saved-model --model=stable_128 --out=$(DEMO_DIR)/saved_model
	@printf '%s\n' '' '  the dance    $(DEMO_DIR)/dance.mp4' '  its panel    $(DEMO_DIR)/panel.mp4' \
	  '  comparison   $(DEMO_DIR)/evaluation/compare.png' '  SavedModel   $(DEMO_DIR)/saved_model' '' \
	  '  make page    opens a page in the browser, for photos and videos of your own'

# A page on this machine: a photo and a video in, the dance out. Ctrl-C ends it.
page: install
	$(BIN)/retarget-page

# The moving picture of README.md, and that of the limits in docs/frames.md.
PICTURE_DIR ?= picture_out
picture: install
	$(BIN)/retarget-make-dancers --out=$(PICTURE_DIR) --people=20 --clips_per_person=1 --frames=120 --size=256 --seed=7
	$(BIN)/python docs/moving_picture.py --dance=$(PICTURE_DIR)/dancer_7_0011_00 --out=docs/dance.webp \
	  --people=$(PICTURE_DIR)/dancer_7_0005_00,$(PICTURE_DIR)/dancer_7_0002_00,$(PICTURE_DIR)/dancer_7_0019_00
	$(BIN)/python docs/limits_picture.py --clips=$(PICTURE_DIR) --out=docs/limits.webp

# The documents as a site in site/.
site: install
	$(BIN)/mkdocs build --strict

# docs/inputs.md: runs every command of tests/inputs, about two minutes.
inputs: install
	$(BIN)/python -m tests.inputs.page

# How retarget_tf/networks/pretrained/stable_128 was made: about 80 minutes on 2 cores. The same command again resumes.
# What MODEL_CARD.md and docs/results.md say of it has to be measured again then.
PRETRAIN_DIR ?= pretrain_out
PRETRAIN_MINUTES ?= 60
pretrained: install
	$(BIN)/retarget-make-dancers --out=$(PRETRAIN_DIR)/dancers --people=2400 --clips_per_person=1 --frames=129 \
	  --size=128 --seed=2026
	test -e $(PRETRAIN_DIR)/records || $(BIN)/retarget-build-records --clips=$(PRETRAIN_DIR)/dancers \
	  --out=$(PRETRAIN_DIR)/records --validation_share=0.005 --test_share=0
	$(BIN)/retarget-train --flagfile=retarget_tf/networks/pretrained/stable_128.flags \
	  --records=$(PRETRAIN_DIR)/records --workdir=$(PRETRAIN_DIR)/work --minutes=$(PRETRAIN_MINUTES)
	cp $(PRETRAIN_DIR)/work/generator.keras retarget_tf/networks/pretrained/stable_128.keras
	cp $(PRETRAIN_DIR)/work/generator.json retarget_tf/networks/pretrained/stable_128.json

# In a process for each core, but not more than 4: each takes up to 3 GB.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal
test: install
	$(PYTEST)

# Damages the files that the readers take, so many times each.
MUTATIONS ?= 1000
fuzz: install
	MUTATIONS=$(MUTATIONS) $(BIN)/python -m pytest -q tests/fuzz_test.py

# Sends bad requests to a server, then kills trainings, so many minutes each.
MINUTES ?= 5
soak: install
	$(BIN)/python -m tests.benchmarks.serving_soak --minutes=$(MINUTES)
	$(BIN)/python -m tests.benchmarks.training_soak --minutes=$(MINUTES)

# Without the tests marked slow.
test-fast: install
	$(PYTEST) -m "not slow"

# What 2.21 made, answered by older TensorFlows in environments of their own (Python 3.11): 2.15 with tensorflow-addons,
# and 2.19, the newest that TensorFlow Serving had when this was written.
ADDONS_VENV := .venv-addons
SERVING_VENV := .venv-2.19
ADDONS_DIR ?= addons_out
test-addons: OTHER := $(ADDONS_VENV)
test-addons: install $(ADDONS_VENV)/.installed
test-2.19: OTHER := $(SERVING_VENV)
test-2.19: install $(SERVING_VENV)/.installed
test-addons test-2.19:
	rm -rf $(ADDONS_DIR)
	$(BIN)/python -m tests.addons.make_expected $(ADDONS_DIR)
	$(OTHER)/bin/python tests/addons/consume.py $(ADDONS_DIR)

$(ADDONS_VENV)/.installed: PACKAGES := tensorflow-cpu==2.15.1 tensorflow-addons==0.23.0
$(SERVING_VENV)/.installed: PACKAGES := tensorflow-cpu==2.19.1
$(ADDONS_VENV)/.installed $(SERVING_VENV)/.installed:
	python3.11 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet $(PACKAGES)
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(ADDONS_VENV) $(SERVING_VENV) $(DEMO_DIR) $(PICTURE_DIR) $(PRETRAIN_DIR) $(ADDONS_DIR) build *.egg-info
