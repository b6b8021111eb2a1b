# The only file that knows which table is made from which. `make help` lists what can be asked for.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

PIPELINE ?= pipeline.toml
RUN ?= data/run
CACHE ?= data/cache
# Folder with session.csv, run.csv and power_sample.csv: import them instead of measuring.
IMPORT ?=
# estimate.parquet of another run, to be shown beside this one's.
BESIDE ?=
# Tables that the end of the report shows, and how `render` finds them.
APPENDIX ?=
SHOW_APPENDIX ?=
# `no`: take what was measured as it is.
MEASURE ?=
# Files, or folders of which all *.csv are meant: make itself never sees the names in them. A value that names a file is one file,
# with its spaces.
PRICES ?= data/inputs/prices
GRID ?= data/inputs/grid
EMBODIED ?= data/inputs/embodied
# What can no longer be rented.
RETIRED ?= data/inputs/retired
ifeq ($(origin TARIFFS),undefined)
TARIFFS := $(wildcard data/inputs/tariffs)
endif
# Name of files that the folders are taken without.
WITHOUT ?=
# What other tools measured: results of benchmarks and logs of power, each format recognised (docs/imports).
RUNS ?=
POWER ?=
IMPORT_OPTIONS ?=
# Options that one of the two takes alone.
RUNS_OPTIONS ?=
POWER_OPTIONS ?=
# What was said with --usd-per-hour takes the place of a machine that costs its electricity alone. Limits that fit loggers.
IMPORT_PIPELINE ?= import.toml
# Which of the study's tables: `tables` by its definitions, `own` by ours.
TABLES ?= tables

# No name is a command. Make would run what stands in `$(shell ...)`, so values are looked at before they are used; what names targets
# has no character that make or the shell reads, and all else goes into commands as quoted words.
empty :=
define newline


endef
PLACES := RUN PIPELINE CACHE IMPORT BESIDE IMPORT_PIPELINE TABLES
VALUES := PRICES GRID TARIFFS EMBODIED RETIRED WITHOUT RUNS POWER IMPORT_OPTIONS RUNS_OPTIONS POWER_OPTIONS APPENDIX SHOW_APPENDIX TRIALS SEED SECTIONS
READ := : ; % \# * ? [ ] ~ \ ' " ` & | < > ( ) { } ! ^ =
$(foreach v,$(PLACES) $(VALUES),$(if $(findstring $$,$(value $(v)))$(findstring $(newline),$(value $(v))),\
    $(error $(v): make reads `$$` and ends of lines in names, "$(value $(v))", rename the file or folder)))
$(foreach v,RUN PIPELINE CACHE,$(if $(strip $(value $(v))),,$(error $(v): empty, "$(value $(v))", name a file or folder)))
$(foreach v,$(PLACES),$(if $(filter-out 0 1,$(words $(value $(v)))),\
    $(error $(v): make cannot hold a name with spaces, "$(value $(v))", rename the file or folder)))
$(foreach v,$(PLACES),$(foreach c,$(READ),$(if $(findstring $(c),$(value $(v))),\
    $(error $(v): make or the shell reads `$(c)`, "$(value $(v))", rename the file or folder))))
$(foreach v,$(PLACES),$(if $(filter -%,$(value $(v))),$(error $(v): looks like an option, "$(value $(v))", put ./ before it)))
$(if $(filter / . .. ./ ../,$(RUN)),$(error RUN: not a folder for runs, "$(RUN)", name a folder of its own such as data/run/mine))

# A value as one word of the shell.
quoted = '$(subst ','\'',$(1))'
# `list VALUE`: its words as ${list[@]}; what names a file is one, and no option. `show` runs a command and shows it.
WORDS := list() { list=(); if [ -e "$$1" ]; then list=("$${1/\#-/./-}"); else set -f; list=($$1); set +f; fi; }; \
    show() { printf '%q ' "$$@"; echo; "$$@"; }
