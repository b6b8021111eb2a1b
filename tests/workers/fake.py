"""A worker that computes nothing and misbehaves as its argument says; stages/protocol/PROTOCOL.md is what it speaks.

    python fake.py FAULT

`good` answers every request; the others break one promise, or the process. A fault with an ending (`good-2`) is the same under another
name.
"""

import json
import os
import resource
import signal
import struct
import sys
import time

FAULT = sys.argv[1].partition("-")[0]


def attestation(load):
    said = {
        "device": "cpu",
        "dtype": "f32",
        "provider": "fake",
        "nodes": [],
        "graph": "none",
        "io_binding": False,
        "library": f"fake {FAULT}",
        "library_sha256": None,
        "blas": None,
        "threads": load["threads"],
        "cpus": load["cpus"],
        "load_ms": 1.0,
        "memory_mb": 1.0,
    }
    lies = {"device": "NVIDIA L4", "dtype": "f16", "threads": 1}
    return {**said, **({FAULT: lies[FAULT]} if FAULT in lies else {})}


def run(request):
    batch = request["batch"]
    steps = request["new_tokens"] if request["mode"] == "generate" else 0
    start = time.monotonic_ns()
    end = start + max(request["min_window_ns"], 1_000_000)
    time.sleep((end - start) / 1e9)
    said = {
        "answer": "run",
        "start_ns": start,
        "end_ns": end,
        "iterations": 1,
        "ttft_ms": 1.0,
        "token_ms": [1.0] * steps,
        "tokens_in": sum(map(len, batch["ids"])),
        "prompt_tokens": None,
        "tokens_generated": steps * len(batch["ids"]),
        "cache_bytes": [100, 200] if request["kv_cache"] else None,
        "last_logits": request["last_logits"],
        "warmup_iterations": 1,
        "warmup_cv_pct": None,
        "compiled_graphs": None,
        "compiled_in_window": None,
    }
    lies = {
        "cache": ("cache_bytes", [100, 100]),
        "short": ("tokens_generated", 1),
        "cut": ("tokens_in", 1),
        "graphs": ("compiled_graphs", 3),
        "future": ("end_ns", 2**61),
        "past": ("start_ns", -(2**63)),
        "iterations": ("iterations", 2**63),
        "ttft": ("ttft_ms", 1e9),
        "uncounted": ("iteration_ms", [1.0] * 3),
        "negative": ("token_ms", [-1.0] * steps),
        "huge": ("cache_bytes", [1, 2**64 - 1]),
        "prompt": ("prompt_tokens", 10_000),
    }
    if FAULT in lies:
        key, lie = lies[FAULT]
        said[key] = lie
    return said


def misbehave():
    """What happens to a process in the middle of a run."""
    if FAULT == "crash":
        print("engine: assertion failed", file=sys.stderr, flush=True)
        os._exit(3)
    if FAULT == "kill":  # what the kernel does when memory runs out
        os.kill(os.getpid(), signal.SIGKILL)
    if FAULT == "hang":
        time.sleep(3600)
    if FAULT == "orphan" and os.fork() > 0:  # its child lives on and holds the pipes
        os._exit(3)
    if FAULT == "orphan":
        time.sleep(3600)
    if FAULT == "endless":
        while True:
            sys.stdout.write("x" * 1_000_000)
    if FAULT == "long":
        print("x" * 100_000, "\x1b[31mred", flush=True)
    if FAULT == "memory":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
        bytearray(1 << 32)


def answer(request):
    if request["op"] == "load":
        return {"answer": "ready", "attestation": attestation(request)}
    if request["op"] == "logits":
        ids, shape = request["batch"]["ids"], None
        shape = [len(ids), len(ids[0]), 512]
        count = {"few": 3, "many": 10 * shape[0] * shape[1] * shape[2]}.get(FAULT, shape[0] * shape[1] * shape[2])
        with open(request["path"], "wb") as file:
            file.write(struct.pack("<f", {"nan": float("nan"), "zero": 0.0}.get(FAULT, 1.0)) * count)
        return {"answer": "logits", "shape": {"flat": [2, 9, 0], "none": [2, 0, 512], "vast": [2**31, 2**31, 512]}.get(FAULT, shape)}
    if request["op"] == "greedy" and FAULT == "token":
        return {"answer": "greedy", "tokens": [[1]]}
    if request["op"] == "greedy":
        return {"answer": "greedy", "tokens": [[1] * len(request["batch"]["ids"])] * request["new_tokens"]}
    misbehave()
    return run(request)


for line in sys.stdin:
    asked = json.loads(line)
    if asked["op"] == "exit":
        break
    try:
        said = answer(asked)
    except MemoryError:
        said = {"answer": "failed", "message": "MemoryError"}
    print(json.dumps(said), flush=True)

if FAULT == "stays":
    time.sleep(3600)
