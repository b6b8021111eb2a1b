"""SQL that tries to write, to read other files, to change settings, and to take more time, memory and stack than there is. It is answered or
refused in one line; no file appears, changes or shows through; a bound that is passed is named.
"""

import hashlib
import os
import pathlib
import re
import stat

import chain
import render

SECONDS, MEMORY_MB = 3, 128
# What `query` needs beside the memory that it is given, and a margin.
PROGRAM_MB = 256 + 100
SECRET = "a-secret-of-another-file"
# The parser stops at its own depth and names the place.
BOUND = re.compile(r"ParserError|more memory than allowed|Resources exhausted|took longer than allowed|nested too deeply|exceeds|too large|[Oo]verflow|limit")

STATEMENTS = [
    "copy run to 'OUT'", "copy (select 1) to 'OUT' stored as csv", "insert into run select * from run", "create table t as select 1",
    "create external table t stored as csv location 'SECRET'", "create view v as select 1", "drop table run", "drop view run",
    "create schema s",
    "create database d", "create function f() returns int return 1", "set datafusion.execution.batch_size = 1", "truncate run",
    "set datafusion.catalog.information_schema = true", "reset datafusion.execution.batch_size", "delete from run", "use s", "call f()",
    "update run set status = 'ok'", "begin", "commit", "rollback", "prepare p as select 1", "execute p", "deallocate p", "kill 1",
    "explain analyze copy run to 'OUT'", "explain copy run to 'OUT'", "explain analyze insert into run select * from run",
    "select * from 'SECRET'", 'select * from "SECRET"', "select * from SECRET", "select * from 'file://SECRET'",
    "select * from '/etc/passwd'",
    "select * from read_csv('SECRET')", "select * from csv_scan('SECRET')", "select * from read_parquet('SECRET')",
    "select * from parquet_scan('SECRET')",
    "select * from parquet_metadata('SECRET')", "select * from glob('/*')", "select pg_read_file('SECRET')",
    "select load_extension('SECRET')",
    "select getenv('HOME')", "select 1; select 2", "select * from run; drop table run", "load data infile 'SECRET' into table run",
    "unload run to 'OUT'",
    "attach 'SECRET' as y", "install httpfs", "pragma database_list", "select * into t from run", "select 1 into outfile 'OUT'",
    "export database 'OUT'",
    "lock tables run write", "grant all on run to public", "analyze table run", "vacuum", "msck repair table run",
    "import database 'SECRET'",
    "with x as (insert into run select * from run returning *) select * from x",
    "select * from energy_join((select 1), (copy run to 'OUT'))",
    "select * from (copy run to 'OUT')", "copy run to 'http://127.0.0.1:1/x.csv'", "select * from 'http://127.0.0.1:1/x.csv'",
]
# Written around a statement, in any order.
AROUND = ["explain ", "explain analyze ", "explain verbose ", "describe ", "select 1; ", "prepare p as ", "with x as (select 1) ",
    "/* x */ ", "-- x\n", "  \t\n",
          "create or replace view v as ", "select * from (", "execute immediate ", "begin; "]

OR = " or ".join(f"latency_ms = -{i}.5" for i in range(20_000))
DRAWS = "select interval_low(1.0, 1.0, 5.0, 1.0, 0.0, 0.0, 0.95, {}, 1)"
HEAVY = {
    "5,000 plus signs": "select " + " + ".join(["1"] * 5000), "100,000 plus signs": "select " + " + ".join(["1"] * 100_000),
    "20,000 ors": f"select * from run where {OR}", "1,800 unions": " union all ".join(["select 1"] * 1800),
    "5,000 unions": " union all ".join(["select 1"] * 5000), "100,000 parentheses": "select " + "(" * 100_000 + "1" + ")" * 100_000,
    "5,000 nested selects": "select * from " + "(select * from " * 5000 + "run" + ")" * 5000,
    "5,000 nots": "select " + "not " * 5000 + "true",
    "2,000 nested cases": "select " + "case when true then " * 2000 + "1" + " end" * 2000,
    "2,000 nested functions": "select " + "abs(" * 2000 + "1" + ")" * 2000,
    "a series of 1e8": "select * from generate_series(1, 100000000)",
    "a series of 1e12, counted": "select count(*) from generate_series(1, 1000000000000)",
    "a series of 1e12, sorted": "select * from generate_series(1, 1000000000000) order by 1 desc",
    "a series of 1e8, distinct": "select count(distinct value) from generate_series(1, 100000000)",
    "a recursion without end": "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t",
    "a recursion that doubles": "with recursive t(n) as (select 1 union all select n from t cross join (values (1), (2))) select count(*) from t",
    "repeat of 1e9": "select repeat('x', 1000000000)", "repeat of 2^62": "select repeat('x', 4611686018427387904)",
    "lpad of 2e9": "select lpad('x', 2000000000, 'y')",
    "range of 1e10": "select range(10000000000)", "array_repeat of 1e10": "select array_repeat(1, 10000000000)",
    "a join of five": "select count(*) from run a, run b, run c, run d, run e",
    "a join of four, sorted": "select a.*, b.* from run a, run b, run c, run d order by a.latency_ms * d.latency_ms",
    "array_agg of a join": "select array_agg(a.run_id || b.run_id) from run a, run b, run c, run d",
    "string_agg of a join": "select string_agg(a.run_id, ',') from run a, run b, run c, run d",
    "a list of 1e6": "select count(*) from run where repetition in (" + ",".join(map(str, range(1_000_000))) + ")",
    "a cube of 20": "select count(*) from run group by cube (" + ",".join(f"repetition + {i}" for i in range(20)) + ")",
    "10,000 columns": "select " + ", ".join(f"{i} as c{i}" for i in range(10_000)),
    "a name of 1 MB": 'select 1 as "' + "x" * 1_000_000 + '"',
    "a nested pattern": "select regexp_like('a', '((((a{1,100}){1,100}){1,100}){1,100})')", "1e9 draws": DRAWS.format(10**9),
    "-1 draws": DRAWS.format(-1),
    "least number by -1": "select -9223372036854775808 / -1, -9223372036854775808 % -1", "sum over i64": "select 9223372036854775807 + 1",
    "an interval of no time": "select date_bin(interval '0 seconds', now())",
    "a year of 1e6": "select date '99999-01-01' + interval '1000000 years'",
    "a zone of no planet": "select local_hour(0, 'Mars/Olympus')",
    "hours at both ends": "select local_hour(9223372036854775807, 'Europe/Berlin'), local_hour(-9223372036854775808, 'UTC')",
    "a join of no columns": "select * from energy_join((select 1), (select 2))",
    "quantiles of no numbers": "select student_t_quantile('nan', 5), student_t_quantile(0.5, 1e-300)",
    "bytes of no text": "select '\x00\x1b[31m'", "nothing": "", "100 MB of spaces": " " * (100 << 20) + "select 1",
}