# Files that costs come from: as options in ${inputs[@]}, by themselves in ${files[@]}.
INPUTS = $(WORDS); inputs=(); files=(); \
    add() { list "$$2"; files+=("$${list[@]}"); if [ -n "$${list[*]}" ]; then inputs+=("$$1" "$${list[@]}"); fi; }; \
    add --prices $(call quoted,$(PRICES)); add --grid $(call quoted,$(GRID)); add --tariffs $(call quoted,$(TARIFFS)); \
    add --embodied $(call quoted,$(EMBODIED)); add --retired $(call quoted,$(RETIRED)); \
    without=($(if $(WITHOUT),--without $(call quoted,$(WITHOUT))))
# Files below folders, but for names that make or the shell would read.
found = $(shell find $(1) -name '*[!A-Za-z0-9._+-]*' -prune -o -type f $(2) -print | sort)

PYTHON3 ?= python3.11
PYTHON := .venv/bin/python
SITE_PACKAGES := .venv/lib/python3.11/site-packages
BUNDLE := $(CACHE)/vega-embed.js
CARGO ?= cargo
BIN := target/release
STAGES := worker collect import join-telemetry derive-costs analyze render query
BINARIES := $(STAGES:%=$(BIN)/%) $(BIN)/own-config
export TALLYWATT_COMMIT := $(shell git describe --always --abbrev=40 --dirty 2>/dev/null || echo unknown)

# Each stage's own table of pipeline.toml, and which files are priced with and what they hold: looked at each time make is called,
# rewritten when changed. Other files are other prices, however old they are. What goes wrong here is said by the rule.
OWN := $(RUN)/.config
OWN_TABLES := $(patsubst %,$(OWN)/%.toml,collect join-telemetry derive-costs analyze render)
LIST := $(OWN)/derive-costs.inputs
OWN_CONFIG = $(INPUTS); $(BIN)/own-config $(PIPELINE) $(OWN) "$${without[@]}" -- "$${files[@]}"
CURRENT := $(strip $(if $(filter-out help config clean build setup lint deny schema test,$(or $(MAKECMDGOALS),all)),\
    $(shell [ -x $(BIN)/own-config ] && { $(OWN_CONFIG); } >/dev/null 2>&1 && echo yes)))

# Where engines are installed: the first by `make all`, the others on demand.
INSTALLED := --site-packages $(SITE_PACKAGES) --gpu-site-packages .venv-gpu/lib/python3.11/site-packages \
    --transformers .venv-transformers/bin/python
COLLECT := $(BIN)/collect
# It starts the other, which holds the engines, from its own folder.
COLLECTING := $(BIN)/collect $(BIN)/worker

MEASURED := $(addprefix $(RUN)/,session.parquet run.parquet power_sample.parquet sensor.parquet)
ENERGY := $(addprefix $(RUN)/,run_energy.parquet cell.parquet run_fact.parquet)
ALIGNMENT := $(RUN)/alignment.parquet
PRICED := $(addsuffix .parquet,$(addprefix $(RUN)/,price grid tariff embodied retirement retired_price price_match cost request_cost api_cost tco break_even \
    utilisation_cost tier_saving region_carbon hourly_cost))
ANALYZED := $(addprefix $(RUN)/,estimate.parquet comparison.parquet omnibus.parquet ranking.parquet verdict.parquet \
    decision.parquet finding.parquet)
REPORT := $(addprefix $(RUN)/,report.html report.md report.json)

.PHONY: FORCE
$(OWN_TABLES) $(LIST) &: $(if $(CURRENT),,FORCE) | $(BIN)/own-config
	@$(OWN_CONFIG)

.PHONY: all
all: $(REPORT) ## measure, derive, analyse, and write data/run/report.html

$(REPORT) &: $(MEASURED) $(ENERGY) $(ALIGNMENT) $(PRICED) $(ANALYZED) $(BESIDE) $(APPENDIX) $(OWN)/render.toml stages/render/draw.py $(BIN)/render | $(BUNDLE)
	$(BIN)/render --config $(PIPELINE) --read $(MEASURED) $(ENERGY) $(ALIGNMENT) $(PRICED) $(ANALYZED) --python $(PYTHON) \
	    --draw stages/render/draw.py --bundle $(BUNDLE) --into $(RUN) $(BESIDE:%=--beside %) \
	    $(if $(APPENDIX),$(foreach word,$(SHOW_APPENDIX),$(call quoted,$(word))))

