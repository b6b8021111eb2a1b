"""A worker that computes nothing and says when it would have loaded a GPU, for NVML's stub to follow; stages/protocol/PROTOCOL.md is
what it speaks.

    NVML_STUB_LOAD=FILE python load.py
"""

import json
import os
import struct
import sys
import time

PREFILL_NS = 2_000_000


def loaded(nanoseconds):
    """Loads the stub from a little later on, so that it knows before any reading has to."""
    start = time.monotonic_ns() + 3_000_000
    end = start + max(nanoseconds, PREFILL_NS)
    with open(os.environ["NVML_STUB_LOAD"], "a") as file:
        file.write(f"{start} {end}\n")
    time.sleep(max(0, end - time.monotonic_ns()) / 1e9)
    return start, end


def answer(request):
    if request["op"] == "load":
        attestation = {
            "device": "Stub GPU",
            "dtype": "f32",
            "provider": "stub",
            "nodes": [],
            "graph": "none",
            "io_binding": False,
            "library": "load.py",
            "threads": request["threads"],
            "cpus": request["cpus"],
        }
        return {"answer": "ready", "attestation": attestation}
    ids = request["batch"]["ids"]
    if request["op"] == "logits":
        shape = [len(ids), len(ids[0]), 512]
        with open(request["path"], "wb") as file:
            file.write(struct.pack("<f", 1.0) * (shape[0] * shape[1] * shape[2]))
        return {"answer": "logits", "shape": shape}
    if request["op"] == "greedy":
        return {"answer": "greedy", "tokens": [[1] * len(ids)] * request["new_tokens"]}
    start, end = loaded(request["min_window_ns"])
    return {
        "answer": "run",
        "start_ns": start,
        "end_ns": end,
        "iterations": (end - start) // PREFILL_NS,
        "ttft_ms": PREFILL_NS / 1e6,
        "token_ms": [],
        "tokens_in": sum(map(len, ids)),
        "tokens_generated": 0,
        "last_logits": True,
        "warmup_iterations": 0,
    }


for line in sys.stdin:
    asked = json.loads(line)
    if asked["op"] == "exit":
        break
    print(json.dumps(answer(asked)), flush=True)
