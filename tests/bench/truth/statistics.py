"""Do intervals cover and tests err as they state? Simulated experiments whose truth is known, through the shipped binaries.

usage: statistics.py BIN PIPELINE [--short]

BIN holds `collect`, `join-telemetry`, `derive-costs`, `analyze` and `query`. Exit status 1 when a target is missed. Nothing but Python's
own library is needed. Shares are in per cent; a target may be missed by twice the simulation's own standard error, by three times with
--short, which has few cells.
"""

import csv
import io
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

BIN, PIPELINE = Path(sys.argv[1]), Path(sys.argv[2])
SHORT = "--short" in sys.argv
SEED = 20261127
START = 1_790_000_000_000_000_000
MODES = (("prefill", "false"), ("generate", "false"), ("generate", "true"))
RUN = (
    "session_id,run_id,status,backend,device,dtype,model,weights,mode,kv_cache,scenario,batch,prompt_tokens,prompt_tokens_padded,"
    "new_tokens_asked,tokens_generated,iterations,start_ns,end_ns,latency_ms,repetition,reported_node_j,order"
).split(",")
missed = []


def call(name, *arguments, statuses=(0,)):
    done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode not in statuses:
        raise SystemExit(f"{name}: status {done.returncode}: {done.stderr or done.stdout}")
    return done