$(ANALYZED) &: $(MEASURED) $(ENERGY) $(ALIGNMENT) $(PRICED) $(OWN)/analyze.toml $(BIN)/analyze
	$(BIN)/analyze --config $(PIPELINE) --read $(filter %.parquet,$^) --write $(ANALYZED)

TO_PRICE := $(addprefix $(RUN)/,session.parquet run.parquet cell.parquet run_fact.parquet)

PRICED_WITH := $(LIST) $(OWN)/derive-costs.toml

$(PRICED) &: $(TO_PRICE) $(PRICED_WITH) $(BIN)/derive-costs
	@$(INPUTS); show $(BIN)/derive-costs --config $(PIPELINE) --read $(TO_PRICE) "$${inputs[@]}" "$${without[@]}" --write $(PRICED)

$(ENERGY) $(ALIGNMENT) &: $(MEASURED) $(OWN)/join-telemetry.toml $(BIN)/join-telemetry
	$(BIN)/join-telemetry --config $(PIPELINE) --read $(MEASURED) --write $(ENERGY) $(ALIGNMENT)

ifeq ($(MEASURE),no)
$(MEASURED):
	@echo "$@: nothing was measured yet, run \`make all\`" >&2; exit 1
else ifeq ($(IMPORT),)
# A new build of `collect` does not measure again; a changed [collect] does. Interrupted, it goes on where it was.
$(MEASURED) &: $(OWN)/collect.toml | $(COLLECTING) .venv/.ready
	$(COLLECT) run --config $(PIPELINE) $(INSTALLED) --cache $(CACHE) --journal $(RUN)/journal --write $(MEASURED)
else
# Importing is cheap, so a new build imports again: its contracts may be new.
$(MEASURED) &: $(IMPORT)/session.csv $(IMPORT)/run.csv $(IMPORT)/power_sample.csv $(BIN)/import
	$(BIN)/import tables $(filter %.csv,$^) --into $(RUN)
endif

.PHONY: import
import: $(BIN)/import ## bring your own results: RUNS="vllm.json" POWER="gpu.csv" [RUN=data/run/mine] [IMPORT_OPTIONS="--tz Europe/Berlin"]
	@[ -n $(call quoted,$(RUNS)) ] || { echo "import: nothing to import, RUNS is empty, name results: make import RUNS=vllm.json POWER=gpu.csv" >&2; exit 1; }
	@[ "$(RUN)" != data/run ] || [ ! -d data/run/journal ] || { echo "import: data/run holds measured runs, choose another folder: RUN=data/run/mine" >&2; exit 1; }
	rm -f $(addprefix $(RUN)/,power_sample.parquet sensor.parquet imported-price.csv)
	@$(WORDS); list $(call quoted,$(IMPORT_OPTIONS)); options=("$${list[@]}"); list $(call quoted,$(RUNS_OPTIONS)); own=("$${list[@]}"); \
	    list $(call quoted,$(RUNS)); show $(BIN)/import runs "$${list[@]}" --into $(RUN) "$${options[@]}" "$${own[@]}"
	@$(WORDS); list $(call quoted,$(IMPORT_OPTIONS)); options=("$${list[@]}"); list $(call quoted,$(POWER_OPTIONS)); own=("$${list[@]}"); \
	    list $(call quoted,$(POWER)); \
	    $(if $(POWER),show $(BIN)/import power "$${list[@]}" --into $(RUN) "$${options[@]}" "$${own[@]}",:)
	@prices=$(call quoted,$(PRICES)); without=; \
	    if [ -e $(RUN)/imported-price.csv ]; then prices+=" $(RUN)/imported-price.csv"; without=own.csv; fi; \
	    $(MAKE) --no-print-directory all RUN=$(RUN) PIPELINE=$(IMPORT_PIPELINE) MEASURE=no PRICES="$$prices" WITHOUT="$$without"

