# Speed and honesty, measured.

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
