"""SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE and three seconds of SIGSTOP on `collect run` and on `query --output`: nothing finished is
lost, no child lives on, the next run ends well, and the gap in the readings is in `sensor`.
"""

import signal
import time

import base as bases
import matrix

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE]
STOPPED_S = 3


def run(context):
    base = bases.Base(context, ["query"])
    results = []
    for i in range(max(context.trials // 5, len(SIGNALS))):
        number = SIGNALS[i % len(SIGNALS)]
        results += [(f"{number.name} on collect", collect(context, number)), (f"{number.name} on query", query(context, base, number))]
    for _ in range(max(context.trials // 20, 1)):
        results += [("SIGSTOP on collect", stopped(context)), ("SIGSTOP on query", query(context, base, signal.SIGSTOP))]
    return bases.told(context, results)


def collect(context, number):
    trial = bases.Measuring(context, context.scratch / "measured")
    process = trial.start()
    time.sleep(context.random.uniform(0.05, 1.2))
    process.send_signal(number)
    code, text = bases.said(process)
    alive = bases.gone(process)
    if code not in (0, -number) or alive or matrix.PANIC.search(text):
        return f"exit {code}, alive {alive}, {text.strip()[-200:]!r}"
    return trial.look() or trial.last()


def query(context, base, number):
    into, before = context.scratch / "run", context.random.choice(("nothing", "old"))
    base.place(into, "query", before)
    process = bases.start(base.command("query", "new", into), context.root)
    time.sleep(context.random.uniform(0, base.seconds["query"]))
    process.send_signal(number)
    if number == signal.SIGSTOP:
        time.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)
    code, text = bases.said(process)
    alive = bases.gone(process)
    broken = base.broken("query", into, before, must_be_new=code == 0)
    good = (0,) if number == signal.SIGSTOP else (0, -number)
    if code not in good or alive or broken or matrix.PANIC.search(text):
        return f"exit {code}, alive {alive}, neither old nor new {broken}, {text.strip()[-200:]!r}"
    return base.repaired("query", into)


def stopped(context):
    """`collect` stands still while it measures: its sampling threads too."""
    trial = bases.Measuring(context, context.scratch / "measured", repetitions=40)
    process, until = trial.start(), time.monotonic() + 20
    while not trial.finished and time.monotonic() < until:
        time.sleep(0.02)
        trial.look()
    process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)
    process.send_signal(signal.SIGCONT)
    code, text = bases.said(process)
    alive, what = bases.gone(process), trial.last()
    model = next(iter(matrix.rows(context, trial.folder, "select * from sensor where kind = 'model'")), {})
    is_told = model.get("longest_gap_ns", 0) >= 0.98e9 * STOPPED_S and model.get("missed", 0) >= 0.9 * 200 * STOPPED_S
    return what if code == 0 and not alive and is_told else f"exit {code}, alive {alive}, {text.strip()[-200:]!r}, sensor: {model}"
