# What is installed beside the binaries: Python packages by version and hash, engines for GPUs, what draws charts.

# Any Python from 3.11 on; hashes are those of the wheels for 3.11 to 3.14.
ifeq ($(origin PYTHON3),undefined)
PYTHON3 := $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,\
    $(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
endif
PYTHON := .venv/bin/python

.PHONY: setup
setup: .venv/.ready $(BUNDLE) ## install the pinned model and libraries into .venv

.venv/.ready: stages/worker/requirements.txt stages/render/requirements.txt

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
.venv/.ready .venv-transformers/.ready .venv-gpu/.ready .venv-cuda/.ready .venv-test/.ready .venv-join/.ready .venv-scipy/.ready \
    .venv-import/.ready .venv-dist/.ready:
	$(if $(PYTHON3),,$(error setup: no Python of version 3.11 or later, install one or name it: PYTHON3=/path/to/python))
	$(PYTHON3) -m venv --clear $(@D)
	$(@D)/bin/python $(PIP_INSTALL) $(^:%=-r %)
	ln -s "$$(cd $(@D) && echo lib/python3.*/site-packages)" $(@D)/site-packages
	@touch $@

# candle for CUDA is a build of `worker` of its own; the other one needs no CUDA library. NVIDIA's compiler and libraries come from
# PyPI too. The kernels are compiled for a compute capability and run on that or newer GPUs.
CUDA_COMPUTE_CAP ?= 80
TOOLKIT := $(CURDIR)/.venv-cuda/site-packages/nvidia/cu13

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
	stages/collect/gpu-pack $(GPU_PACK) $(BIN) $(SITE_PACKAGES) .venv-gpu/site-packages $(TOOLKIT) $(PIPELINE) $(TR119)/matrix.toml

gpu-check: gpu-pack ## on a machine with an NVIDIA GPU: what its power readings are, and its CUDA backends, into docs/hardware
	$(GPU_PACK)/gpu-check docs/hardware

$(BUNDLE): stages/render/draw.py .venv/.ready
	@mkdir -p $(@D)
	$(PYTHON) stages/render/draw.py bundle $@

.PHONY: dry-run doctor backends
dry-run: $(COLLECTING) ## the matrix, the order and the expected time; measures nothing
	$(COLLECT) run --dry-run --config $(PIPELINE) $(INSTALLED) --cache $(CACHE) --journal $(RUN)/journal

doctor: $(COLLECTING) .venv/.ready ## check engines, model, sensors, permissions, clock and disk
	$(COLLECT) doctor --config $(PIPELINE) $(INSTALLED) --cache $(CACHE)

backends: $(COLLECTING) ## all backends, and which can run on this machine
	$(COLLECT) backends $(INSTALLED)
