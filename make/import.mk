# What other tools measured.

# What other tools measured: results of benchmarks and logs of power, each format recognised (docs/imports).
RUNS ?=
POWER ?=
IMPORT_OPTIONS ?=
# Options that one of the two takes alone.
RUNS_OPTIONS ?=
POWER_OPTIONS ?=
# What was said with --usd-per-hour takes the place of a machine that costs its electricity alone. Limits that fit loggers.
IMPORT_PIPELINE ?= import.toml
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
