# Binaries, and what of the configuration concerns which stage.

SITE_PACKAGES := .venv/site-packages
BUNDLE := $(CACHE)/vega-embed.js
CARGO ?= cargo
BIN := target/release
STAGES := worker collect import join-telemetry derive-costs analyze render query
BINARIES := $(STAGES:%=$(BIN)/%) $(BIN)/own-config $(BIN)/tallywatt
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
INSTALLED := --site-packages $(SITE_PACKAGES) --gpu-site-packages .venv-gpu/site-packages \
    --transformers .venv-transformers/bin/python
COLLECT := $(BIN)/collect
# It starts the other, which holds the engines, from its own folder.
COLLECTING := $(BIN)/collect $(BIN)/worker

.PHONY: config
config: $(BIN)/own-config ## every value that holds with PIPELINE, the defaults included
	@$(BIN)/own-config $(PIPELINE)

.PHONY: build
build: $(BINARIES) ## build every stage

define BINARY
$(BIN)/$(1): stages/embed.rs $(call found,schemas stages/protocol stages/energy-join stages/stats stages/sensor stages/recombine stages/$(1),-not -name '*.slt' -not -name draw.py -not -name test_worker.py) Cargo.toml Cargo.lock
	$(CARGO) build --release --locked --workspace --bins
	@touch $$@
endef
$(foreach stage,$(STAGES),$(eval $(call BINARY,$(stage))))

# One command over all of them, with what it carries.
$(BIN)/tallywatt: $(STAGES:%=$(BIN)/%) $(call found,stages/tallywatt,) $(call found,data/inputs,) pipeline.toml import.toml stages/render/draw.py
	$(CARGO) build --release --locked --workspace --bins
	@touch $@

$(BIN)/own-config: $(call found,schemas,) Cargo.toml Cargo.lock
	$(CARGO) build --release --locked --workspace --bins
	@touch $@

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