TR119 := data/inputs/tr119
study = $(call found,$(TR119)/$(1),-name '*.sql')
TR119_TABLES := $(patsubst $(TR119)/$(TABLES)/%.sql,$(RUN)/$(TABLES)/%.csv,$(call study,$(TABLES)))
TR119_OWN := $(patsubst $(TR119)/own/%.sql,data/run/tr119-own/own/%.csv,$(call study,own))

.PHONY: tr119
tr119: ## the published study from its own tables, its tables again as CSV, and ours beside them
	$(MAKE) --no-print-directory tr119-tables TABLES=own RUN=data/run/tr119-own PIPELINE=$(TR119)/own.toml IMPORT=$(TR119) \
	    GRID=$(call quoted,$(GRID) $(TR119)/grid.csv)
	$(MAKE) --no-print-directory tr119-tables RUN=data/run/tr119 PIPELINE=$(TR119)/pipeline.toml IMPORT=$(TR119) \
	    PRICES=$(TR119)/price.csv GRID=$(TR119)/grid.csv TARIFFS= EMBODIED= RETIRED=
	$(MAKE) --no-print-directory all RUN=data/run/tr119 PIPELINE=$(TR119)/pipeline.toml IMPORT=$(TR119) \
	    PRICES=$(TR119)/price.csv GRID=$(TR119)/grid.csv TARIFFS= EMBODIED= RETIRED= \
	    APPENDIX="$(TR119)/appendix.toml $(patsubst $(TR119)/tables/%.sql,data/run/tr119/tables/%.csv,$(call study,tables)) $(TR119_OWN)" \
	    SHOW_APPENDIX="--appendix $(TR119)/appendix.toml --theirs data/run/tr119/tables --ours data/run/tr119-own/own"

.PHONY: tr119-tables
tr119-tables: $(TR119_TABLES)

$(RUN)/$(TABLES)/%.csv: $(TR119)/$(TABLES)/%.sql $(PRICED) $(ANALYZED) $(BIN)/query
	$(BIN)/query --run $(RUN) --file $< --format csv --output $@

.PHONY: reprice run-costs
reprice: ## costs, analysis and report again, without measuring; PRICES=file.csv for other prices
	$(MAKE) --no-print-directory all MEASURE=no

run-costs: $(RUN)/run_cost.parquet ## every run at every price, beside the cells of `cost`

$(RUN)/run_cost.parquet: $(TO_PRICE) $(PRICED_WITH) $(BIN)/derive-costs
	@$(INPUTS); show $(BIN)/derive-costs --config $(PIPELINE) --read $(TO_PRICE) "$${inputs[@]}" "$${without[@]}" --write $@

.PHONY: tr119-matrix
tr119-matrix: tr119 ## the study's whole matrix on the backends that this machine has, beside the published numbers
	$(MAKE) --no-print-directory all RUN=data/run/tr119-matrix PIPELINE=$(TR119)/matrix.toml \
	    BESIDE=data/run/tr119/estimate.parquet

.PHONY: dry-run doctor backends
dry-run: $(COLLECTING) ## the matrix, the order and the expected time; measures nothing
	$(COLLECT) run --dry-run --config $(PIPELINE) $(INSTALLED) --cache $(CACHE) --journal $(RUN)/journal

doctor: $(COLLECTING) .venv/.ready ## check engines, model, sensors, permissions, clock and disk
	$(COLLECT) doctor --config $(PIPELINE) $(INSTALLED) --cache $(CACHE)

backends: $(COLLECTING) ## all backends, and which can run on this machine
	$(COLLECT) backends $(INSTALLED)

.PHONY: config
config: $(BIN)/own-config ## every value that holds with PIPELINE, the defaults included
	@$(BIN)/own-config $(PIPELINE)

.PHONY: build
build: $(BINARIES) ## build every stage

