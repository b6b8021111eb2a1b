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
PRICES ?= $(wildcard data/inputs/prices/*.csv)
GRID ?= $(wildcard data/inputs/grid/*.csv)
TARIFFS ?= $(wildcard data/inputs/tariffs/*.csv)
EMBODIED ?= $(wildcard data/inputs/embodied/*.csv)
# What can no longer be rented.
RETIRED ?= $(wildcard data/inputs/retired/*.csv)

PYTHON3 ?= python3.11
PYTHON := .venv/bin/python
SITE_PACKAGES := .venv/lib/python3.11/site-packages
BUNDLE := $(CACHE)/vega-embed.js
CARGO ?= cargo
BIN := target/release
STAGES := collect join-telemetry derive-costs analyze render query
BINARIES := $(STAGES:%=$(BIN)/%)
export TALLYWATT_COMMIT := $(shell git describe --always --abbrev=40 --dirty 2>/dev/null || echo unknown)

# Each stage's own tables of pipeline.toml, rewritten only when they changed.
OWN := $(RUN)/.config
SPLIT := $(shell stages/own-config $(PIPELINE) $(OWN))
# Which files are priced with, rewritten only when the list changed: other files are other prices, however old they are.
LIST := $(OWN)/derive-costs.inputs
LISTED := $(shell printf '%s\n' $(PRICES) $(GRID) $(TARIFFS) $(EMBODIED) $(RETIRED) | cmp -s - $(LIST) || \
    printf '%s\n' $(PRICES) $(GRID) $(TARIFFS) $(EMBODIED) $(RETIRED) > $(LIST))

# Where engines are installed: the first by `make all`, the others on demand.
INSTALLED := --site-packages $(SITE_PACKAGES) --gpu-site-packages .venv-gpu/lib/python3.11/site-packages \
    --transformers .venv-transformers/bin/python
COLLECT := $(BIN)/collect

MEASURED := $(addprefix $(RUN)/,session.parquet run.parquet power_sample.parquet sensor.parquet)
ENERGY := $(RUN)/run_energy.parquet
ALIGNMENT := $(RUN)/alignment.parquet
PRICED := $(addsuffix .parquet,$(addprefix $(RUN)/,price grid tariff embodied retirement retired_price price_match cost request_cost api_cost tco break_even \
    utilisation_cost tier_saving region_carbon hourly_cost))
ANALYZED := $(addprefix $(RUN)/,estimate.parquet comparison.parquet omnibus.parquet ranking.parquet verdict.parquet \
    decision.parquet finding.parquet)
REPORT := $(addprefix $(RUN)/,report.html report.md report.json)

.PHONY: all
all: $(REPORT) ## measure, derive, analyse, and write data/run/report.html

$(REPORT) &: $(MEASURED) $(ENERGY) $(ALIGNMENT) $(PRICED) $(ANALYZED) $(BESIDE) $(APPENDIX) $(OWN)/render.toml stages/render/draw.py $(BIN)/render | $(BUNDLE)
	$(BIN)/render --config $(PIPELINE) --read $(MEASURED) $(ENERGY) $(ALIGNMENT) $(PRICED) $(ANALYZED) --python $(PYTHON) \
	    --draw stages/render/draw.py --bundle $(BUNDLE) --into $(RUN) $(BESIDE:%=--beside %) $(if $(APPENDIX),$(SHOW_APPENDIX))

$(ANALYZED) &: $(MEASURED) $(ENERGY) $(ALIGNMENT) $(PRICED) $(OWN)/analyze.toml $(BIN)/analyze
	$(BIN)/analyze --config $(PIPELINE) --read $(filter %.parquet,$^) --write $(ANALYZED)

TO_PRICE := $(RUN)/session.parquet $(RUN)/run.parquet $(ENERGY)

PRICED_WITH := $(PRICES) $(GRID) $(TARIFFS) $(EMBODIED) $(RETIRED) $(LIST) $(OWN)/derive-costs.toml

$(PRICED) &: $(TO_PRICE) $(PRICED_WITH) $(BIN)/derive-costs
	$(BIN)/derive-costs --config $(PIPELINE) --read $(TO_PRICE) --prices $(PRICES) --grid $(GRID) $(TARIFFS:%=--tariffs %) \
	    $(EMBODIED:%=--embodied %) $(RETIRED:%=--retired %) --write $(PRICED)

$(ENERGY) $(ALIGNMENT) &: $(MEASURED) $(OWN)/join-telemetry.toml $(BIN)/join-telemetry
	$(BIN)/join-telemetry --config $(PIPELINE) --read $(MEASURED) --write $(ENERGY) $(ALIGNMENT)

ifeq ($(MEASURE),no)
$(MEASURED):
	@echo "$@: nothing was measured yet, run \`make all\`" >&2; exit 1
else ifeq ($(IMPORT),)
# A new build of `collect` does not measure again; a changed [collect] does. Interrupted, it goes on where it was.
$(MEASURED) &: $(OWN)/collect.toml | $(BIN)/collect .venv/.ready
	$(COLLECT) run --config $(PIPELINE) $(INSTALLED) --cache $(CACHE) --journal $(RUN)/journal --write $(MEASURED)
else
# Importing is cheap, so a new build imports again: its contracts may be new.
$(MEASURED) &: $(IMPORT)/session.csv $(IMPORT)/run.csv $(IMPORT)/power_sample.csv $(BIN)/collect
	$(BIN)/collect import $(filter %.csv,$^) --into $(RUN)
endif

# What other tools measured: results of benchmarks and logs of power, each format recognised (docs/imports).
RUNS ?=
POWER ?=
IMPORT_OPTIONS ?=
# Options that one of the two takes alone.
RUNS_OPTIONS ?=
POWER_OPTIONS ?=

.PHONY: import
import: $(BIN)/collect ## bring your own results: RUNS="vllm.json" POWER="gpu.csv" [RUN=data/run/mine] [IMPORT_OPTIONS="--tz Europe/Berlin"]
	@[ -n "$(RUNS)" ] || { echo "import: nothing to import, RUNS is empty, name results: make import RUNS=vllm.json POWER=gpu.csv" >&2; exit 1; }
	@[ "$(RUN)" != data/run ] || [ ! -d data/run/journal ] || { echo "import: data/run holds measured runs, choose another folder: RUN=data/run/mine" >&2; exit 1; }
	rm -f $(addprefix $(RUN)/,power_sample.parquet sensor.parquet imported-price.csv)
	$(BIN)/collect import runs $(RUNS) --into $(RUN) $(IMPORT_OPTIONS) $(RUNS_OPTIONS)
	$(if $(POWER),$(BIN)/collect import power $(POWER) --into $(RUN) $(IMPORT_OPTIONS) $(POWER_OPTIONS))
	$(MAKE) --no-print-directory all RUN=$(RUN) PIPELINE=$(IMPORT_PIPELINE) MEASURE=no \
	    PRICES="$$([ -e $(RUN)/imported-price.csv ] && echo $(filter-out %/own.csv,$(PRICES)) $(RUN)/imported-price.csv || echo $(PRICES))"
# What was said with --usd-per-hour takes the place of a machine that costs its electricity alone. Limits that fit loggers.
IMPORT_PIPELINE ?= import.toml

TR119 := data/inputs/tr119
# Which of the study's tables: `tables` by its definitions, `own` by ours.
TABLES ?= tables
TR119_TABLES := $(patsubst $(TR119)/$(TABLES)/%.sql,$(RUN)/$(TABLES)/%.csv,$(wildcard $(TR119)/$(TABLES)/*.sql))
TR119_OWN := $(patsubst $(TR119)/own/%.sql,data/run/tr119-own/own/%.csv,$(wildcard $(TR119)/own/*.sql))

.PHONY: tr119
tr119: ## the published study from its own tables, its tables again as CSV, and ours beside them
	$(MAKE) --no-print-directory tr119-tables TABLES=own RUN=data/run/tr119-own PIPELINE=$(TR119)/own.toml IMPORT=$(TR119) \
	    GRID="$(GRID) $(TR119)/grid.csv"
	$(MAKE) --no-print-directory tr119-tables RUN=data/run/tr119 PIPELINE=$(TR119)/pipeline.toml IMPORT=$(TR119) \
	    PRICES=$(TR119)/price.csv GRID=$(TR119)/grid.csv TARIFFS= EMBODIED= RETIRED=
	$(MAKE) --no-print-directory all RUN=data/run/tr119 PIPELINE=$(TR119)/pipeline.toml IMPORT=$(TR119) \
	    PRICES=$(TR119)/price.csv GRID=$(TR119)/grid.csv TARIFFS= EMBODIED= RETIRED= \
	    APPENDIX="$(TR119)/appendix.toml $(patsubst $(TR119)/tables/%.sql,data/run/tr119/tables/%.csv,$(wildcard $(TR119)/tables/*.sql)) $(TR119_OWN)" \
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
	$(BIN)/derive-costs --config $(PIPELINE) --read $(TO_PRICE) --prices $(PRICES) --grid $(GRID) $(TARIFFS:%=--tariffs %) \
	    $(EMBODIED:%=--embodied %) $(RETIRED:%=--retired %) --write $@

.PHONY: tr119-matrix
tr119-matrix: tr119 ## the study's whole matrix on the backends that this machine has, beside the published numbers
	$(MAKE) --no-print-directory all RUN=data/run/tr119-matrix PIPELINE=$(TR119)/matrix.toml \
	    BESIDE=data/run/tr119/estimate.parquet

.PHONY: dry-run doctor backends
dry-run: $(BIN)/collect ## the matrix, the order and the expected time; measures nothing
	$(COLLECT) run --dry-run --config $(PIPELINE) $(INSTALLED) --cache $(CACHE) --journal $(RUN)/journal

doctor: $(BIN)/collect .venv/.ready ## check engines, model, sensors, permissions, clock and disk
	$(COLLECT) doctor --config $(PIPELINE) $(INSTALLED) --cache $(CACHE)

backends: $(BIN)/collect ## all backends, and which can run on this machine
	$(COLLECT) backends $(INSTALLED)

.PHONY: build
build: $(BINARIES) ## build every stage

define BINARY
$(BIN)/$(1): $(shell find schemas stages/recombine stages/$(1) -type f -not -name '*.slt' -not -name draw.py -not -name test_worker.py) Cargo.toml Cargo.lock
	$(CARGO) build --release --locked --workspace --bins
	@touch $$@
endef
$(foreach stage,$(STAGES),$(eval $(call BINARY,$(stage))))

.PHONY: setup
setup: .venv/.ready $(BUNDLE) ## install the pinned model and libraries into .venv

.venv/.ready: stages/collect/requirements.txt stages/render/requirements.txt
	$(PYTHON3) -m venv .venv
	$(PYTHON) $(PIP_INSTALL) $(^:%=-r %)
	@touch $@

PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all:

.PHONY: transformers onnxruntime-gpu
transformers: .venv-transformers/.ready ## install torch and transformers (6 GB) for the transformers-* backends
onnxruntime-gpu: .venv-gpu/.ready ## install onnxruntime-gpu and NVIDIA's libraries (3 GB)

.venv-transformers/.ready: stages/collect/transformers/requirements.txt
.venv-gpu/.ready: stages/collect/onnxruntime-gpu.txt
.venv-cuda/.ready: stages/collect/cuda.txt
.venv-test/.ready: tests/requirements.txt
.venv-join/.ready: tests/bench/join/requirements.txt
.venv-scipy/.ready: tests/bench/bootstrap/requirements.txt
.venv-import/.ready: tests/bench/import/requirements.txt
.venv-transformers/.ready .venv-gpu/.ready .venv-cuda/.ready .venv-test/.ready .venv-join/.ready .venv-scipy/.ready \
    .venv-import/.ready:
	$(PYTHON3) -m venv $(@D)
	$(@D)/bin/python $(PIP_INSTALL) -r $<
	@touch $@

# candle for CUDA is a binary of its own beside `collect`, which needs no CUDA library. NVIDIA's compiler and libraries come from
# PyPI too. The kernels are compiled for a compute capability and run on that or newer GPUs.
CUDA_COMPUTE_CAP ?= 80
TOOLKIT := $(CURDIR)/.venv-cuda/lib/python3.11/site-packages/nvidia/cu13

.PHONY: cuda
cuda: .venv-cuda/.ready ## build the worker for candle-gpu, with NVIDIA's compiler from PyPI (1 GB)
	stages/collect/cuda-links $(TOOLKIT)
	PATH="$(TOOLKIT)/bin:$$PATH" CUDA_HOME=$(TOOLKIT) CUDA_PATH=$(TOOLKIT) CUDA_ROOT=$(TOOLKIT) CUDA_COMPUTE_CAP=$(CUDA_COMPUTE_CAP) \
	    RUSTFLAGS="-L native=$(TOOLKIT)/lib -L native=$(TOOLKIT)/lib/stubs -C link-arg=-Wl,-rpath,$(TOOLKIT)/lib" \
	    $(CARGO) build --release --locked -p collect --features cuda --target-dir target/cuda
	cp target/cuda/release/collect $(BIN)/collect-cuda

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
test: $(BINARIES) setup .venv-test/.ready $(BROWSER) ## run all tests
	$(CARGO) test --release --locked --workspace

$(BROWSER): tests/browser/package.json tests/browser/package-lock.json
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
	command -v chromium >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; }
	@touch $@

.PHONY: test-transformers
test-transformers: $(BINARIES) setup .venv-transformers/.ready ## tests that need torch and transformers
	.venv-transformers/bin/python stages/collect/transformers/test_worker.py
	$(CARGO) test --release --locked --workspace --test suite -- --ignored

.PHONY: bench
bench: $(BIN)/collect setup ## speed of the engines side by side, ratios to their peers
	$(PYTHON) tests/bench/engines.py

.PHONY: bench-join
bench-join: $(BIN)/query $(BIN)/examples/decode .venv-join/.ready ## speed of the energy join beside DuckDB and Polars
	.venv-join/bin/python -B tests/bench/join/bench.py

.PHONY: bench-reprice
bench-reprice: $(BIN)/query .venv-join/.ready ## speed of re-pricing beside DuckDB and Polars
	.venv-join/bin/python -B tests/bench/reprice/bench.py

.PHONY: bench-import
bench-import: $(BIN)/collect .venv-import/.ready ## speed of importing a power log beside pandas and Polars
	.venv-import/bin/python -B tests/bench/import/bench.py

.PHONY: bench-journal
bench-journal: $(BIN)/collect ## time and peak memory of the tables of a night of samples (14 million)
	$(PYTHON3) -B tests/bench/journal/bench.py $(BIN)

$(BIN)/examples/decode: tests/examples/decode.rs Cargo.lock
	$(CARGO) build --release --locked --workspace --example decode
	@touch $@

.PHONY: bench-bootstrap
bench-bootstrap: $(BIN)/examples/bootstrap .venv-scipy/.ready ## speed of the bootstrap beside SciPy
	.venv-scipy/bin/python -B tests/bench/bootstrap/bench.py

$(BIN)/examples/bootstrap: $(wildcard stages/analyze/src/stats/*.rs) stages/analyze/examples/bootstrap.rs Cargo.lock
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

# `yes`: one cell of each column is altered, and exactly these are to be found.
ALTERED ?=

.PHONY: recompute
recompute: .venv-test/.ready ## every cell of a finished run again, in Python and without SQL [RUN=data/run/ci PIPELINE=tests/fixtures/short.toml]
	.venv-test/bin/python -B tests/recompute/recompute.py $(RUN) $(PIPELINE) --prices $(PRICES) --grid $(GRID) --tariffs $(TARIFFS) \
	    --embodied $(EMBODIED) --retired $(RETIRED) $(if $(ALTERED),--altered)

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
	$(CARGO) test --release --locked --workspace --bin collect --no-run
	ulimit -v $(FUZZ_MEMORY); TALLYWATT_FUZZ_SECONDS=$(FUZZ_SECONDS) \
	    $(CARGO) test --release --locked --workspace --bin collect -- --nocapture --test-threads 1 fuzzed_

.PHONY: lint
lint: ## formatting, clippy
	$(CARGO) fmt --all --check
	rustfmt --edition 2024 --check stages/collect/src/imports/*/*.rs # declared by a macro, which cargo fmt does not read
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

.PHONY: schema
schema: ## rewrite schemas/SCHEMA.md from the contracts
	$(CARGO) run --release --locked -p schemas --bin schema-md > schemas/SCHEMA.md.new && mv schemas/SCHEMA.md.new schemas/SCHEMA.md

.PHONY: clean
clean: ## remove tables and reports, keep what was measured
	rm -rf $(RUN)/*.parquet $(RUN)/report.* $(RUN)/charts $(RUN)/csv $(RUN)/tables $(RUN)/tr119

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 18
