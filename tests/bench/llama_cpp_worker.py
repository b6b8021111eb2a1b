"""Worker for llama.cpp, through the low-level functions of llama-cpp-python: backends `llama.cpp-q4_1`, which reads the
GGUF file as it is, and `llama.cpp-f32`, which reads an f32 copy of it, made once in the scratch folder.

    python llama_cpp_worker.py

It speaks the requests of ../../stages/protocol/PROTOCOL.md that engines.py sends.
"""

from __future__ import annotations

import ctypes
import os
import pathlib
from typing import Any

import llama_cpp
import numpy as np
import worker_loop

CONTEXT = 256  # columns: a prompt and its new tokens fit


class Engine(worker_loop.Engine):
    def __init__(self, load: dict[str, Any]) -> None:
        os.sched_setaffinity(0, load["cpus"] or os.sched_getaffinity(0))
        llama_cpp.llama_backend_init()
        file = pathlib.Path(load["model"]["files"]["gguf"])
        if load["backend"] == "llama.cpp-f32":
            file = in_f32(file, pathlib.Path(load["scratch"], f"{load['model']['sha256'][:16]}-llama.cpp-f32.gguf"))
        self.model = llama_cpp.llama_model_load_from_file(bytes(file), llama_cpp.llama_model_default_params())
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = CONTEXT
        parameters.n_threads = parameters.n_threads_batch = load["threads"]
        self.context = self.model and llama_cpp.llama_init_from_model(self.model, parameters)
        if not self.context:
            raise RuntimeError(f"{file}: llama.cpp cannot load it")
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.vocabulary = load["model"]["vocabulary"]
        self.batch = llama_cpp.llama_batch_init(CONTEXT, 0, 1)
        described = ctypes.create_string_buffer(128)
        llama_cpp.llama_model_desc(self.model, described, len(described))
        self.attestation = {
            "library": f"llama.cpp of llama-cpp-python {llama_cpp.__version__}",
            "threads": llama_cpp.llama_n_threads_batch(self.context),
            "graph": f"{described.value.decode()}, {llama_cpp.llama_model_size(self.model) / 1e6:.0f} MB",
            "blas": llama_cpp.llama_print_system_info().decode().strip(),
        }

    def clear(self) -> None:
        llama_cpp.llama_memory_clear(self.memory, False)

    def forward(self, ids: list[int], past: int, keep: bool) -> int:
        batch = self.batch
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i] = token
            batch.pos[i] = past + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = i == len(ids) - 1
        if status := llama_cpp.llama_decode(self.context, batch):
            raise RuntimeError(f"llama_decode returned {status}")
        logits = llama_cpp.llama_get_logits_ith(self.context, -1)
        return int(np.ctypeslib.as_array(logits, (self.vocabulary,)).argmax())


def in_f32(file: pathlib.Path, copy: pathlib.Path) -> pathlib.Path:
    """The same weights, every block written out as f32."""
    if not copy.exists():
        parameters = llama_cpp.llama_model_quantize_default_params()
        parameters.ftype = llama_cpp.LLAMA_FTYPE_ALL_F32
        parameters.allow_requantize = True
        unfinished = copy.with_suffix(f".{os.getpid()}")
        if llama_cpp.llama_model_quantize(bytes(file), bytes(unfinished), ctypes.byref(parameters)):
            raise RuntimeError(f"{file}: llama.cpp cannot write it in f32")
        unfinished.rename(copy)
    return copy


if __name__ == "__main__":
    worker_loop.serve(Engine)
