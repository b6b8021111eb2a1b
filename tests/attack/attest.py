"""Workers that say what cannot be: random lies in every field that they answer. A hostile worker costs its own rows; a row is `ok` only where what
it says of its times lies in what the parent saw; the tables can always be made; nothing hangs, panics or reaches the terminal.
"""

import json

import matrix

# What a number may be replaced by.
NUMBERS = [0, -1, 1, 2**31, 2**53 + 1, 2**61, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), 1e9, 1e300, -5.0, 0.5, "NaN", "3", None, [], {}, True]
TEXTS = ["", "x" * 100_000, "\u001b[31mred", "a\u0000b", "\u202e", 5, None, [], "gpu"]
RUN = ["start_ns", "end_ns", "iterations", "ttft_ms", "token_ms", "iteration_ms", "tokens_in", "prompt_tokens", "tokens_generated", "cache_bytes",
       "last_logits", "warmup_iterations", "warmup_cv_pct", "compiled_graphs", "compiled_in_window"]
READY = ["device", "dtype", "provider", "nodes", "graph", "io_binding", "library", "library_sha256", "blas", "threads", "cpus", "load_ms", "memory_mb"]

WORKER = '''"""An honest worker whose answers are changed as its arguments say: ANSWER KEY VALUE, as JSON."""
import json, sys
sys.argv, lies = [sys.argv[0], "good"], json.loads(sys.argv[1])
said = json.dumps
def dumps(answer, *more):
    lie = lies.get(answer.get("answer"), {})
    return said({**answer, **lie} if "attestation" not in answer else {**answer, "attestation": {**answer["attestation"], **lie}}, *more)
json.dumps = dumps
exec(compile(open(FAKE).read(), FAKE, "exec"), {"__name__": "__main__"})
'''


def run(context):
    script = context.scratch / "liar.py"
    script.write_text(WORKER.replace("FAKE", json.dumps(str(context.root / "tests/workers/fake.py"))))
    trials = failures = 0
    for lies in [{}, *(lie(context.random) for _ in range(context.trials))]:
        folder = context.scratch / f"run-{trials}"
        folder.mkdir()
        backends = {"liar": ["python3", script, json.dumps(lies)], "good": matrix.good(context)}
        (folder / "pipeline.toml").write_text(matrix.config(backends, 1))
        what = judged(context, folder, lies)
        trials += 1
        if what:
            failures += 1
            context.note(f"{json.dumps(lies)[:200]}: {what}")
    return trials, failures


def lie(random):
    """One to three changed fields of an answer."""
    kind, keys, values = random.choice([("run", RUN, NUMBERS), ("run", RUN, NUMBERS), ("ready", READY, NUMBERS + TEXTS)])
    value = lambda key: random.choice([[random.choice(NUMBERS) for _ in range(random.randrange(4))], random.choice(values)])
    return {kind: {key: value(key) for key in random.sample(keys, random.randrange(1, 4))}}


def judged(context, folder, lies):
    code, said = matrix.collect(context, folder, seconds=40)
    if code != 0:
        return f"exit {code}, {said.strip()[-300:]}"
    if "\x1b" in said or "\0" in said:
        return "the terminal would obey"
    rows = {row["backend"]: row for row in matrix.rows(context, folder, "select r.*, s.started_ns, s.ended_ns from run r join session s using (session_id)")}
    honest, row = rows.get("good", {}), rows.get("liar", {})
    if honest.get("status") not in ("ok", "degraded"):
        return f"the honest worker suffers: {honest.get('status')}, {honest.get('reason')}"
    if len(str(row.get("reason"))) > 2000 or any(len(str(row.get(key))) > 2000 for key in ("library", "graph", "device", "blas")):
        return "words without a bound"
    if row.get("status") in ("ok", "degraded"):
        inside = row["started_ns"] <= row["start_ns"] < row["end_ns"] <= row["ended_ns"]
        times = 0 <= row["ttft_ms"] <= row["latency_ms"] * 1.001 and all(0 <= step <= row["latency_ms"] * 1.001 for step in row["token_ms"])
        counts = (row["tokens_generated"], row["prompt_tokens"], row["prompt_tokens_padded"]) == tuple(
            honest[key] for key in ("tokens_generated", "prompt_tokens", "prompt_tokens_padded")
        )
        if not (inside and times and counts):
            return f"believed: {({key: row.get(key) for key in RUN if key in row})}"
    elif not row.get("reason"):
        return "no reason"
    elif not lies:
        return f"an honest worker is not believed: {row['status']}, {row['reason']}"
    return ""
