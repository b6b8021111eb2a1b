"""The wall clock is set while `collect` measures, back and forth, at random instants: runs keep their times, a meter's stamps of the other time
are left out and said, and the session says by how much. A library in front of libc's clock_gettime sets it, for `collect` and its children.
"""

import os
import subprocess
import time

import matrix

SHIM = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t which, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(which, t);
    FILE *set = which == CLOCK_REALTIME ? fopen(getenv("CLOCK_SET_BY_MS"), "r") : NULL;
    long ms = 0;
    if (set) {
        if (fscanf(set, "%ld", &ms) == 1) {
            long long ns = t->tv_sec * 1000000000LL + t->tv_nsec + ms * 1000000LL;
            t->tv_sec = ns / 1000000000LL;
            t->tv_nsec = ns % 1000000000LL;
        }
        fclose(set);
    }
    return status;
}
"""
METER = "import time\nwhile True:\n    print(f'{time.time_ns()},50.0', flush=True)\n    time.sleep(0.02)\n"
SENSORS = """
[[collect.power]]
source = "cpu-model"
idle_w = 10.0
full_w = 65.0
sample_hz = 50.0

[[collect.power]]
source = "external"
name = "plug"
command = ["python3", METER]
sample_hz = 50.0
required = true
"""
REPETITIONS = 25


def run(context):
    shim, meter = context.scratch / "set.so", context.scratch / "meter.py"
    (context.scratch / "set.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, context.scratch / "set.c", "-ldl"], check=True)
    meter.write_text(METER)
    trials = failures = 0
    steps = [0, *(context.random.choice([-1, 1]) * context.random.choice([20, 500, 5_000, 3_600_000, 86_400_000]) for _ in range(context.trials // 10))]
    for step_ms in steps:
        folder = context.scratch / f"run-{trials}"
        folder.mkdir()
        rest = SENSORS.replace("METER", f'"{meter}"')
        (folder / "pipeline.toml").write_text(matrix.config({"good": matrix.good(context)}, REPETITIONS, rest))
        what = judged(context, folder, shim, step_ms)
        trials += 1
        if what:
            failures += 1
            context.note(f"set by {step_ms} ms: {what}")
    return trials, failures


def judged(context, folder, shim, step_ms):
    said = measured(context, folder, shim, step_ms)
    if isinstance(said, str):
        return said
    return wrong(context, folder, step_ms)


def measured(context, folder, shim, step_ms):
    """Runs `collect` and sets the clock when some runs are finished; what went wrong, as text."""
    by = folder / "by"
    by.write_text("0")
    env = {**os.environ, "LD_PRELOAD": str(shim), "CLOCK_SET_BY_MS": str(by)}
    process = subprocess.Popen(matrix.command(context, folder), cwd=context.root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wanted = context.random.randrange(2, REPETITIONS - 8)
    until = time.monotonic() + 30
    while finished(folder) < wanted and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    (folder / "next").write_text(str(step_ms))
    (folder / "next").rename(by)
    try:
        said = process.communicate(timeout=60)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hang"
    return None if process.returncode == 0 else f"exit {process.returncode}, {said.strip()[-300:]}"


def finished(folder):
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("journal/*/runs.jsonl"))


def wrong(context, folder, step_ms):
    session = matrix.rows(context, folder, "select started_ns, ended_ns, coalesce(clock_step_ms, 0.0) as step from session")[0]
    runs = matrix.rows(context, folder, "select status, start_ns, end_ns from run order by start_ns")
    sensor = matrix.rows(context, folder, "select errors, last_error from sensor where device_id = 'external:plug'")[0]
    plug = matrix.rows(context, folder, "select t_ns from power_sample where device_id = 'external:plug' order by t_ns")
    if abs(session["step"] - step_ms) > 5:
        return f"the session says {session['step']} ms"
    if [run["status"] for run in runs] != ["ok"] * REPETITIONS:
        return f"runs are {sorted({run['status'] for run in runs})}"
    if any(run["end_ns"] - run["start_ns"] > 5e8 for run in runs) or any(b["start_ns"] < a["end_ns"] for a, b in zip(runs, runs[1:])):
        return "times of runs moved"
    if any(not session["started_ns"] - 1e9 < reading["t_ns"] < session["ended_ns"] for reading in plug):
        return "a reading of the other time was kept"
    if not plug:
        return "no reading from before"
    if step_ms and not sensor["errors"]:
        return "nothing is said of the meter"
    return None
