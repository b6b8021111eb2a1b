"""Valid files of every reader: what is changed in them, and how they are imported.

A reader that `import --help` names and that has no sample here fails the program.
"""

import dataclasses
import pathlib
import re

import logs
from documents import Records, Table, Text
from quantities import Clock

CASES = pathlib.Path(__file__).resolve().parents[1] / "fixtures/cases"
CLIENTS = CASES.parent / "clients"
SECOND = Clock("epoch s", 0)


@dataclasses.dataclass
class Sample:
    kind: str
    reader: str
    name: str
    document: object
    options: tuple = ()
    file: str = "sample.csv"
    encoding: str = "utf-8"
    clock: object = None
    # Fields of powers and energies, with the unit that the file has them in. `counters` are running totals of energy.
    values: dict = dataclasses.field(default_factory=dict)
    counters: tuple = ()
    # Fields, or texts, that name devices.
    devices: tuple = ()
    names: tuple = ()
    # Other files that belong to it: name -> bytes.
    beside: dict = dataclasses.field(default_factory=dict)


def read(case, name="input.csv"):
    return (CASES / case / name).read_bytes().decode("utf-8")


def slashed(*fields):
    return Clock("%Y/%m/%d %H:%M:%S.%3", *fields, any_notation=True)


def iso(*fields):
    return Clock("%Y-%m-%dT%H:%M:%SZ", *fields, any_notation=True)


