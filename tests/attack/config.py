"""Wrong values in `pipeline.toml`, in the table of every stage: refused with the file and the line of the value, or taken with a meaning that is
stated here.
"""

import json
import re
import shutil
import tomllib

import chain
import matrix
import render

OVER = "1000000000000"
MOST = "9223372036854775807"
POWER = 'source = "cpu-model", idle_w = {}, full_w = {}, sample_hz = {}'
HTTP = '{{ url = "{}", model = "m", key_variable = "{}", device = "cpu", dtype = "f32", extra = {{}} }}'
MODEL = '{{ source = "{}", name = "m", {} }}'
SHARE = "-0.1 | 1.1 | nan | inf"
PERCENT = "-1.0 | nan | inf | 1000.0"
LEVEL = "0.0 | 1.0 | 95.0 | nan | -0.5"
LENGTHS = f"0 | -1 | {OVER} | {MOST} | 2.5"

# Key path -> wrong values in TOML, separated by ` | `. A path that is not there becomes a new key.
WRONG = {
    "collect.threads": f'0 | -1 | 1000000000 | 2.5 | "2" | 4096 | {MOST}', "collect.cpus": "[9999] | [0, 0] | [-1] | [4000]",
    "collect.seed": "-1",
    "collect.repetitions": f"0 | {OVER} | 100000000 | -1", "collect.min_window_ms": f"{MOST} | 999999999 | -1 | 0",
    "collect.min_updates": f"-1 | {OVER}",
    "collect.idle_s": "-1.0 | nan | inf | 1e300 | 1e18 | 1", "collect.cooldown_ms": f"{MOST} | -1", "collect.new_tokens": LENGTHS,
    "collect.run_timeout_s": f"0 | {MOST}", "collect.load_timeout_s": f"0 | {MOST}", "collect.max_failures": "0 | -1",
    "collect.backends": '[] | ["good", "good"] | ["onnxruntime"] | [""] | "good"',
    "collect.mode": '[] | [{ mode = "prefill", kv_cache = true }] | [{ mode = "decode", kv_cache = true }] | '
                    '[{ mode = "generate", kv_cache = true }, { mode = "generate", kv_cache = true }]',
    "collect.scenario": '[] | [{ name = "a", batch = 1, prompt_tokens = 5 }, { name = "a", batch = 2, prompt_tokens = 5 }]',
    "collect.scenario.0.name": '"" | "../../x" | "a\\nb" | "\\u001b[31mred" | 5',
    "collect.scenario.0.batch": f"0 | 1000000000 | {MOST} | 20000",
    "collect.scenario.0.prompt_tokens": LENGTHS, "collect.warmup.max_cv_pct": "nan | -1.0 | inf", "collect.warmup.min_iterations": "9 | -1",
    "collect.contention.wait_quiet_s": "1e300 | nan | -1.0", "collect.contention.max_other_cpu_pct": PERCENT,
    "collect.contention.max_repeats": f"{MOST} | -1",
    "collect.parity.max_relative_difference": "nan | -1.0 | inf | 1e9", "collect.parity.max_quantized_rms": "nan | -1.0 | 9.0",
    "collect.parity.greedy_tokens": f"{OVER} | 0 | -1", "collect.thread": "2", "collect.stop": '"never"', "collect.logits": '"none"',
    "collect.on_unavailable": '"ignore"',
    "collect.model": " | ".join([MODEL.format("path", 'path = ""'), MODEL.format("path", 'path = "/nothing"'),
    MODEL.format("path", 'path = "docs", onnx = "no.onnx"'),
                                 MODEL.format("hf", 'repo = "../../x", revision = "main"'), MODEL.format("ftp", 'path = "x"'),
                                 MODEL.format("synthetic", f'architecture = "gpt2-tiny", seed = {MOST}1'),
                                     MODEL.format("synthetic", 'architecture = "gpt9", seed = 1')]),
    "collect.model.seed": f"{MOST} | -1", "collect.model.name": '"" | "a\\u0007"',
    "collect.worker.0.command": '[] | [""] | ["/nothing"] | ["false"]',
    "collect.worker.0.backend": '"candle-cpu" | "" | "other"', "collect.worker.0.device": '"tpu"',
    "collect.power": " | ".join(["[{ " + POWER.format(*values) + " }]" for values in [
        (10.0, 65.0, 0.0), (10.0, 65.0, "1e-300"), (10.0, 65.0, "1e-9"), (10.0, 65.0, "nan"), (10.0, 65.0, "1e6"), (100.0, 65.0, 20.0),
        (-5.0, 65.0, 20.0),
        (10.0, "nan", 20.0), (10.0, "inf", 20.0), (10.0, "1e308", 20.0)]] + ["[{ " + POWER.format(1.0, 2.0,
        1.0) + " }, { " + POWER.format(1.0, 2.0, 1.0) + " }]",
        '[{ source = "rapl", root = "README.md", sample_hz = 20.0, required = true }]',
        '[{ source = "rapl", root = "README.md", sample_hz = 20.0, required = false }]',
        '[{ source = "hwmon", root = "/nothing", sample_hz = 20.0, required = true }]',
        '[{ source = "replay", file = "/nothing", sample_hz = 20.0, required = true }]',
        '[{ source = "external", name = "p", command = [], sample_hz = 20.0, required = true }]',
        '[{ source = "wattmeter", sample_hz = 20.0 }]',
        '[{ source = "external", name = "p", command = ["/nothing"], sample_hz = 20.0, required = true }]']),
    "collect.http": " | ".join(HTTP.format(*values) for values in [("localhost:1/v1", ""), ("file:///etc/passwd", ""),
    ("http://u:p@127.0.0.1:1/v1", ""), ("http://", "")]),
    "collect+http": " | ".join(HTTP.format(*values) for values in [("http://127.0.0.1:1/v1", "NOT_SET"), ("http://127.0.0.1:1/v1", "")]),
    "join-telemetry.max_gap_ms": "-1.0 | nan | inf | 0.0 | 1e300", "join-telemetry.min_updates": "0 | 10000000000 | -1",
    "join-telemetry.max_error_pct": "-5.0 | nan | 1e9 | inf",
    "join-telemetry.clock_error_ms": "nan | -1.0 | 1e300", "join-telemetry.clock_search_s": "nan | -1.0 | inf | 1e300",
    "derive-costs.utilisation": "0.0 | 1.5 | 40.0 | 1e-300 | nan", "derive-costs.utilisations": "[] | [0.5, 0.5] | [nan] | [0.0]",
    "derive-costs.default_pue": "0.9 | inf | 1e308 | nan",
    "derive-costs.home_grid": '"moon" | ""', "derive-costs.ci_level": f"{LEVEL} | 0.9999999999999999",
    "derive-costs.draws": f"{OVER} | -1 | 4000000000", "derive-costs.seed": "-1",
    "derive-costs.memory_reserve_pct": "nan | -1.0 | inf", "derive-costs.max_price_gap_days": f"-1 | {MOST}",
    "join-telemetry.energy_scope": '"all"', "derive-costs.interval": '"exact"',
    "derive-costs.token_count": '"some"', "derive-costs.ran_on": '"" | "nowhere at all"',
    "derive-costs.workload.0.prompt_tokens": f"-1 | {MOST}", "derive-costs.workload.0.volume_mtok": "0.0 | 1e300 | nan",
    "derive-costs.workload.0.months": "inf | 0.0 | -1.0", "derive-costs.workload.0.cached_share": SHARE,
    "derive-costs.workload.0.name": '""', "derive-costs.blend.0.name": '"" | "chat_256_128"',
    "derive-costs.workload.0.upfront_usd": "-1.0 | nan",
    "derive-costs.owned.capex_usd": "-1.0 | nan | 1e308", "derive-costs.owned.residual_usd": "99999.0 | -1.0",
    "derive-costs.owned.life_years": "0.0 | 1e-300 | inf", "derive-costs.owned.idle_w": "-1.0 | nan",
    "derive-costs.owned": "0", "derive-costs.blend.0.shares": "{ chat_256_128 = 0.9 } | { chat_256_128 = nan } | { nothing = 1.0 } | {}",
    "derive-costs.speed_factor.0.factor": "0.0 | nan | [2.0, 1.0] | -1.0 | inf",
    "analyze.ci_level": LEVEL, "analyze.resamples": f"10 | {OVER}", "analyze.practical_pct": "-1.0 | inf | nan",
    "analyze.wanted_interval_pct": "1e-300 | nan | -1.0", "analyze.max_failed_pct": PERCENT,
    "analyze.max_degraded_pct": PERCENT, "analyze.max_cv_pct": "nan | -1.0", "analyze.max_drift_pct": "-1.0 | nan",
    "analyze.max_price_age_days": f"-1 | {MOST}", "analyze.min_window_ms": "nan | -1.0",
    "analyze.min_normality_p": SHARE, "analyze.min_outlier_p": SHARE, "analyze.max_throttled_pct": PERCENT,
    "analyze.max_grid_age_years": f"-1 | {MOST}", "analyze.max_usd_per_hour_per_accelerator": "nan | -1.0",
    "analyze.price": '"nobody" | "" | 5', "analyze.decision.max_latency_ms": "-1.0 | nan | 0.0",
    "analyze.decision.weights": "{ usd = 1e308, kwh = 1e308, gco2e = 0.0, latency = 0.0 }",
    "analyze.decision.weights.usd": "-1.0 | nan", "analyze.decision.objective": '"best"', "analyze.seed": "-1", "analyze.test": '"anova"',
    "analyze.scale": '"sqrt"', "analyze.decision.hardware": '"rented"',
    "render.title": f'"" | "{"x" * 1_000_000}" | 5 | "a\\u0000b" | "</title><script>alert(1)</script>"', "render.theme": '"dark"',
}
# Whole texts: stage and what becomes of the text.
TEXTS = {
    "a key twice": ("collect", lambda text: text.replace("threads = 2\n", "threads = 2\nthreads = 2\n")),
    "an unknown table": ("render", lambda text: text + "[rendr]\nx = 1\n"),
    "no TOML": ("render", lambda _: "{}"), "nothing": ("collect", lambda _: ""), "a NUL": ("render", lambda text: "\0" + text),
    "a table twice": ("render", lambda text: text + "[analyze]\nx = 1\n"),
    "10 MB of comments and no table": ("collect", lambda _: "# x\n" * 2_500_000),
    "nested 100,000 deep": ("render", lambda text: text + "x = " + "[" * 100_000 + "]" * 100_000),
    "a key of 100,000 parts": ("render", lambda text: text + ".".join(["a"] * 100_000) + " = 1"),
    "no [derive-costs.owned]": ("derive-costs", lambda text: re.sub(r"(?m)^\[derive-costs\.owned\][^\[]*", "", text)),
    "no [analyze]": ("analyze", lambda text: re.sub(r"(?s)\n\[analyze\].*\n\[render\]", "\n[render]", text)),
    "UTF-16": ("render", lambda text: text.encode("utf-16").decode("latin-1")),
}
# Taken, and why that is right.
MEANINGFUL = {
    ("collect.threads", "4096"): "more threads than processors can be measured; an engine of ours says how many it has",
    ("collect.min_window_ms", "0"): "one iteration a run", ("collect.idle_s", "1"): "a whole number of seconds",
    ("collect.scenario.0.name", '"../../x"'): "a name and no path: no file is named after it",
    ("collect.scenario.0.batch", "20000"): "large, and within the bound",
    ("collect.model.seed", MOST): "any seed is one", ("derive-costs.ci_level", "0.9999999999999999"): "below 1: the intervals are wide",
    ("as they are", ""): "nothing is wrong", ("derive-costs.ran_on", '""'): "as where it is left out",
    ("no [derive-costs.owned]", ""): "the machine costs its electricity alone", ("no [analyze]", ""): "the defaults hold",
    ("render.title", '"</title><script>alert(1)</script>"'): "text, and shown as text (section `names`)",
}
# Of a table that is not there no line can be told.
ABSENT = ["nothing", "10 MB of comments and no table"]


