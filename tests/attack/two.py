"""Two of each stage at once in one folder, of the same configuration and of two, also in separate pid namespaces: outputs are whole, and
those of one of the two. Of two `collect run` on one journal, one says that it is in use.
"""

import subprocess
import time

import base as bases
import matrix
import render

CONTAINER = ["unshare", "-p", "-f", "--mount-proc"]


def run(context):
    base = bases.Base(context)
    places = {"here": [], "in containers": CONTAINER}
    if subprocess.run([*CONTAINER, "true"], capture_output=True).returncode:
        del places["in containers"]
        context.note("in pid namespaces: not permitted, not tried")
    results = []
    for i in range(max(context.trials // 33, 1)):
        for where, prefix in places.items():
            for pair in (("new", "new"), ("old", "new")):
                results += [(f"two {stage} {where}, {pair}", stages(context, base, stage, prefix, pair)) for stage in base.STAGES]
            results += [(f"two collect run {where}", collect(context, prefix))]
    return bases.told(context, results)


def stages(context, base, stage, prefix, configurations):
    into = context.scratch / "run"
    before = context.random.choice(("nothing", "old"))
    base.place(into, stage, before)
    processes = []
    for which in configurations:
        processes.append(bases.start([*prefix, *base.command(stage, which, into)], context.root))
        time.sleep(context.random.choice((0, context.random.uniform(0, base.seconds[stage]))))
    ends = [bases.said(process) for process in processes]
    same = len(set(configurations)) == 1
    broken = base.broken(stage, into, "old", must_be_new=same)
    missing = [name for name, value in base.state(stage, into).items() if not value]
    left = render.litter(into)
    if any(code for code, _ in ends) or broken or missing or left:
        return f"others {broken}, missing {missing}, left {left}, ends {[(code, text.strip()[-200:]) for code, text in ends]}"
    return base.repaired(stage, into)


def collect(context, prefix):
    trial = bases.Measuring(context, context.scratch / "measured")
    processes = [trial.start(*prefix) for _ in range(2)]
    ends = [bases.said(process) for process in processes]
    alive = [command for process in processes for command in bases.gone(process)]
    refused = [text for code, text in ends if code == 1 and "journal in use, another `collect` is running" in text]
    if len(refused) != 1 or sorted(code for code, _ in ends) != [0, 1] or alive:
        return f"exits {[code for code, _ in ends]}, alive {alive}, {[text.strip()[-200:] for _, text in ends]}"
    return trial.look() or trial.last()