def power():
    utc = ("--tz", "UTC")
    for devices in (1, 2, 4):
        yield Sample("power", "nvidia-smi", f"{devices} GPUs", Table(logs.nvidia_smi(devices), ", "), utc, clock=slashed(0), values={3: "W"},
                     devices=(1,))
    yield Sample("power", "nvidia-smi", "no index", Table(logs.nvidia_smi(1, index=False), ", "), utc, clock=slashed(0), values={1: "W"})
    yield Sample("power", "nvidia-smi", "nounits", Table(logs.nvidia_nounits(2), ", "), utc, clock=slashed(0), values={3: "W"}, devices=(1,))
    dmon = Table(logs.dmon(2).replace("#Date", "#Date", 1), None, under=1)
    yield Sample("power", "nvidia-smi-dmon", "2 GPUs", dmon, utc, "sample.txt", clock=Clock("%Y%m%d|%H:%M:%S", 0, 1), values={3: "W"}, devices=(2,))
    for counter, unit in ((False, "W"), (True, "mJ")):
        pairs = lambda tree: [pair for series in tree["data"]["result"] for pair in series["values"]]
        document = Records(logs.dcgm(2, counter), pairs, fields=[(0,), (1,)])
        yield Sample("power", "dcgm-prometheus", "counter" if counter else "power", document, (), "sample.json", clock=Clock("epoch s", (0,)),
                     values={(1,): unit}, counters=((1,),) if counter else (), names=("GPU-0000", "GPU-0001"))
    yield Sample("power", "zeus", "windows", Table(logs.zeus(2)), clock=SECOND, values={3: "J", 4: "J"})
    yield Sample("power", "codecarbon", "flushes", Table(logs.codecarbon()), utc, clock=Clock("%Y-%m-%dT%H:%M:%S", 0, any_notation=True),
                 values={10: "kWh", 11: "kWh", 12: "kWh"}, counters=(10, 11, 12), names=("aaaaaaaa-0000-4000-8000-000000000001",))
    yield Sample("power", "rapl", "2 packages", Table(logs.rapl(2)), clock=Clock("epoch s", 0, any_notation=True), values={2: "uJ"}, counters=(2,),
                 devices=())
    fields = {"CPU": r"\nCPU Power: (\d+) mW", "GPU": r"\nGPU Power: (\d+) mW", "time": r"activity \(([^)]*)\)"}
    yield Sample("power", "powermetrics", "blocks", Text(logs.powermetrics(), fields, r"(?m)^\*\*\* "), (), "sample.txt",
                 clock=Clock("%a %b %d %H:%M:%S %Y +0000", "time"), values={"CPU": "mW", "GPU": "mW"})
    for in_joules in (False, True):
        yield Sample("power", "turbostat", "J" if in_joules else "W", Table(logs.turbostat(in_joules), "\t"), (), "sample.txt",
                     clock=Clock("epoch s", 1), values={6: "J" if in_joules else "W", 8: "J" if in_joules else "W"})
    fields = {"Watts": r"Watts,(-?[^,]*),", "time": r"^Time,([^,]*),", "Mark": r"Mark,(.*)"}
    yield Sample("power", "ptdaemon", "spl", Text(logs.ptdaemon(), fields), utc, "spl.txt", clock=Clock("%m-%d-%Y %H:%M:%S.%3", "time"),
                 values={"Watts": "W"})
    yield Sample("power", "amd-smi", "2 GPUs", Table(logs.amd_smi(2)), clock=SECOND, values={4: "W"}, devices=(1,))
    yield Sample("power", "rocm-smi", "2 GPUs", Table(logs.rocm_smi(2)), clock=SECOND, values={2: "W"}, devices=(1,))
    fields = {"VDD_IN": r"VDD_IN (\d+)mW", "time": r"^(\S+ \S+) RAM", "VDD_SOC": r"VDD_SOC (\d+)mW"}
    yield Sample("power", "tegrastats", "module", Text(logs.tegrastats(), fields), utc, "sample.txt", clock=Clock("%m-%d-%Y %H:%M:%S", "time"),
                 values={"VDD_IN": "mW"})
    yield Sample("power", "hwinfo", "CPU and GPU", Table(logs.hwinfo()), utc, encoding="cp1252", clock=Clock("%d.%m.%Y|%H:%M:%S.%3", 0, 1),
                 values={2: "W", 4: "W"})
    one, two = ("meters", 0, "power"), ("switch:0", "apower")
    yield Sample("power", "shelly", "gen 1", Records(logs.shelly(1), lines=True), (), "sample.jsonl", clock=Clock("epoch s", ("unixtime",)),
                 values={one: "W", ("meters", 0, "total"): "Wmin"}, counters=(("meters", 0, "total"),))
    yield Sample("power", "shelly", "gen 2", Records(logs.shelly(2), lines=True), (), "sample.jsonl", clock=Clock("epoch s", ("sys", "unixtime")),
                 values={two: "W", ("switch:0", "aenergy", "total"): "Wh"}, counters=(("switch:0", "aenergy", "total"),))
    yield Sample("power", "tasmota", "1 channel", Records(logs.tasmota(), lines=True), utc, "sample.jsonl", clock=Clock("%Y-%m-%dT%H:%M:%S", ("Time",)),
                 values={("ENERGY", "Power"): "W"})
    stamp = "%Y-%m-%dT%H:%M:%S.%3Z"
    yield Sample("power", "home-assistant", "CSV", Table(logs.home_assistant_csv()), clock=Clock(stamp, 2, any_notation=True), values={1: "W"},
                 names=("sensor.server_plug_power",))
    yield Sample("power", "home-assistant", "JSON", Records(logs.home_assistant_json(), lambda tree: tree[0]), (), "sample.json",
                 clock=Clock("%Y-%m-%dT%H:%M:%S+00:00", ("last_changed",), any_notation=True), values={("state",): "W"},
                 names=("sensor.server_plug_power",))
    data = ("telemetry_data", "gpu_power_usage"), ("telemetry_data", "energy_consumption")
    yield Sample("power", "aiperf-telemetry", "2 GPUs", Records(logs.aiperf_telemetry(2), lines=True), (), "sample.jsonl",
                 clock=Clock("epoch ns", ("timestamp_ns",)), values={data[0]: "W", data[1]: "MJ"}, counters=(data[1],), names=("GPU-0000", "GPU-0001"))
    for devices in (1, 2, 4):
        yield Sample("power", "csv", f"{devices} devices", Table(logs.csv_power(devices)), clock=iso(0), values={2: "W"}, devices=(1,))
    yield Sample("power", "csv", "energy", Table(logs.csv_energy()), clock=iso(0), values={1: "J"}, counters=(1,))
    yield Sample("power", "csv", "kW", Table(logs.csv_kilowatt()), clock=iso(0), values={1: "kW"})


