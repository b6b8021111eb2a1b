"""Something else in the place of a table: another table, another run's, nothing, text, a folder, a pipe, a dead link, a terabyte of zeros, another
version, a footer that lies, a cut anywhere. Every stage that reads it, and `query`, refuses it by its name, at once.
"""

import gzip
import os
import re
import shutil

import blake3
import chain
import render

VERSION, SEAL = b"tallywatt.version", b"tallywatt.seal"
# Made of files of inputs alone: those of two runs are the same.
OF_INPUTS = ["price", "grid", "tariff", "embodied", "retirement"]
# Thrift's compact protocol: number of rows of a file, and the list of its row groups behind it.
ROWS = re.compile(rb"\x16([\x80-\xff]*[\x00-\x7f])\x19[\x0c-\xfc]", re.S)
SECONDS, MOST_MB = 20, 1000


def run(context):
    runs = render.Runs(context)
    runs.prepare()
    return chain.failed(context, attacks(context, runs))


def attacks(context, runs):
    other = another_run(context, runs)
    own = {table: (runs.base / f"{table}.parquet").read_bytes() for table in chain.TABLES}
    readers = {table: [stage for stage, read in chain.READ.items() if table in read] + ["query"] for table in chain.TABLES}
    for stage in [*chain.READ, "query"]:
        ended = tried(context, runs, stage, "run", lambda path: path.write_bytes(own["run"]))
        yield f"{stage}: nothing is changed", "" if ended.code == 0 else ended.last()
    for table in chain.TABLES:
        for what, put in strangers(context, own, table).items():
            yield judged(context, runs, context.random.choice(readers[table]), table, what, put)
        for stage in readers[table][:-1] if table not in OF_INPUTS else []:
            yield judged(context, runs, stage, table, "that of another run",
                lambda path: path.write_bytes((other / path.name).read_bytes()))
    for _ in range(context.trials):
        table = context.random.choice(chain.TABLES)
        at = context.random.randrange(len(own[table]))
        cut = lambda path, table=table, at=at: path.write_bytes(own[table][:at])
        yield judged(context, runs, context.random.choice(readers[table]), table, f"cut at {at}", cut)


def strangers(context, own, table):
    data, other = own[table], context.random.choice([name for name in chain.TABLES if name != table])
    return {
        f"table {other}": lambda path: path.write_bytes(own[other]), "an empty file": lambda path: path.write_bytes(b""),
            "a folder": lambda path: path.mkdir(),
        "CSV": lambda path: path.write_text("run_id,session_id\na,b\n"), "a dead link": lambda path: path.symlink_to("nothing"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"), "a pipe": lambda path: os.mkfifo(path),
        "a terabyte of zeros": lambda path: sparse(path, b"", b""),
        "a terabyte between its ends": lambda path: sparse(path, data[:4], data[-8:]),
        "gzip": lambda path: path.write_bytes(gzip.compress(data)), "twice": lambda path: path.write_bytes(data + data),
        "a line more": lambda path: path.write_bytes(data + b"\n"), "another version": lambda path: path.write_bytes(other_version(data)),
        "a row more in the footer": lambda path: path.write_bytes(other_count(data)),
        "no seal": lambda path: path.write_bytes(data.replace(SEAL, b"tallywatt.sea1")),
    }


def sparse(path, begin, end):
    with open(path, "wb") as file:
        file.write(begin)
        file.truncate(1 << 40)
        file.seek(-len(end), os.SEEK_END)
        file.write(end)


def value(data, key):
    """Where the text behind a key of the footer begins, and its length."""
    at = data.rindex(key) + len(key)
    return at + 2, data[at + 1]


def sealed(data):
    at, length = value(data, SEAL)
    around = data[:at], data[at + length:]
    return blake3.blake3((b"0" * length).join(around)).hexdigest().encode().join(around)


def other_version(data):
    at, length = value(data, VERSION)
    return sealed(data[:at] + b"9" * length + data[at + length:])


def other_count(data):
    begin = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    at = ROWS.search(data, begin).start(1)
    return sealed(data[:at] + bytes([data[at] ^ 2]) + data[at + 1:])


def another_run(context, runs):
    """The same study, measured a second time: another session."""
    inputs, folder = context.scratch / "other-in", context.scratch / "other"
    inputs.mkdir()
    for name in render.MEASURED[:3]:
        text = (runs.study / f"{name}.csv").read_text(encoding="utf-8")
        (inputs / f"{name}.csv").write_text(re.sub("(?m)^tr119,", "second,", text), encoding="utf-8")
    runs.stage("import", "tables", *(inputs / f"{name}.csv" for name in render.MEASURED[:3]), "--into", folder)
    for stage in chain.WRITTEN:
        words = chain.command(context, stage, folder, context.scratch / "old.toml")
        runs.stage(stage, *words[1:])
    return folder


def tried(context, runs, stage, table, put):
    folder = context.scratch / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in runs.base.glob("*.parquet"):
        if path.stem != table:
            (folder / path.name).hardlink_to(path)
    put(folder / f"{table}.parquet")
    return chain.run(context, chain.command(context, stage, folder, context.scratch / "old.toml", draw=runs.quick), SECONDS)


def judged(context, runs, stage, table, what, put):
    ended, name = tried(context, runs, stage, table, put), f"{what} as {table}, read by {stage}"
    if ended.code != 1:
        return name, f"exit {ended.code}, {ended.last()}"
    if f"{table}.parquet" not in ended.err and what != "that of another run":
        return name, f"not its name: {ended.last()}"
    return name, f"{ended.peak_mb:.0f} MB" if ended.peak_mb > MOST_MB else ""