define BINARY
$(BIN)/$(1): $(call found,schemas stages/protocol stages/energy-join stages/stats stages/sensor stages/recombine stages/$(1),-not -name '*.slt' -not -name draw.py -not -name test_worker.py) Cargo.toml Cargo.lock
	$(CARGO) build --release --locked --workspace --bins
	@touch $$@
endef
$(foreach stage,$(STAGES),$(eval $(call BINARY,$(stage))))

$(BIN)/own-config: $(call found,schemas,) Cargo.toml Cargo.lock
	$(CARGO) build --release --locked --workspace --bins
	@touch $@

.PHONY: setup
setup: .venv/.ready $(BUNDLE) ## install the pinned model and libraries into .venv

.venv/.ready: stages/worker/requirements.txt stages/render/requirements.txt
	$(PYTHON3) -m venv .venv
	$(PYTHON) $(PIP_INSTALL) $(^:%=-r %)
	@touch $@

PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all:

.PHONY: transformers onnxruntime-gpu
transformers: .venv-transformers/.ready ## install torch and transformers (6 GB) for the transformers-* backends
onnxruntime-gpu: .venv-gpu/.ready ## install onnxruntime-gpu and NVIDIA's libraries (3 GB)

.venv-transformers/.ready: stages/worker/transformers/requirements.txt
.venv-gpu/.ready: stages/worker/onnxruntime-gpu.txt
.venv-cuda/.ready: stages/worker/cuda.txt
.venv-test/.ready: tests/requirements.txt
.venv-join/.ready: tests/bench/join/requirements.txt
.venv-scipy/.ready: tests/bench/bootstrap/requirements.txt
.venv-import/.ready: tests/bench/import/requirements.txt
.venv-transformers/.ready .venv-gpu/.ready .venv-cuda/.ready .venv-test/.ready .venv-join/.ready .venv-scipy/.ready \
    .venv-import/.ready:
	$(PYTHON3) -m venv $(@D)
	$(@D)/bin/python $(PIP_INSTALL) -r $<
	@touch $@

# candle for CUDA is a build of `worker` of its own; the other one needs no CUDA library. NVIDIA's compiler and libraries come from
# PyPI too. The kernels are compiled for a compute capability and run on that or newer GPUs.
CUDA_COMPUTE_CAP ?= 80
TOOLKIT := $(CURDIR)/.venv-cuda/lib/python3.11/site-packages/nvidia/cu13

.PHONY: cuda
cuda: .venv-cuda/.ready ## build the worker for candle-gpu, with NVIDIA's compiler from PyPI (1 GB)
	stages/worker/cuda-links $(TOOLKIT)
	PATH="$(TOOLKIT)/bin:$$PATH" CUDA_HOME=$(TOOLKIT) CUDA_PATH=$(TOOLKIT) CUDA_ROOT=$(TOOLKIT) CUDA_COMPUTE_CAP=$(CUDA_COMPUTE_CAP) \
	    RUSTFLAGS="-L native=$(TOOLKIT)/lib -L native=$(TOOLKIT)/lib/stubs -C link-arg=-Wl,-rpath,$(TOOLKIT)/lib" \
	    $(CARGO) build --release --locked -p worker --features cuda --target-dir target/cuda
	cp target/cuda/release/worker $(BIN)/worker-cuda

.PHONY: gpu-pack gpu-check
GPU_PACK := $(CACHE)/gpu-pack
gpu-pack: $(BINARIES) .venv/.ready .venv-gpu/.ready ## what gpu-check needs on a machine with an NVIDIA GPU and nothing else, as a folder and a tar
	stages/collect/gpu-pack $(GPU_PACK) $(BIN) $(SITE_PACKAGES) .venv-gpu/lib/python3.11/site-packages $(TOOLKIT) $(PIPELINE) $(TR119)/matrix.toml

gpu-check: gpu-pack ## on a machine with an NVIDIA GPU: what its power readings are, and its CUDA backends, into docs/hardware
	$(GPU_PACK)/gpu-check docs/hardware

