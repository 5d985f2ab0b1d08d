# Every target sets up what it needs: `make web` and `make test` work on a fresh clone.
VENV   := .venv
PYTHON := $(VENV)/bin/python
# READY: what running needs is installed; DEV: what tests, style and experiments need, too.
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-dev
LIVE   := web/node_modules/.package-lock.json

# The defaults run on the composite sample faces; name your own on the command line.
IMAGES ?= data/sample
OUT    ?=
TABLE  ?= build/features
MODEL  ?=
HOST   ?=
PORT   ?=
# A misspelt variable, or another target's, would be left out without a word. A target takes those
# that its line of help names.
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
ifneq ($(GIVEN),)
TAKEN := $(foreach target,$(MAKECMDGOALS),$(shell sed -n 's/^$(target):.*\#\# //p' Makefile | grep -oE '[A-Z_]+=' | tr -d =))
OTHERS := $(filter-out VENV PYTHON $(TAKEN),$(GIVEN))
$(if $(OTHERS),$(error Expected variables among $(or $(sort $(TAKEN)),none) with make $(MAKECMDGOALS), got $(OTHERS)))
endif
# An option is passed on only when it was given, so that each default stands in one place.
option = $(if $($(1)),--$(2) "$($(1))")

.DEFAULT_GOAL := help
.PHONY: help web features train evaluate ablation results sample audit detectors robustness walk test test-all offline fuzz reliability lint bench doctor clean

help:  ## Print the targets and what each is for
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(READY): requirements.txt setup.sh
	@sh setup.sh $(VENV)
	@touch $(READY)

$(DEV): requirements.txt requirements-dev.txt setup.sh
	@sh setup.sh --dev $(VENV)
	@touch $(READY) $(DEV)

# Without npm or a network this file is not made: the live tab says so, the rest works.
$(LIVE): web/package-lock.json web/.npmrc
	@sh setup.sh --live web

web: $(READY) $(LIVE)  ## Serve the page: HOST=127.0.0.1 PORT=5000 MODEL= WORKERS= SECONDS= ALLOW_HOST= LOG=1
	@$(PYTHON) -m web $(call option,HOST,host) $(call option,PORT,port) $(call option,MODEL,model) $(call option,WORKERS,workers) $(call option,SECONDS,seconds) $(call option,ALLOW_HOST,allow-host) $(if $(LOG),--log)

features: $(READY)  ## Turn photos into landmark CSVs: IMAGES= OUT= WORKERS= BACKEND= SCHEDULER= DETECTOR=mesh|mtcnn
	@$(PYTHON) -m data features "$(IMAGES)" "$(or $(OUT),build/features)" $(call option,WORKERS,workers) $(call option,BACKEND,backend) $(call option,SCHEDULER,scheduler) $(call option,DETECTOR,detector)

# A model that looks at pixels takes the images, too.
TRAINED = $(or $(MODEL),$(if $(CONFIG),$(shell sed -n 's/^model = "\(.*\)"/\1/p' "$(CONFIG)" 2>/dev/null)))
LOOKS_AT = $(if $(filter-out sklearn torch,$(TRAINED)),"$(IMAGES)")
train: $(READY)  ## Train a classifier on the CSVs: TABLE= MODEL=sklearn|torch OUT= CONFIG=file SET="lr=0.01 hidden=[64,32]" CLASSES= SEED= EPOCHS= BALANCE= PRIOR=training|roots|uniform DATA= AVERAGE= DROP_OUTLIERS=1 REFIT=1; on pixels: MODEL=fused|cnn IMAGES= VOTES= WEIGHTS=bundle DEVICE= KEEP_RUN=1, or MODEL=resnet18|resnet34|resnet50|vgg16|mobilenet_v3_large|vit_b_16 WEIGHTS=file|random
	@$(PYTHON) -m classifiers train "$(TABLE)" $(LOOKS_AT) --out "$(or $(OUT),build/model)" $(call option,MODEL,model) $(call option,CONFIG,config) $(foreach setting,$(SET),--set '$(setting)') $(call option,CLASSES,classes) $(call option,SEED,seed) $(call option,EPOCHS,epochs) $(call option,BALANCE,balance) $(call option,PRIOR,prior) $(call option,DATA,data-name) $(call option,AVERAGE,average) $(if $(DROP_OUTLIERS),--drop-outliers) $(if $(REFIT),--refit) $(call option,VOTES,votes) $(call option,DEVICE,device) $(call option,WEIGHTS,weights) $(if $(KEEP_RUN),--keep-run)

