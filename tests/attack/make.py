"""Names of price files, results, folders and configurations that want to be commands, patterns or options, through `make`. No command runs; each name
is that of one file, or is refused by its name.
"""

import itertools
import os
import shutil
import subprocess

import chain
import render

NAMES = ["a;touch marked;b", "$(touch marked)", "$$(touch marked)", "$(shell touch marked)", "`touch marked`", "a&touch marked&b",
    "a|touch marked", "a b", "it's", 'a"b', "a\nb", "a\ttouch marked",
         "a[1]b", "a?b", "a*b", "-rf", "--help", "a%b", "a#b", "a:b", "a=b", "a\\b", "a{b,c}", "~", "!x", "größe", ".hidden", "${HOME}",
         "<a>"]
PLACES = ["RUN", "PIPELINE", "CACHE", "IMPORT", "BESIDE", "IMPORT_PIPELINE"]
SHORT = "PIPELINE=tests/fixtures/short.toml"
RESULTS = "tests/fixtures/cases/08-vllm-bench-serve-json-with-power/input.json"
PRICE = "provider,region,instance,tier,accelerator,accelerator_count,usd_per_hour,includes_power,source,as_of,retrieved_on\n{},any,x,on_demand,,,1.5,true,s,2026-01-01,2026-01-01\n"


def run(context):
    tree = copied(context)
    # Neighbours that a pattern would find.
    for name in ("a1b", "axb"):
        (tree / f"{name}.csv").write_text(PRICE.format("neighbour"))
    of_files = (trial for i, name in enumerate(NAMES) for trial in files(context, tree, name, i))
    return chain.failed(context, itertools.chain(fixed(context, tree), places(context, tree), of_files))


def copied(context):
    """The tracked files, older than all that is made; built files and packages as links."""
    tree = context.scratch / "tree"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=context.root, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source, target = context.root / name, tree / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
            os.utime(target, (0, 0))
    (tree / "target/release").mkdir(parents=True)
    for stage in [*chain.READ, "collect", "worker", "import", "query", "own-config"]:
        (tree / "target/release" / stage).symlink_to(context.bin / stage)
    for name in (".venv", "data/cache"):
        (tree / name).symlink_to(context.root / name)
    runs = render.Runs(context)
    runs.prepare()
    shutil.copy(runs.quick, tree / "stages/render/draw.py")
    shutil.copytree(runs.base, tree / "data/run/base")
    return tree


def make(context, tree, *words):
    # Nothing is built or installed here.
    return chain.run(context, ["make", "--no-print-directory", "CARGO=false", "PYTHON3=false", *words], 120, cwd=tree)


def marked(tree):
    return [str(path) for path in tree.rglob("marked*")] + [str(path) for path in tree.parent.glob("marked*")]


def fault(tree, ended, is_right):
    if marked(tree):
        return "a command ran"
    if ended.code not in (0, 2):
        return f"exit {ended.code}, {ended.last()}"
    return "" if is_right else f"exit {ended.code}: {ended.err.strip()[-300:]}"


def fixed(context, tree):
    for words, told in [
        (["help"], None), (["reprice", "RUN=data/run/base", SHORT], None), (["reprice", "RUN="], "RUN: empty"),
        (["clean", "RUN="], "RUN: empty"), (["clean", "RUN=/"], "RUN: not a folder"),
        (["reprice", "PIPELINE="], "PIPELINE: empty"),
        (["reprice", "RUN=data/run/base", "PIPELINE=nothing.toml"], "nothing.toml: cannot read"),
        (["reprice", "RUN=data/run/base", "PIPELINE=docs"], "docs: cannot read"),
        (["reprice", "RUN=data/run/nothing", SHORT], "nothing was measured yet"),
        (["import", "RUN=data/run/mine"], "RUNS is empty"), (["import", "RUN=data/run/mine", "RUNS=nothing.json"], "nothing.json"),
        (["import", "RUN=data/run/mine", f"RUNS={RESULTS}", "IMPORT_OPTIONS=--tz=UTC; touch marked"], '"UTC;"'),
    ]:
        ended = make(context, tree, *words)
        yield f"make {' '.join(words)}", fault(tree, ended, ended.code == 0 if told is None else ended.code == 2 and told in ended.err)


def places(context, tree):
    """What names targets: refused with its variable, but for names that are plain."""
    for variable in PLACES:
        for name in context.random.sample(NAMES, min(len(NAMES), 4 + context.trials // 10)):
            ended = make(context, tree, context.random.choice(["help", "reprice", "clean"]), f"{variable}={name}")
            plain = name.isascii() is False or name in (".hidden",)
            yield f"{variable}={name!a}", fault(tree, ended, plain or (ended.code == 2 and f"*** {variable}: " in ended.err))


def files(context, tree, name, i):
    """A price file of that name in the folder of prices and on the command line; results of that name."""
    path = tree / "data/inputs/prices" / f"{name}.csv"
    path.write_text(PRICE.format(f"hostile-{i}"))
    ended = make(context, tree, "help")
    yield f"make help beside {path.name!a}", fault(tree, ended, ended.code == 0)
    # Of a file alone with the price of this machine, without which nothing may fit.
    elsewhere = tree / "prices"
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / path.name).write_text((tree / "data/inputs/prices/own.csv").read_text().rstrip("\n") + f"\nhostile-{i},any,x,on_demand,1.5,true,s,2026-01-01,2026-01-01\n")
    what, words = context.random.choice([("in the folder", []), ("PRICES=", [f"PRICES={elsewhere}/{name}.csv"])])
    ended = make(context, tree, "data/run/base/price.parquet", "RUN=data/run/base", SHORT, "MEASURE=no", *words)
    yield f"{what} {path.name!a}", fault(tree, ended,
        refused(ended, name) if ended.code else priced(context, tree, [f"hostile-{i}"] if words or name != ".hidden" else []))
    path.unlink()
    results = tree / f"{name}.json"
    shutil.copy(tree / RESULTS, results)
    # Its tables, and not the report of them, which has no more names.
    ended = make(context, tree, "import", "RUN=data/run/mine", f"RUNS={results.name}", "IMPORT_OPTIONS=--tz=UTC",
        "IMPORT_PIPELINE=nothing.toml")
    yield f"RUNS={results.name!a}", fault(tree, ended, "nothing.toml: cannot read" in ended.err or refused(ended, name))
    results.unlink()


def refused(ended, name):
    """By its name, as it is or as a terminal may have it."""
    shown = [name, name.replace("\n", "\\n").replace("\t", "\\t")]
    return any(text in ended.err for text in shown) and "Syntax error" not in ended.err and "No rule" not in ended.err


def priced(context, tree, wanted):
    """Files whose names begin with a point are no part of a folder, as for a shell."""
    sql = "select distinct provider from p where provider like 'hostile%' or provider = 'neighbour'"
    words = [context.bin / "query", "--run", tree / "data/inputs", "--table", f"p={tree}/data/run/base/price.parquet", "--format", "csv",
        sql]
    return chain.run(context, words).out.split() == ["provider", *wanted]
