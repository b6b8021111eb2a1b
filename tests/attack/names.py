"""Names of backends, models, scenarios, runs, processors and prices that want to be markup, formulas, commands or control characters. The report is
made; nothing of them is obeyed by a browser, a reader of Markdown, a spreadsheet or a terminal.
"""

import collections
import csv
import html.parser
import io
import re
import shutil

import chain
import render

NAMES = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<!--<script>", "]]><script>x</script>",
    "</title><h1>x", "<iframe src=//x>",
    '" onmouseover="alert(1)" x="', "' autofocus onfocus='alert(1)", "javascript:alert(1)", "{{7*7}}{%raw%}${7*7}#{7*7}",
    "&lt;b&gt;&#60;script&#62;", "a\"b'c`d",
    "a|b|c\\|d", "``` `a` ```", "[x](javascript:alert(1)) ![y](http://127.0.0.1:1/x.png)", "# h1\n\n---\n\n> quote", "* a\n1. b",
    "~~a~~ **b** __c__", "a\\", "$x^2$ $$y$$",
    "a\nb\r\nc", "good\rbad", "abc\u202eevil\u202c", "\u2066a\u2069\u200f", "onnx\u200bruntime", "\ufeffa",
    "\x1b[31mred\x1b]0;title\x07\x1b[2J", "a\x9b31mb", "a\x07b\x08c\x7f", "a\x00b",
    "a\uffffb", "\u0301", "a" + "\u0301" * 200, "\U0001f525" * 60, "x" * 10_000, "a\u00a0\u2003b", "a\u2028b\u2029c",
    "=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "\uff1d1+1", "%s%n%x", "../../../../tmp/evil",
    "$(touch marked);`touch marked`", "x' or 1=1; drop table run; --", '{"a": 1}',
    "datum.x; alert(1)", "NaN", "null",
]
STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"[-+]?[\d.]+([eE][-+]?\d+)?|-?inf|nan")
FETCHING = ("script", "img", "iframe", "style", "link", "meta", "base", "form", "object", "embed", "svg")
# A file of text has ends of lines and tabs; no report has any other character that a terminal or a reader's eyes would obey.
# Backends, scenarios, model, session, processor, price: see `made`.
AT_ONCE = 10
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LEADS = ("href", "src", "action", "formaction", "data", "xlink:href", "srcdoc")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.bad = collections.Counter(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags[tag] + 1 if tag in FETCHING else 1
        self.bad += [f"{tag} {key}={value}"[:80] for key, value in attributes
                     if key.startswith("on") or key in LEADS and re.match(r"\s*(javascript|vbscript|data:text|http://127)", value or "",
                         re.I)]

    def handle_data(self, data):
        self.bad += [f"shown: {data[:60]!a}" for _ in [0] if OBEYED.search(data)]


def run(context):
    study = context.root / "data/inputs/tr119"
    tables = {t: list(csv.DictReader(open(study / f"{t}.csv", newline="", encoding="utf-8"))) for t in ("session", "run", "power_sample",
        "price")}
    plain, _ = made(context, study, tables, [f"name-{i}" for i in range(AT_ONCE)])
    if isinstance(plain, str):
        return chain.failed(context, [("without hostile names", plain)])
    plain = Page((plain / "report.html").read_text(encoding="utf-8")).tags
    found = []
    for turn in range(max(1, context.trials // 50)):
        names = context.random.sample(NAMES, len(NAMES))
        for i in range(0, len(names), AT_ONCE):
            some = (names[i:i + AT_ONCE] + names)[:AT_ONCE]
            found += [(f"{', '.join(f'{name[:20]!a}' for name in some)}: {part}", what) for part,
                what in judged(context, study, tables, some, plain)]
    return chain.failed(context, found)


def made(context, study, tables, names):
    """The report of the study under those names -> (folder or what went wrong, what was said)."""
    folder = context.scratch / "run"
    shutil.rmtree(folder, ignore_errors=True)
    inputs = folder / "in"
    inputs.mkdir(parents=True)
    backend, second, model, scenario, other, session, cpu, provider, instance, source = names
    backends, scenarios = {"transformers-cpu": backend, "onnxruntime-cpu": second}, {"batch_medium": scenario, "single_short": other}
    renamed = {t: [dict(row) for row in rows] for t, rows in tables.items()}
    for rows in (renamed["session"], renamed["run"], renamed["power_sample"]):
        for row in rows:
            row["session_id"] = session
    for row in renamed["session"]:
        row.update(cpu=cpu, gpu_names=instance)
    for i, row in enumerate(renamed["run"]):
        row.update(run_id=f"{backend}{i}", model=model, imported_from=source)
        row.update(backend=backends.get(row["backend"], row["backend"]), scenario=scenarios.get(row["scenario"], row["scenario"]))
    for row in [row for row in renamed["price"] if not row["provider"].startswith("aws")][:2]:
        row.update(provider=provider, instance=instance, source=source)
    for table, rows in renamed.items():
        with open(inputs / f"{table}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    (inputs / "grid.csv").write_bytes((study / "grid.csv").read_bytes())
    steps = [[context.bin / "import", "tables", *(inputs / f"{t}.csv" for t in render.MEASURED[:3]), "--into", folder]]
    steps += [chain.command(context, stage, folder, study / "pipeline.toml", inputs) for stage in chain.READ]
    said = ""
    for words in steps:
        ended = chain.run(context, words, 120)
        said += ended.out + ended.err
        if ended.code != 0:
            return f"{words[0].name} {ended.code}: {ended.last()}", said
    queried = chain.run(context, [context.bin / "query", "--run", folder, "select * from cost join session on true limit 100"])
    return folder, said + queried.out + queried.err


def judged(context, study, tables, names, plain_tags):
    folder, said = made(context, study, tables, names)
    yield "terminal", str(OBEYED.findall(said)[:9]) if OBEYED.search(said) else ""
    if isinstance(folder, str):
        yield "report", folder
        return
    yield "report", ""
    yield from shown(folder, plain_tags)


def shown(folder, plain_tags):
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    yield "HTML", f"{page.tags - plain_tags} {page.bad[:3]}" if page.tags - plain_tags or page.bad else ""
    text = re.sub(r"(`+)[^`].*?\1", "", (folder / "report.md").read_text(encoding="utf-8"))
    markup = re.findall(r"(?<!\\)<[a-zA-Z/!].{,40}|(?<!\\)\]\((?:javascript|http://127).{,40}", text)
    yield "Markdown", str(markup[:3]) if markup else ""
    controls = {}
    for path in [folder / "report.md", folder / "report.json", *folder.glob("csv/*.csv")]:
        controls.update({path.name: found for found in [OBEYED.findall(path.read_bytes().decode("utf-8").replace("\r\n", "\n"))] if found})
    yield "control characters", str(controls)[:300] if controls else ""
    formulas = {(path.name,
        cell[:30]) for path in folder.glob("csv/*.csv") for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
                for cell in row if cell.startswith(STARTS) and not NUMBER.fullmatch(cell)}
    yield "formulas", str(sorted(formulas)[:3]) if formulas else ""
    strange = [str(path) for path in folder.rglob("*") if not re.fullmatch(r"[\w./-]+", str(path.relative_to(folder)))]
    yield "names of files", str(strange[:3]) if strange else ""