def run(context):
    runs = render.Runs(context)
    runs.prepare()
    work = context.scratch / "work"
    work.mkdir()
    (context.scratch / "secret.csv").write_text(f"a\n{SECRET}\n")
    return chain.failed(context, [*escapes(context, runs.base, work), *outputs(context, runs.base), *heavy(context, runs.base)])


def query(context, folder, *words, seconds=30, **more):
    bounds = ["--timeout", SECONDS, "--memory", MEMORY_MB]
    return chain.run(context, [context.bin / "query", "--run", folder, *bounds, *words], seconds, **more)


def disk(*folders):
    """Every file below, and what it holds."""
    return {path: path.lstat().st_mode if not path.is_file() else hashlib.sha256(path.read_bytes()).digest() for f in folders for path in f.rglob("*")}


def fault(ended, memory=True):
    if ended.code not in (0, 1):
        return f"exit {ended.code}, {ended.last()}"
    if ended.code == 1 and (not ended.err.startswith("query: ") or ended.err.count("\n") != 1 or "\x1b" in ended.err):
        return f"not one line of `query`: {ended.err[-300:]!r}"
    if "the engine failed" in ended.err or "its process ended" in ended.err:
        return ended.last()
    if memory and ended.peak_mb > MEMORY_MB + PROGRAM_MB:
        return f"{ended.peak_mb:.0f} MB"
    return f"{ended.seconds:.0f} s" if ended.seconds > SECONDS + 10 else ""


def escapes(context, folder, work):
    tried = list(STATEMENTS)
    for _ in range(context.trials):
        front = "".join(context.random.choices(AROUND, k=context.random.randint(1, 2)))
        tried.append(front + context.random.choice(STATEMENTS) + (")" if "(" in front[-2:] else ""))
    before = disk(folder, work)
    for sql in tried:
        sql = sql.replace("OUT", str(work / "out.csv")).replace("SECRET", str(context.scratch / "secret.csv"))
        ended = query(context, folder, "--format", "json", "--", sql, cwd=work)
        what = fault(ended)
        if disk(folder, work) != before:
            what = "a file was written"
        if SECRET in ended.out or "root:x" in ended.out:
            what = "another file is shown"
        if re.match(r"(copy|insert|create|drop|set|delete|update|truncate)\b", sql) and ended.code == 0:
            what = f"taken: {ended.out[:100]}"
        yield sql[:120], what


def outputs(context, folder):
    """Where a result must not go: nothing there becomes another thing."""
    place = context.scratch / "places"
    place.mkdir()
    os.mkfifo(place / "fifo")
    (place / "folder").mkdir()
    (place / "dead").symlink_to("nothing")
    (place / "null").symlink_to("/dev/null")
    (place / "run").symlink_to(folder / "run.parquet")
    paths = [place / name for name in ("fifo", "folder", "dead", "null", "run")] + [folder / f"{t}.parquet" for t in chain.TABLES]
    paths += [folder / "report.html", folder / "../base/cost.parquet", folder / "journal/runs.jsonl", folder / ".config/x.toml"]
    if os.geteuid() == 0:
        os.mknod(place / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        paths.append(place / "device")
    before = disk(folder, place)
    for path in paths:
        for kind in ("csv", "json", "table", "parquet"):
            ended = query(context, folder, "--format", kind, "--output", path, "select 1 as x")
            what = fault(ended) or (f"not refused by its name: {ended.last()}" if ended.code != 1 or path.name not in ended.err else "")
            yield f"--output {pathlib.Path(*path.parts[-2:])} as {kind}", what or ("something was replaced" if disk(folder,
                place) != before else "")


def heavy(context, folder):
    for name, sql in HEAVY.items():
        file = context.scratch / "heavy.sql"
        file.write_text(sql)
        ended = query(context, folder, "--format", "csv", "--file", file)
        yield name, fault(ended) or ("" if ended.code == 0 or BOUND.search(ended.err) or len(sql) < 120 else f"no bound is named: {ended.last()}")
