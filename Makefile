# The only file that knows which table is made from which. `make help` lists what can be asked for; how it is done is in make/.
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

include make/names.mk make/build.mk

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

.PHONY: reprice run-costs
reprice: ## costs, analysis and report again, without measuring; PRICES=file.csv for other prices
	$(MAKE) --no-print-directory all MEASURE=no

run-costs: $(RUN)/run_cost.parquet ## every run at every price, beside the cells of `cost`

$(RUN)/run_cost.parquet: $(TO_PRICE) $(PRICED_WITH) $(BIN)/derive-costs
	@$(INPUTS); show $(BIN)/derive-costs --config $(PIPELINE) --read $(TO_PRICE) "$${inputs[@]}" "$${without[@]}" --write $@

.PHONY: clean
clean: ## remove tables and reports, keep what was measured
	rm -rf $(RUN)/*.parquet $(RUN)/report $(RUN)/report.* $(RUN)/charts $(RUN)/csv $(RUN)/tables $(RUN)/tr119
	rm -rf $(RUN)/.*.partial $(RUN)/.*.aside $(RUN)/.report.before
	@[ ! -d $(CACHE) ] || find $(CACHE) -maxdepth 1 -name '.*.partial' -mmin +60 -exec rm -rf {} +

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 18

include make/setup.mk make/import.mk make/study.mk make/test.mk make/bench.mk make/dist.mk
