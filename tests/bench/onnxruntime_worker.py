"""Worker for onnxruntime's Python binding, the peer of the backend `onnxruntime-cpu`: the same graph, the same session
options, keys and values handed from step to step as OrtValues, never as numpy arrays.

    python onnxruntime_worker.py

It speaks the requests of ../../stages/protocol/PROTOCOL.md that engines.py sends. The wheel is the one that the request
names the library of; numpy comes from the interpreter that runs this.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

import numpy as np
import worker_loop


class Engine(worker_loop.Engine):
    def __init__(self, load: dict[str, Any]) -> None:
        os.sched_setaffinity(0, load["cpus"] or os.sched_getaffinity(0))
        sys.path.append(str(pathlib.Path(load["onnxruntime"]).absolute().parents[2]))
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.intra_op_num_threads = load["threads"]
        self.session = onnxruntime.InferenceSession(load["onnx"], options, providers=["CPUExecutionProvider"])
        self.value = onnxruntime.OrtValue.ortvalue_from_numpy
        self.empty = {
            i.name: self.value(np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32))
            for i in self.session.get_inputs()
            if i.name.startswith("past_key_values.")
        }
        self.inputs = {i.name for i in self.session.get_inputs()} - self.empty.keys()
        self.outputs = [o.name for o in self.session.get_outputs()]
        self.past_names = [o.replace("present.", "past_key_values.") for o in self.outputs]
        self.kept = self.empty
        self.attestation = {
            "library": f"onnxruntime {onnxruntime.__version__} (Python)",
            "threads": self.session.get_session_options().intra_op_num_threads,
            "graph": pathlib.Path(load["onnx"]).parent.name,
            "blas": "MLAS",
        }

    def clear(self) -> None:
        self.kept = self.empty

    def forward(self, ids: list[int], past: int, keep: bool) -> int:
        new = len(ids)
        given = {
            "input_ids": [ids],
            "attention_mask": [[1] * (past + new)],
            "position_ids": [range(past, past + new)],
            "keep": [new - 1],  # logits of the last position alone
        }
        inputs = {name: self.value(np.array(given[name], np.int64)) for name in self.inputs}
        values = self.session.run_with_ort_values(self.outputs, inputs | self.kept)
        outputs = dict(zip(self.past_names, values))
        logits = outputs.pop("logits").numpy()
        if keep:
            self.kept = outputs
        return int(logits[0, -1].argmax())


if __name__ == "__main__":
    worker_loop.serve(Engine)