GENERIC = """start,end,model,device,batch,prompt_tokens,tokens_generated,ttft_ms,tpot_ms,gpu_j
2026-05-04T09:00:00Z,2026-05-04T09:01:00Z,mine,NVIDIA L4,8,8192,24000,210.5,19.25,4100.5
2026-05-04T09:02:00Z,2026-05-04T09:03:01Z,mine,NVIDIA L4,8,8192,24000,211.5,19.5,4180.25
2026-05-04T09:04:00Z,2026-05-04T09:05:30Z,mine,NVIDIA L4,1,1024,3000,95.25,29.5,3600.75
"""


def runs():
    document = lambda case, name="input.json", **more: Records(read(case, name), **more)
    utc, stamp = ("--tz", "UTC"), Clock("%Y%m%d-%H%M%S", ("date",))
    yield Sample("runs", "llama-bench", "JSON", document("01-llama-bench-json-current", find=lambda tree: tree), (), "sample.json",
                 clock=Clock("%Y-%m-%dT%H:%M:%SZ", ("test_time",)))
    pattern = {"test": r"(pp512|tg128(?: @ d4096)?) \|", "t/s": r"\| +([\d.]+) ± ", "stddev": r"± ([\d.]+)"}
    yield Sample("runs", "llama-bench", "Markdown", Text(read("07-llama-bench-markdown-default", "input.md"), pattern), (), "sample.md")
    serve = document("08-vllm-bench-serve-json-with-power")
    yield Sample("runs", "vllm", "serve", serve, utc, "sample.json", clock=stamp)
    yield Sample("runs", "vllm", "detailed", document("12-eos-tokens-below-requested"), utc, "sample.json", clock=stamp)
    yield Sample("runs", "vllm", "sweep", document("09-vllm-append-result-not-json", lines=True), utc, "sample.jsonl", clock=stamp)
    yield Sample("runs", "sglang", "serving", document("10-sglang-bare-infinity-nan", "input.jsonl", lines=True), utc, "sample.jsonl")
    yield Sample("runs", "aiperf", "report", document("15-aiperf-json-reasoning-tokens"), utc, "sample.json")
    yield Sample("runs", "aiperf", "records", document("17-aiperf-jsonl-warmup-cancelled-errors", "input.jsonl", lines=True), (), "sample.jsonl")
    yield Sample("runs", "genai-perf", "CSV", Table(read("16-genai-perf-csv-two-sections-thousands")))
    yield Sample("runs", "optimum-benchmark", "report", document("13-optimum-benchmark-report"), (), "benchmark_report.json")
    yield Sample("runs", "ml-energy", "CSV", Table(read("19-mlenergy-leaderboard-per-response")))
    yield Sample("runs", "ml-energy", "JSON", document("19-mlenergy-leaderboard-per-response"), ("--tokens-per-response", "200"), "sample.json")
    yield Sample("runs", "generic", "3 runs", Table(GENERIC), clock=iso(0))


# Reader, a result that its client wrote, below tests/fixtures/clients, and files that are given with it unharmed.
RESULTS = [
    ("aiperf", "aiperf/server-count/profile_export_aiperf.json"),
    ("guidellm", "guidellm/rate/benchmarks.json"),
    ("guidellm", "guidellm/rate/benchmarks.csv"),
    ("genai-bench", "genai-bench/concurrency/D64_24_text-to-text_num_concurrency_1_time_7s.json", "experiment_metadata.json"),
    ("inference-perf", "inference-perf/rate/stage_0_lifecycle_metrics.json", "inference-perf.partial.stage_0.yaml"),
    ("inferencex", "inferencex/result.json", "agg_result.json"),
    ("llama-batched-bench", "llama-batched-bench/jsonl/batched.jsonl"),
    ("llmperf", "llmperf/model_550_150_summary.json", "model_550_150_individual_responses.json"),
    ("loadgen", "mlcommons-loadgen/offline/mlperf_log_detail.txt"),
    ("ollama", "ollama/finals.jsonl"),
    ("ollama", "ollama/verbose.txt"),
    ("trtllm-bench", "trtllm-bench/report.json"),
]


def clients():
    """Results of real clients, where they are there."""
    for reader, name, *beside in RESULTS:
        path = CLIENTS / name
        if path.is_file():
            others = {other: (path.parent / other).read_bytes() for other in beside}
            yield Sample("runs", reader, path.name[:20], document_of(path), ("--tz", "UTC"), path.name, beside=others)


