# The published study TR119.

# Which of the study's tables: `tables` by its definitions, `own` by ours.
TABLES ?= tables

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

.PHONY: tr119-matrix
tr119-matrix: tr119 ## the study's whole matrix on the backends that this machine has, beside the published numbers
	$(MAKE) --no-print-directory all RUN=data/run/tr119-matrix PIPELINE=$(TR119)/matrix.toml \
	    BESIDE=data/run/tr119/estimate.parquet
