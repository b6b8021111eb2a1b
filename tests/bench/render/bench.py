"""Time, memory and size of the report of a large run.

    bench.py [RUNS]

Writes RUNS (1,000,000) runs of 300 cells, each of one second, with two power readings a second, imports them, joins their energy,
prices and analyses them, and renders the report: the stages before it are not what is timed. Prints seconds, MiB (greatest resident size of render and of what it starts), and MB
of report.html. The numbers are made from a seeded generator and mean nothing.
"""

import os
import pathlib
import random
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "data/run/bench-render"
TABLES = {
    "measured": ["session", "run", "power_sample", "sensor"],
    "priced": ["price", "grid", "tariff", "embodied", "cost", "request_cost", "api_cost", "tco", "break_even", "utilisation_cost",
               "tier_saving", "region_carbon", "hourly_cost"],
    "analysed": ["estimate", "comparison", "omnibus", "ranking", "verdict", "decision", "finding"],
}
BACKENDS, SCENARIOS, MODES = 10, 10, [("prefill", "false"), ("generate", "false"), ("generate", "true")]
START_NS = 1_764_000_000_000_000_000


def write_inputs(folder: pathlib.Path, runs: int) -> None:
    draw = random.Random(1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "session.csv").write_text(f"session_id,source,started_ns,cpu\nlarge,imported,{START_NS},Some CPU\n")
    cells = [(b, s, m) for b in range(BACKENDS) for s in range(SCENARIOS) for m in MODES]
    with open(folder / "run.csv", "w") as out:
        out.write("session_id,run_id,status,backend,device,dtype,model,weights,mode,kv_cache,scenario,batch,prompt_tokens,"
                  "prompt_tokens_padded,new_tokens_asked,tokens_generated,iterations,start_ns,end_ns,latency_ms,ttft_ms,tpot_ms,"
                  "repetition,imported_from\n")
        for i in range(runs):
            backend, scenario, (mode, cache) = cells[i % len(cells)]
            start = START_NS + i * 1_000_000_000
            latency = (20 + backend) * (1 + scenario) * draw.lognormvariate(0, 0.05)
            new = 0 if mode == "prefill" else 32
            times = "," if mode == "prefill" else f"{latency / 4},{latency / 10}"
            out.write(f"large,r{i:07},ok,backend-{backend},cpu,f32,model,real,{mode},{cache},scenario_{scenario},1,64,64,{new},{new},"
                      f"{max(1, int(1000 / latency))},{start},{start + 999_000_000},{latency},{times},{i // len(cells)},bench\n")
    with open(folder / "power_sample.csv", "w") as out:
        out.write("session_id,device_id,kind,t_ns,scope,power_w\n")
        for i in range(2 * runs + 2):
            out.write(f"large,sensor,instant,{START_NS + i * 500_000_000},cpu_package,{40 + 10 * draw.random():.3f}\n")


def stage(name: str, *arguments: str) -> tuple[float, float]:
    """Seconds, and the greatest resident size in MiB of the stage or of what it started."""
    started = time.perf_counter()
    process = subprocess.Popen([ROOT / "target/release" / name, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{name} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def files(folder: pathlib.Path, *kinds: str) -> list[str]:
    return [str(folder / f"{table}.parquet") for kind in kinds for table in TABLES[kind]]


def measured(folder: pathlib.Path, runs: int, config: list[str]) -> list[str]:
    """Tables of so many runs with their energy."""
    energy = [str(folder / f"{table}.parquet") for table in ("run_energy", "cell", "run_fact")]
    write_inputs(folder, runs)
    stage("import", "tables", *[str(folder / f"{t}.csv") for t in ("session", "run", "power_sample")], "--into", str(folder))
    stage("join-telemetry", *config, "--read", *files(folder, "measured"), "--write", *energy)
    return [*files(folder, "measured"), *energy]


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    config = ["--config", "tests/fixtures/short.toml"]
    into = FOLDER / str(runs)
    many = measured(into, runs, config)
    inputs = {kind: sorted(str(f) for f in (ROOT / "data/inputs" / kind).glob("*.csv")) for kind in ("prices", "grid", "embodied")}
    to_price = [path for path in many if pathlib.Path(path).stem in ("session", "run", "cell", "run_fact")]
    stage("derive-costs", *config, "--read", *to_price, "--prices", *inputs["prices"], "--grid", *inputs["grid"], "--embodied",
          *inputs["embodied"], "--write", *files(into, "priced"))
    stage("analyze", *config, "--read", *many, *files(into, "priced"), "--write", *files(into, "analysed"))
    took, memory = stage("render", *config, "--read", *many, *files(into, "priced", "analysed"), "--python", str(ROOT / ".venv/bin/python"),
                         "--draw", "stages/render/draw.py", "--bundle", str(ROOT / "data/cache/vega-embed.js"), "--into", str(into))
    size = (into / "report.html").stat().st_size / 1e6
    print(f"{runs} runs: {took:.2f} s, {memory:.0f} MiB, report.html {size:.2f} MB")


if __name__ == "__main__":
    main()