class World:
    """A run folder made of what was simulated."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sessions = {}
        self.runs = open(self.folder / "run.csv", "w", newline="")
        self.writer = csv.writer(self.runs)
        self.writer.writerow(RUN)
        self.at = START

    def run(self, session, model, backend, mode, scenario, repetition, ms, joule=None):
        self.sessions.setdefault(session, self.at)
        order = self.sessions.setdefault((session, "order"), 0)
        self.sessions[session, "order"] = order + 1
        end = self.at + round(ms * 1e6)
        mode, cache = mode
        new = 100 if mode == "generate" else 0
        name = f"{session}/{backend}/{mode}/{cache}/{scenario}/{repetition}"
        self.writer.writerow(
            [session, name, "ok", backend, "cpu", "f32", model, "real", mode, cache, scenario, 1, 100, 100, new, new, 1, self.at, end, ms]
            + [repetition, "" if joule is None else joule, order]
        )
        self.at = end + 1_000_000

    def imported(self):
        self.runs.close()
        at = self.folder.joinpath
        started = [(k, v) for k, v in self.sessions.items() if isinstance(k, str)]
        rows = "".join(f"\"{name}\",imported,{ns},Sim CPU,\n" for name, ns in started)
        at("session.csv").write_text("session_id,source,started_ns,cpu,sensors\n" + rows)
        at("power_sample.csv").write_text("session_id,device_id,kind,t_ns,scope,power_w,energy_j\n")
        call("import", "tables", *[at(f"{t}.csv") for t in ("session", "run", "power_sample")], "--into", self.folder)
        read = [at(f"{t}.parquet") for t in ("session", "run", "power_sample", "sensor")]
        call("join-telemetry", "--config", PIPELINE, "--read", *read, "--write",
             *[at(f"{t}.parquet") for t in ("run_energy", "cell", "run_fact")])
        return self

    def analysed(self):
        self.imported()
        at = self.folder.joinpath
        table = lambda names: [at(f"{t}.parquet") for t in names.split()]
        at("price.csv").write_text(
            "provider,region,instance,tier,cpu,accelerator,usd_per_hour,includes_power,source,retrieved_on\n"
            "own,any,mine,on_prem,,,0,false,simulated,2026-11-01\n"
            "own,r,both,on_demand,Sim CPU,,0.01,false,simulated,2026-11-01\n"
        )
        at("grid.csv").write_text(
            "region,start,end,usd_per_kwh,gco2e_per_kwh,pue,basis,year,source\n"
            "home,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,0.2,500,1.0,lifecycle,2026,simulated\n"
        )
        priced = "price grid cost request_cost tco"
        call("derive-costs", "--config", PIPELINE, "--read", *table("session run cell run_fact"), "--prices", at("price.csv"),
             "--grid", at("grid.csv"), "--write", *table(priced))
        call("analyze", "--config", PIPELINE, "--read", *table("session run power_sample sensor run_energy cell run_fact " + priced), "--write",
             *table("estimate comparison ranking verdict decision finding"))
        return self

    def ask(self, sql):
        return list(csv.DictReader(io.StringIO(call("query", "--run", self.folder, "--format", "csv", sql).stdout)))


def target(what, share, n, least=None, most=None, why="", clusters=()):
    """Prints one share with its target; a missed one is remembered, unless the reason stands beside it."""
    times = 3 if SHORT else 2
    error = times * math.sqrt(max(share * (1 - share), 0.05 * 0.95) / max(n, 1))
    if len(clusters) > 1:
        # Cells of a session err together: they have one estimate of their serial correlation.
        means = [sum(hits) / len(hits) for hits in clusters]
        spread = sum((mean - share) ** 2 for mean in means) / (len(means) - 1)
        error = max(error, times * math.sqrt(spread / len(means)))
    bad = (least is not None and share < least - error) or (most is not None and share > most + error)
    wanted = f">= {100 * least:.0f}" if least is not None else f"<= {100 * most:.0f}" if most is not None else "shown"
    print(f"  {what:66}{100 * share:6.1f} +- {100 * error:3.1f} %  {wanted:7} {'MISSED ' if bad else ''}{why}", flush=True)
    if bad:
        missed.append(what)


def ar1(rng, n, rho=0.5):
    x = [rng.gauss(0, 1)]
    while len(x) < n:
        x.append(rho * x[-1] + math.sqrt(1 - rho * rho) * rng.gauss(0, 1))
    return x


def t3(rng):
    return max(-45.0, min(45.0, rng.gauss(0, 1) / math.sqrt(rng.gammavariate(1.5, 2) / 3)))


# Runs of a cell relative to 1, their true mean, from how many runs on they must be covered, and why not where they need not be.
KINDS = {
    "normal, cv 10 %": (lambda r, n: [1 + 0.1 * r.gauss(0, 1) for _ in range(n)], 1.0, 3, ""),
    "log-normal, sigma 0.5": (lambda r, n: [r.lognormvariate(0, 0.5) for _ in range(n)], math.exp(0.125), 3, ""),
    "log-normal, sigma 1": (lambda r, n: [r.lognormvariate(0, 1) for _ in range(n)], math.exp(0.5), 5, "needs 5 runs"),
    "t with 3 df, scale 2 %": (lambda r, n: [1 + 0.02 * t3(r) for _ in range(n)], 1.0, 3, ""),
    "AR(1) 0.5, cv 10 %": (lambda r, n: [1 + 0.1 * x for x in ar1(r, n)], 1.0, 3, "pooled se over 0.4"),
    "drift of 20 %, noise 3 %": (lambda r, n: [0.9 + 0.2 * i / (n - 1) + 0.03 * r.gauss(0, 1) for i in range(n)], 1.0, 3, ""),
    "one in twenty 3x, the mean": (
        lambda r, n: [(1 + 0.03 * r.gauss(0, 1)) * (3 if r.random() < 0.05 else 1) for _ in range(n)], 1.1, math.inf,
        "stalls_unseen: 59 runs see one with 95 %"),
    "warm-up 30 %, the steady state": (
        lambda r, n: [1 + 0.3 * 0.5**i + 0.03 * r.gauss(0, 1) for i in range(n)], 1.0, math.inf, "a bias: first_run_cold"),
}
CELLS = 30  # of a session, as the shipped matrix has


def coverage(folder):
    rng = random.Random(SEED)
    sizes = (4, 7) if SHORT else (3, 4, 5, 7, 30)
    sessions = 4 if SHORT else 14
    world = World(folder)
    for kind, (draw, _, _, _) in KINDS.items():
        for n in sizes:
            for s in range(sessions):
                # Blocks of all cells, as `collect` orders them.
                cells = [(draw(rng, n), draw(rng, n)) for _ in range(CELLS)]
                for i in range(n):
                    for c, (x, e) in enumerate(cells):
                        model = f"{kind};{n};{s}"
                        world.run(model, model, "b", ("generate", "true"), f"c{c:02}", i, 100 * x[i], 10 * max(e[i], 1e-3))
    world.analysed()
    hours, kwh = 0.1 / 3600 / 100 * 1e6, 10 / 3.6e6 / 100 * 1e6
    columns = "model, ci_low_{0}_per_mtok as low, ci_high_{0}_per_mtok as high from cost where basis = 'output' and instance = '{1}'"
    tables = {
        "latency": (100.0, "model, ci_low as low, ci_high as high from estimate where level = 'cell' and metric = 'latency_ms'"),
        "kWh": (kwh, columns.format("kwh", "mine")),
        "USD, rent and power": (0.01 * hours + 0.2 * kwh, columns.format("usd", "both")),
    }
    below = 0
    for name, (unit, sql) in tables.items():
        rows = {}
        for row in world.ask("select " + sql):
            low, high = float(row["low"]), float(row["high"])
            below += low <= 0
            kind, n, session = row["model"].split(";")
            of_kind = rows.setdefault((kind, int(n)), {})
            of_kind.setdefault(session, []).append(low <= KINDS[kind][1] * unit <= high)
        print(f"\ncoverage of 95 % intervals of cells, {CELLS} cells a session: {name}")
        for kind, (_, _, enough, why) in KINDS.items():
            for n in sizes:
                clusters = list(rows[kind, n].values())
                hits = sum(clusters, [])
                # Three runs in 30 cells leave the serial correlation with a standard error of 0.53.
                unseen = kind.startswith("AR") and n == 3
                must = n >= enough and not unseen
                least, why_not = (0.93, "") if must else (None, why)
                target(f"{kind}, n {n}", sum(hits) / len(hits), len(hits), least=least, why=why_not, clusters=clusters)
    print(f"\nintervals with an end at or below 0: {below} {'MISSED' if below else ''}")
    if below:
        missed.append("ends below 0")
    print("\nfalse alarms of checks, share of cells")
    for code in ("outliers", "first_run_cold", "not_normal", "runs_dependent"):
        sql = "select model, count(*) as n, sum(case when array_has(codes, '{}') then 1 else 0 end) as found from verdict group by model"
        found = {}
        for row in world.ask(sql.format(code)):
            kind, n, _ = row["model"].split(";")
            cried, cells = found.get(kind, (0, 0))
            found[kind] = (cried + int(row["found"]), cells + int(row["n"]))
        for kind, true in (("normal, cv 10 %", False), ("AR(1) 0.5, cv 10 %", True), ("one in twenty 3x, the mean", True)):
            cried, cells = found[kind]
            wrong = not true and code != "runs_dependent" or code == "runs_dependent" and kind.startswith("normal")
            target(f"{code}: {kind}", cried / cells, cells, most=0.01 if wrong else None)


def families(folder):
    rng = random.Random(SEED + 1)
    reports = 20 if SHORT else 120
    sizes = {"s0": 1.0, "s1": 3.0, "s2": 10.0, "s3": 2.0, "s4": 6.0}

    def world(name, k, n, noise, ratio=None, reports=reports):
        made = World(Path(folder) / name)
        for m in range(reports):
            # One report a model and session: k backends, three modes, five scenarios.
            cells = [(b, mode, s, noise(rng, n)) for b in range(k) for mode in MODES for s in sizes]
            for i in range(n):
                for b, mode, s, x in cells:
                    factor = ratio[b] if ratio else 1.0
                    made.run(f"r{m}", f"m{m}", f"b{b}", mode, s, i, 100 * sizes[s] * factor * x[i])
        return made.analysed()

    normal = lambda cv: lambda r, n: [1 + cv * r.gauss(0, 1) for _ in range(n)]
    dependent = lambda r, n: [1 + 0.05 * x for x in ar1(r, n)]
    print(f"\nfalse alarms, {reports} reports of k equal backends, three modes, five scenarios, n 4")
    for k in (2,) if SHORT else (2, 5, 8):
        for title, noise in (("normal, cv 5 %", normal(0.05)), ("AR(1) 0.5, cv 5 %", dependent)):
            # The share of 5 % that a family of many gets is a far tail, where an error of rho weighs most.
            cells = 15 * k
            unsure = title.startswith("AR")
            most, why = (None, f"{cells} cells of 4 runs know rho to +- {1.42 / math.sqrt(cells):.2f}") if unsure else (0.05, "")
            made = world(f"equal-{k}-{title[:2]}", k, 4, noise)
            found = made.ask("select model, mode, kv_cache, max(case when conclusion = 'different' then 1 else 0 end) as hit "
                             "from comparison where metric = 'latency_ms' group by model, mode, kv_cache")
            hits = [int(row["hit"]) for row in found]
            target(f"{title}, {k} backends: families with a difference", sum(hits) / len(hits), len(hits), most=0.05)
            anywhere = made.ask("select model, max(case when conclusion = 'different' then 1 else 0 end) as hit from comparison group by model")
            hits = [int(row["hit"]) for row in anywhere]
            target(f"{title}, {k} backends: reports with one anywhere", sum(hits) / len(hits), len(hits), most=most, why=why)
            named = made.ask("select model, max(case when backend is not null then 1 else 0 end) as hit from decision group by model")
            hits = [int(row["hit"]) for row in named]
            target(f"{title}, {k} backends: reports that name a backend", sum(hits) / len(hits), len(hits), most=most, why=why)
    print("\nequivalent although 3 % apart (the bound), families with any such pair; n 4, cv 2 %")
    for k in (2,) if SHORT else (2, 4, 8):
        half = k // 2
        made = world(f"apart-{k}", k, 4, normal(0.02), [1.0] * half + [1.03] * (k - half), reports // 2)
        lower = ", ".join(f"'b{b}'" for b in range(half))
        found = made.ask("select model, mode, kv_cache, max(case when conclusion = 'equivalent' then 1 else 0 end) as hit from comparison "
                         f"where metric = 'latency_ms' and a in ({lower}) and b not in ({lower}) group by model, mode, kv_cache")
        hits = [int(row["hit"]) for row in found]
        target(f"{k} backends", sum(hits) / len(hits), len(hits), most=0.05)
    if SHORT:
        return
    print("\n`detectable_pct` of five backends: four of five such differences are found")
    detectable = "select median(detectable_pct) as pct from comparison where metric = 'latency_ms' and a = 'b0'"
    pct = 8.0
    for name, count in (("pilot", 20), ("power", 60)):
        made = world(name, 5, 4, normal(0.05), [1.0] + [1 + pct / 100] * 4, count)
        if name == "pilot":
            pct = float(made.ask(detectable)[0]["pct"])
    found = made.ask("select conclusion = 'different' as hit from comparison where metric = 'latency_ms' and a = 'b0'")
    hits = [row["hit"] == "true" for row in found]
    target(f"truly {pct:.1f} % apart, n 4, cv 5 %: called different", sum(hits) / len(hits), len(hits), least=0.80)
    print("\nmargin of a named winner: three backends, truth 1, 1.01, 1.10, n 4")
    for cv in (0.005, 0.02):
        made = world(f"margin-{cv}", 3, 4, normal(cv), [1.0, 1.01, 1.10])
        rows = made.ask("select backend, margin_low, margin_high from decision where objective = 'fastest' and workload = '*' "
                        "and backend is not null")
        right = [row for row in rows if row["backend"] == "b0"]
        target(f"cv {100 * cv:g} %: a wrong one is named ({len(rows)} named)", 1 - len(right) / max(len(rows), 1), len(rows), most=0.05)
        hits = [float(row["margin_low"]) <= 1.01 <= float(row["margin_high"]) for row in right]
        target(f"cv {100 * cv:g} %: the margin's interval holds the truth", sum(hits) / max(len(hits), 1), len(hits), least=0.93)


def gate(folder):
    rng = random.Random(SEED + 2)
    builds = 10 if SHORT else 40
    print(f"\n`analyze diff --max-regression-pct 5`, {builds} builds of 30 cells, n 4, cv 2 %")

    def made(name, factor):
        world = World(Path(folder) / name)
        for i in range(4):
            for c in range(CELLS):
                world.run("s", "m", "b", ("generate", "true"), f"c{c:02}", i, 100 * factor(c) * (1 + 0.02 * rng.gauss(0, 1)))
        return world.imported().folder

    cases = {
        "equal": (lambda c: 1.0, None, 0.05),
        "every cell truly 4 % slower": (lambda c: 1.04, None, 0.05),
        "every cell truly 5 % slower, which is allowed": (lambda c: 1.05, None, 0.05),
        "one cell of 30 truly 10 % slower": (lambda c: 1.10 if c == 7 else 1.0, None, None),
        "every cell truly 10 % slower": (lambda c: 1.10, 0.80, None),
    }
    statuses = {case: [] for case in cases}
    caught = []
    for build in range(builds):
        before = made(f"{build}/before", lambda c: 1.0)
        for i, (case, (factor, _, _)) in enumerate(cases.items()):
            after = made(f"{build}/after{i}", factor)
            done = call("analyze", "diff", before, after, "--metric", "latency_ms", "--max-regression-pct", "5", statuses=(0, 1, 3))
            statuses[case].append(done.returncode)
            stated = [line for line in done.stdout.splitlines() if line.startswith("a cell that is truly")]
            caught += [float(line.split()[5]) for line in stated]
    for case, (_, least, most) in cases.items():
        codes = statuses[case]
        share = codes.count(1) / len(codes)
        target(f"{case}: fails (fine {codes.count(0)}, unclear {codes.count(3)})", share, len(codes), least=least, most=most)
    caught.sort()
    if caught:
        print(f"  stated: a cell that is truly {caught[len(caught) // 2]:.1f} % worse is called so in four builds of five")


with tempfile.TemporaryDirectory() as scratch:
    coverage(Path(scratch) / "cells")
    families(Path(scratch) / "families")
    gate(Path(scratch) / "gate")
print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery target is kept")
sys.exit(bool(missed))
