"""A matrix of a second for sections that attack `collect run`: workers that compute nothing, and what its tables hold."""

import json
import re
import subprocess

PANIC = re.compile(r"panicked at|stack overflow|memory allocation of|RUST_BACKTRACE")
TABLES = ["session", "run", "power_sample", "sensor"]
CONFIG = """[collect]
backends = [BACKENDS]
on_unavailable = "skip"
threads = 2
cpus = []
repetitions = REPETITIONS
seed = 1
min_window_ms = 20
min_updates = 1
idle_s = 0.1
cooldown_ms = 0
new_tokens = 3
stop = "length"
logits = "last"
graph = "standard"
run_timeout_s = 3
load_timeout_s = 10
max_failures = 9
model = { source = "synthetic", name = "gpt2-tiny", architecture = "gpt2-tiny", seed = 5 }
warmup = { min_iterations = 1, max_iterations = 2, max_cv_pct = 50.0 }
contention = { max_other_cpu_pct = 100.0, max_repeats = 0, wait_quiet_s = 0.0 }
parity = { max_relative_difference = 1e-3, max_quantized_rms = 0.25, greedy_tokens = 4 }
mode = [{ mode = "generate", kv_cache = true }]
scenario = [{ name = "two", batch = 2, prompt_tokens = 9 }]
"""


def config(backends, repetitions, rest=""):
    """`backends`: name -> command."""
    text = CONFIG.replace("BACKENDS", ", ".join(map(json.dumps, backends))).replace("REPETITIONS", str(repetitions))
    for name, command in backends.items():
        words = json.dumps([str(word) for word in command])
        text += f'\n[[collect.worker]]\nbackend = {json.dumps(name)}\ncommand = {words}\ndevice = "cpu"\ndtype = "f32"\n'
    return text + rest


def good(context):
    return ["python3", context.root / "tests/workers/fake.py", "good"]


def command(context, folder):
    words = [context.bin / "collect", "run", "--config", folder / "pipeline.toml", "--cache", context.root / "data/cache"]
    words += ["--journal", folder / "journal", "--write", *(folder / f"{table}.parquet" for table in TABLES)]
    return [str(word) for word in words]


def collect(context, folder, seconds=60):
    """Exit status, or `hang`; and what was said."""
    try:
        ran = subprocess.run(command(context, folder), cwd=context.root, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "hang", ""
    said = ran.stderr.decode(errors="replace")
    return ("panic" if PANIC.search(said) or ran.returncode not in (0, 1) else ran.returncode), said


def rows(context, folder, sql):
    words = [context.bin / "query", "--run", folder, "--format", "json", sql]
    ran = subprocess.run([str(word) for word in words], capture_output=True, cwd=context.root)
    return json.loads(ran.stdout or b"[]")
