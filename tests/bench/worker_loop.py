"""What both peers' workers share: requests in, greedy decoding, answers out; ../../stages/protocol/PROTOCOL.md describes
them. One row, no padding, no stop tokens, logits of the last position: what engines.py asks for."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import traceback
from typing import Any


class Engine:
    """What a peer has to do."""

    attestation: dict[str, Any]

    def clear(self) -> None:
        """Forget kept keys and values."""

    def forward(self, ids: list[int], past: int, keep: bool) -> int:
        """The token after `ids`, which follow `past` kept ones; `keep` keeps their keys and values too."""
        raise NotImplementedError


def generate(engine: Engine, prompt: list[int], new_tokens: int, keep: bool) -> tuple[list[int], list[int]]:
    """Tokens, and nanoseconds of each step. With a cache a step runs one new column; without, all columns again."""
    columns, past = list(prompt), 0
    tokens: list[int] = []
    step_ns: list[int] = []
    engine.clear()
    while len(tokens) < new_tokens:
        started = time.monotonic_ns()
        token = engine.forward(columns, past, keep)
        if keep:
            past, columns = past + len(columns), [token]
        else:
            engine.clear()
            columns.append(token)
        step_ns.append(time.monotonic_ns() - started)
        tokens.append(token)
    engine.clear()
    return tokens, step_ns


def run(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    prompt = request["batch"]["ids"][0]
    prefill = request["mode"] == "prefill"
    new_tokens, keep = (1, False) if prefill else (request["new_tokens"], request["kv_cache"])
    for _ in range(request["warmup"]["min_iterations"]):
        generate(engine, prompt, new_tokens, keep)
    times: list[list[int]] = []
    start = end = time.monotonic_ns()
    while not times or end - start < request["min_window_ns"]:
        times.append(generate(engine, prompt, new_tokens, keep)[1])
        end = time.monotonic_ns()
    token_ms = [statistics.fmean(step) / 1e6 for step in zip(*times)]
    return {
        "answer": "run",
        "start_ns": start,
        "end_ns": end,
        "iterations": len(times),
        "ttft_ms": token_ms[0],
        "token_ms": [] if prefill else token_ms,
        "tokens_in": len(prompt),
        "tokens_generated": 0 if prefill else new_tokens,
        "last_logits": True,
    }


def answer_to(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    batch = request["batch"]
    if len(batch["ids"]) != 1 or any(batch["pads"]):
        raise ValueError("one row without padding is all that this worker takes")
    if request["op"] == "greedy":
        tokens, _ = generate(engine, batch["ids"][0], request["new_tokens"], keep=True)
        return {"answer": "greedy", "tokens": [[token] for token in tokens]}
    return run(engine, request)


def serve(engine_class: type[Engine]) -> None:
    # Libraries print to standard output: it becomes standard error, and answers go to a copy of the old one.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    engine = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "exit":
            return
        try:
            if engine is None:
                engine = engine_class(request)
                answer = {"answer": "ready", "attestation": engine.attestation}
            else:
                answer = answer_to(engine, request)
        except Exception as error:  # whatever a library raises is the answer
            traceback.print_exc()
            answer = {"answer": "failed", "message": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
        if engine is None:
            return