class Raw(str):
    """A value as it stands in TOML."""


def literal(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {literal(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return value if isinstance(value, Raw) else json.dumps(value, ensure_ascii=False)


def written(table, path=""):
    """One line a value, so that each has a line of its own."""
    is_tables = lambda v: isinstance(v, list) and v and all(isinstance(row, dict) for row in v)
    for key, value in table.items():
        if not isinstance(value, dict) and not is_tables(value):
            yield f"{key} = {literal(value)}"
    for key, value in table.items():
        for row in value if is_tables(value) else [value] if isinstance(value, dict) else []:
            yield f"[[{path}{key}]]" if is_tables(value) else f"[{path}{key}]"
            yield from written(row, f"{path}{key}.")


def changed(base, path, value):
    """The text with that value. `collect+http`: of a matrix that asks that server."""
    tables = tomllib.loads(base)
    keys = path.replace("+", ".").split(".")
    if "+" in path:
        tables["collect"]["backends"] = ["openai-http"]
    at = tables
    for key in keys[:-1]:
        at = at[int(key) if isinstance(at, list) else key]
    at[keys[-1]] = Raw(value)
    return "\n".join(written(tables)) + "\n"


def run(context):
    runs = render.Runs(context)
    runs.prepare()
    text = (context.root / "tests/fixtures/every-key.toml").read_text()
    collect = matrix.config({"good": matrix.good(context)}, 1,
        "\n[collect.http]\n" + HTTP.format("http://127.0.0.1:1/v1", "")[2:-2].replace(", ", "\n"))
    base = collect.replace('"skip"', '"refuse"') + "\n" + text[text.index("[join-telemetry]"):].replace('home_grid = "home"',
        'home_grid = "tr119"')
    return chain.failed(context, judged(context, runs, base))


def judged(context, runs, base):
    for stage in ["collect", *chain.READ]:
        yield f"{stage}: the values as they are", verdict(context, runs, stage, changed(base, "render.title", '"x"'), "as they are", "")
    for path, values in WRONG.items():
        for value in values.split(" | "):
            stage = re.split(r"[.+]", path)[0]
            yield f"{path} = {value[:60]}", verdict(context, runs, stage, changed(base, path, value), path.replace("+", "."), value)
    for name, (stage, change) in TEXTS.items():
        yield name, verdict(context, runs, stage, change(base), name, "")


def verdict(context, runs, stage, text, path, value):
    folder = context.scratch / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for table in runs.base.glob("*.parquet"):
        (folder / table.name).hardlink_to(table)
    config = folder / "pipeline.toml"
    config.write_text(text, encoding="utf-8")
    words = matrix.command(context, folder) if stage == "collect" else chain.command(context, stage, folder, config, draw=runs.quick)
    ended = chain.run(context, words, 25)
    if ended.code not in (0, 1):
        return f"exit {ended.code}, {ended.last()}"
    if ended.code == 0:
        return "" if (path, value) in MEANINGFUL else f"taken, and no meaning is stated: {ended.last()}"
    if path in ABSENT and ended.last().startswith(f"{stage}: {config}: no table ["):
        return ""
    stated = re.match(rf"{re.escape(f'{stage}: {config}')}: line (\d+): ", ended.last())
    if not stated:
        return f"no file and line: {ended.last()}"
    line = (text.splitlines() or [""])[int(stated[1]) - 1]
    known = path in TEXTS or any(key in line for key in path.split(".")[1:])
    return "" if known else f"line {stated[1]} is `{line[:80]}`: {ended.last()}"