$(BUNDLE): stages/render/draw.py .venv/.ready
	@mkdir -p $(@D)
	$(PYTHON) stages/render/draw.py bundle $@

BROWSER := tests/browser/node_modules/.ready

.PHONY: test
test: $(BINARIES) setup .venv-test/.ready $(BROWSER) ## run all tests; as root it installs a browser where there is none
	$(CARGO) test --release --locked --workspace

$(BROWSER): tests/browser/package.json tests/browser/package-lock.json
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
	@command -v chromium >/dev/null || { \
	    [ "$$(id -u)" = 0 ] || { echo "test: chromium: not found, and you are not root, install chromium and fonts-dejavu-core and run it again" >&2; exit 1; }; \
	    echo "test: chromium is missing: installing Debian's chromium and fonts-dejavu-core as root, with apt-get" >&2; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; }
	@touch $@

.PHONY: test-transformers
test-transformers: $(BINARIES) setup .venv-transformers/.ready ## tests that need torch and transformers
	.venv-transformers/bin/python stages/worker/transformers/test_worker.py
	$(CARGO) test --release --locked --workspace --test suite -- --ignored

.PHONY: bench
bench: $(COLLECTING) setup ## speed of the engines side by side, ratios to their peers
	$(PYTHON) tests/bench/engines.py

.PHONY: bench-join
bench-join: $(BIN)/query $(BIN)/examples/decode .venv-join/.ready ## speed of the energy join beside DuckDB and Polars
	.venv-join/bin/python -B tests/bench/join/bench.py

.PHONY: bench-reprice
bench-reprice: $(BIN)/query .venv-join/.ready ## speed of re-pricing beside DuckDB and Polars
	.venv-join/bin/python -B tests/bench/reprice/bench.py

.PHONY: bench-import
bench-import: $(BIN)/import .venv-import/.ready ## speed of importing a power log beside pandas and Polars
	.venv-import/bin/python -B tests/bench/import/bench.py

.PHONY: bench-journal
bench-journal: $(BIN)/collect ## time and peak memory of the tables of a night of samples (14 million)
	$(PYTHON3) -B tests/bench/journal/bench.py $(BIN)

$(BIN)/examples/decode: tests/examples/decode.rs Cargo.lock
	$(CARGO) build --release --locked --workspace --example decode
	@touch $@

$(BIN)/examples/seal: tests/examples/seal.rs $(call found,schemas/src,-name '*.rs') Cargo.lock
	$(CARGO) build --release --locked --workspace --example seal
	@touch $@

.PHONY: bench-seal
bench-seal: $(BIN)/examples/seal ## cost of the seal: hashing a table of 100 million readings beside reading it
	@mkdir -p $(CACHE) && work=$$(mktemp -d -p $(CACHE)) && { $(BIN)/examples/seal "$$work"; status=$$?; rm -rf "$$work"; exit $$status; }

.PHONY: bench-bootstrap
bench-bootstrap: $(BIN)/examples/bootstrap .venv-scipy/.ready ## speed of the bootstrap beside SciPy
	.venv-scipy/bin/python -B tests/bench/bootstrap/bench.py

$(BIN)/examples/bootstrap: $(call found,stages/stats/src,-name '*.rs') stages/stats/examples/bootstrap.rs Cargo.lock
	$(CARGO) build --release --locked --workspace --example bootstrap
	@touch $@

.PHONY: bench-analysis
bench-analysis: $(BINARIES) .venv-scipy/.ready ## speed and memory of the analysis of a million runs beside SciPy
	.venv-scipy/bin/python -B tests/bench/analysis/bench.py

.PHONY: bench-render
bench-render: $(BINARIES) setup ## time, memory and size of the report of a million runs
	$(PYTHON) -B tests/bench/render/bench.py

.PHONY: screenshots
screenshots: $(BROWSER) ## the two pictures of README, from data/run/report.html
	node tests/browser/screenshots.mjs $(RUN)/report.html docs