def document_of(path):
    text = path.read_text()
    if path.suffix in (".json", ".jsonl"):
        lines = path.suffix == ".jsonl"
        return Records(text, lambda tree: tree if isinstance(tree, list) else [tree], lines)
    if path.suffix == ".csv":
        return Table(text)
    # `name: 1.5 unit` and `"key": "name", "value": 1.5`, each name once: one record with a field a line.
    plain = {name: rf"(?m)^ *{re.escape(name)} *: +([\d.]+)" for name in re.findall(r"(?m)^ *([a-z][\w ]+?) *: +[\d.]+", text)}
    logged = {name: rf'"key": "{name}", "value": ([\d.]+)' for name in re.findall(r'"key": "(\w+)", "value": [\d.]+', text)}
    return Text(text, plain | logged, start=r"\A")


def lists():
    fetched = ("--source", "https://example.org/list", "--retrieved-on", "2026-05-20")
    prices = (*fetched, "--as-of", "2026-05-01")
    own = (CASES.parents[2] / "data/inputs/prices/runpod.csv").read_text().splitlines(keepends=True)
    yield Sample("prices", "own", "6 rows", Table("".join(own[:7])))
    for case, cloud in (("67-skypilot-aws-vms-empty-price", "aws"), ("68-skypilot-gcp-split-price", "gcp")):
        yield Sample("prices", "skypilot", cloud, Table(read(case)), (*prices, "--provider", cloud))
    models = Records(read("69-litellm-model-prices", "input.json"), lambda tree: [entry for entry in tree.values() if isinstance(entry, dict)][1:])
    yield Sample("prices", "litellm", "JSON", models, prices, "sample.json")
    # AWS's own description has the price in it; the case has a shorter one.
    offered = read("70-aws-price-csv-five-metadata-rows").replace("8 GPU on demand, Linux", "$55.04 per On Demand Linux p8x.48xlarge Instance Hour")
    offer = Table(offered, before=5, quoted=True)
    yield Sample("prices", "aws-offer", "offer", offer, (*fetched, "--region", "xx-north-1"))
    own = (CASES.parents[2] / "data/inputs/grid/countries.csv").read_text().splitlines(keepends=True)
    yield Sample("grid", "own", "6 rows", Table("".join(own[:7])), clock=Clock("%Y-%m-%dT%H:%M:%SZ", 1))
    case = "73-electricity-maps-header-variants"
    yield Sample("grid", "electricity-maps", "hours", Table(read(case)), (*fetched[:2], "--basis", "lifecycle"), clock=Clock("%Y-%m-%d %H:%M:%S", 0))
    yield Sample("grid", "electricity-maps", "a day", Table(day_of_hours()), (*fetched[:2], "--basis", "lifecycle"), clock=Clock("%Y-%m-%d %H:%M:%S", 0))
    yield Sample("grid", "ember", "years", Table(read("74-ember-long-format")), fetched[:2])
    case = "75-codecarbon-country-and-cloud-tables"
    year = ("--year", "2023", "--basis", "lifecycle")
    yield Sample("grid", "codecarbon", "regions", Table(read(case)), (*fetched[:2], *year))
    countries = Records(read(case, "input.json"), lambda tree: [entry for entry in tree.values() if isinstance(entry, dict)])
    yield Sample("grid", "codecarbon", "countries", countries, (*fetched[:2], *year[2:]), "sample.json")


def day_of_hours():
    """Electricity Maps' table of the day on which summer time ends in Central Europe, with the local time beside UTC."""
    text = "Datetime (UTC),Datetime (local),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),"
    text += "Carbon-free energy percentage (CFE%),Renewable energy percentage (RE%),Data source,Data estimated,Data estimation method\n"
    for hour in range(24):
        local, direct = hour + (2 if hour < 1 else 1), 210.25 + 3.5 * hour
        stamp = f"2025-10-26 {local:02}:00:00" if local < 24 else "2025-10-27 00:00:00"
        text += f"2025-10-26 {hour:02}:00:00,{stamp},Exampleland,Example Zone,EX,{direct:.2f},{direct + 41.5:.2f},{70.5 - hour / 2:.2f},{60.25 - hour / 2:.2f},"
        text += "example.org,false,\n"
    return text


def every():
    return [*power(), *runs(), *clients(), *lists()]