evaluate: $(READY)  ## Measure a bundle on labelled images: IMAGES= MODEL= OUT= SPLIT= WORKERS= BACKEND= DETECTOR=mesh|mtcnn IGNORE_UNKNOWN=1 SUBJECT=
	@$(PYTHON) -m classifiers evaluate "$(IMAGES)" "$(or $(MODEL),auto)" "$(or $(OUT),build/evaluation)" $(call option,SPLIT,split) $(call option,WORKERS,workers) $(call option,BACKEND,backend) $(call option,DETECTOR,detector) $(call option,SUBJECT,subject) $(if $(IGNORE_UNKNOWN),--ignore-unknown)

# A process a core; the tests of one file share what they make. In the files' order, for the files of
# fewest tests are the slowest, and would have the end to themselves.
SPREAD := -n auto --dist loadfile --no-loadscope-reorder
test: $(DEV) $(LIVE)  ## Run the tests but for the slow ones: ARGS="-k web"
	@$(PYTHON) -m pytest $(SPREAD) $(ARGS)

test-all: $(DEV) $(LIVE)  ## Run all tests: ARGS="-k web"
	@$(PYTHON) -m pytest $(SPREAD) -m "slow or not slow" $(ARGS)

offline: $(DEV) $(LIVE)  ## Run the tests with the network cut, but for loopback: ARGS=
	@unshare --map-root-user --net sh -c 'ip link set lo up && exec "$$@"' sh $(PYTHON) -m pytest $(SPREAD) $(ARGS)

fuzz: $(DEV)  ## Look for bytes that break the decoding and the forms: SECONDS=60 SEED=
	@$(PYTHON) -m tests.fuzz $(call option,SECONDS,seconds) $(call option,SEED,seed)

reliability: $(DEV)  ## Measure what the server withstands, into docs/reliability.md: CORPUS= SUITE=1
	@$(PYTHON) -m tests.reliability $(call option,CORPUS,corpus) $(if $(SUITE),--suite)

lint: $(DEV)  ## Check style, format, types and imports, changing nothing
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-cache >/dev/null || $(VENV)/bin/lint-imports --no-cache

bench: $(DEV)  ## Images and video frames per second, and ms of a photo's stages, beside bare Face Mesh: IMAGES= MODEL=
	@$(PYTHON) -m classifiers.experiments.benchmark_features "$(IMAGES)"
	@$(PYTHON) -m classifiers.experiments.benchmark_latency --images "$(IMAGES)" $(call option,MODEL,models)
	@$(PYTHON) -m tests.video_speed --rate

ablation: $(READY)  ## Measure what each step of a training gives, into results/: TABLE= VOTES=, or MODEL=fused TABLE= IMAGES= VOTES=
	@$(PYTHON) -m classifiers.experiments.ablation "$(TABLE)" $(if $(filter fused,$(MODEL)),"$(IMAGES)") $(call option,VOTES,votes)

results: $(DEV)  ## Write docs/results.md, and the table in the README, from the measured runs
	@$(PYTHON) -m classifiers.experiments.results --readme README.md

walk: $(READY)  ## Go from photos to an explained answer, in a minute, into build/walk
	@PYTHONPATH=. $(PYTHON) docs/walkthrough.py

# Only a table that was named is of these images.
audit: $(READY)  ## List copies, blanks, missed faces, disputed labels of a data set: IMAGES= TABLE= VOTES= OUT=
	@$(PYTHON) -m data audit "$(IMAGES)" $(if $(filter-out file,$(origin TABLE)),$(call option,TABLE,table)) $(call option,VOTES,votes) $(call option,OUT,out)

detectors: $(DEV)  ## Compare the detectors of faces, into results/: IMAGES= LIMIT= SEED=
	@$(PYTHON) -m classifiers.experiments.detectors "$(IMAGES)" $(call option,LIMIT,limit) $(call option,SEED,seed)

robustness: $(DEV)  ## Measure the models on corrupted images and on images without a face, into results/: IMAGES= VOTES= LIMIT= SPLIT= WORKERS= SEED= IGNORE_UNKNOWN=1
	@$(PYTHON) -m classifiers.experiments.robustness "$(IMAGES)" $(call option,VOTES,votes) $(call option,LIMIT,limit) $(call option,SPLIT,split) $(call option,WORKERS,workers) $(call option,SEED,seed) $(if $(IGNORE_UNKNOWN),--ignore-unknown)

doctor:  ## Check the environment and say how to mend it
	@sh setup.sh --check $(VENV)

clean:  ## Remove build/ (features and models made here); .venv stays
	@rm -rf build