.PHONY: bench-truth
bench-truth: $(BINARIES) ## how often stated errors hold and tests err, with known truth through all stages (8 minutes)
	$(PYTHON3) -B tests/bench/truth/energy.py $(BIN) import.toml
	$(PYTHON3) -B tests/bench/truth/statistics.py $(BIN) pipeline.toml

# Trials of each kind in `make attack`, their seed, and what is attacked.
TRIALS ?= 100
SEED ?= 1
SECTIONS ?= journal attest render kills signals two disk clock durable queries make names strangers config

.PHONY: attack
attack: $(BINARIES) setup .venv-test/.ready ## flipped bits, torn journals, hostile workers, servers and sensors, kills: what is lost or silently different (minutes)
	TALLYWATT_FLIPS=10000 $(CARGO) test --release --locked --workspace --test suite -- --nocapture no_flipped_bit
	@$(WORDS); list $(call quoted,$(SECTIONS)); \
	    show .venv-test/bin/python -B tests/attack $(BIN) --seed $(call quoted,$(SEED)) --trials $(call quoted,$(TRIALS)) "$${list[@]}"

# `yes`: one cell of each column is altered, and exactly these are to be found.
ALTERED ?=

.PHONY: recompute
recompute: .venv-test/.ready ## every cell of a finished run again, in Python and without SQL [RUN=data/run/ci PIPELINE=tests/fixtures/short.toml]
	@$(INPUTS); .venv-test/bin/python -B tests/recompute/recompute.py $(RUN) $(PIPELINE) "$${inputs[@]}" $(if $(ALTERED),--altered)

.PHONY: bench-calibration
bench-calibration: ## false alarms and coverage in simulated experiments whose truth is known
	$(CARGO) test --release --locked --workspace -- --nocapture errors_are_as_stated

.PHONY: bench-accuracy
bench-accuracy: ## how often the stated errors of energies hold, sensor by sensor
	$(CARGO) test --release --locked --workspace --test suite -- --nocapture stated_errors_hold

# Seconds that each reader is given in `make fuzz`, and KiB that all of them may take.
FUZZ_SECONDS ?= 600
FUZZ_MEMORY ?= 4000000

.PHONY: fuzz
fuzz: ## arbitrary and mutated bytes into every reader of imports, FUZZ_SECONDS each
	$(CARGO) test --release --locked --workspace --bin import --no-run
	ulimit -v $(FUZZ_MEMORY); TALLYWATT_FUZZ_SECONDS=$(FUZZ_SECONDS) \
	    $(CARGO) test --release --locked --workspace --bin import -- --nocapture --test-threads 1 fuzzed_

.PHONY: lint
lint: ## formatting, clippy
	$(CARGO) fmt --all --check
	rustfmt --edition 2024 --check stages/import/src/*/*.rs # declared by a macro, which cargo fmt does not read
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

# Of one version, so that a new one does not stop an old build. Building it takes minutes.
DENY := 0.20.2

.PHONY: deny
deny: ## licences, sources, bans and known vulnerabilities of all packages (deny.toml); installs cargo-deny, for which it needs the network
	cargo deny --version 2>/dev/null | grep -qxF 'cargo-deny $(DENY)' || $(CARGO) install cargo-deny --locked --version $(DENY)
	$(CARGO) deny --locked check

.PHONY: schema
schema: ## rewrite schemas/SCHEMA.md from the contracts
	$(CARGO) run --release --locked -p schemas --bin schema-md > schemas/SCHEMA.md.new && mv schemas/SCHEMA.md.new schemas/SCHEMA.md

.PHONY: clean
clean: ## remove tables and reports, keep what was measured
	rm -rf $(RUN)/*.parquet $(RUN)/report $(RUN)/report.* $(RUN)/charts $(RUN)/csv $(RUN)/tables $(RUN)/tr119
	rm -rf $(RUN)/.*.partial $(RUN)/.*.aside $(RUN)/.report.before
	@[ ! -d $(CACHE) ] || find $(CACHE) -maxdepth 1 -name '.*.partial' -mmin +60 -exec rm -rf {} +

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 18
