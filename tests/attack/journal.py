"""The journal of `collect`: changed bits, cut, lost, doubled and foreign lines, kills at any moment, a disk that is full for a moment. Of what was
measured nothing is lost but what was damaged, that is measured again, and no number changes.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import matrix

POWER = '\n[[collect.power]]\nsource = "cpu-model"\nidle_w = 10.0\nfull_w = 65.0\nsample_hz = 200.0\n'


def run(context):
    base = context.scratch / "base"
    base.mkdir()
    (base / "pipeline.toml").write_text(matrix.config({"good": matrix.good(context)}, 6, POWER))
    code, said = matrix.collect(context, base)
    assert code == 0, said
    results = [damage(context, base, name, file, change) for name, file, change in changes(context, base)]
    results += [killed(context, base, i) for i in range(max(context.trials // 10, 3))]
    results += [full(context, base, i) for i in range(3)] if os.geteuid() == 0 else []
    failures = [(name, what) for name, what in results if what]
    for name, what in failures:
        context.note(f"{name}: {what}")
    return len(results), len(failures)


def changes(context, base):
    random = context.random
    yield from [
        ("nothing", "runs", lambda d: d),
        ("last line cut", "runs", lambda d: d[:-9]),
        ("a line doubled", "runs", lambda d: d + d.splitlines(keepends=True)[0]),
        ("an empty line", "runs", lambda d: d + b"\n"),
        ("zeros, as after a power cut", "runs", lambda d: d + b"\0" * 4096),
        ("zeros and a newline", "runs", lambda d: d + b"\0" * 100 + b"\n"),
        ("a cut line in the middle", "runs", lambda d: b"\n".join([line[:40] if i == 1 else line for i, line in enumerate(d.split(b"\n"))])),
        ("two lines glued", "runs", lambda d: d.replace(b"\n", b"", 1)),
        ("CR LF", "runs", lambda d: d.replace(b"\n", b"\r\n")),
        ("a line of somebody else", "runs", lambda d: b'{"run_id": "x", "ok": true}\n' + d),
        ("runs lost", "runs", lambda d: b""),
        ("no UTF-8", "runs", lambda d: d.replace(b"generate", b"gen\xff\xferate", 1)),
        ("sessions lost", "sessions", lambda d: b""),
        ("sensors lost", "sensors", lambda d: b""),
        ("samples lost", "samples", lambda d: b""),
        ("a cut sample", "samples", lambda d: d[: len(d) // 2] + d[len(d) // 2 + 30 :]),
        ("samples doubled", "samples", lambda d: d + d),
    ]
    for i in range(context.trials):
        file = ["runs", "runs", "samples", "sessions", "sensors"][i % 5]
        at, bit = random.random(), random.randrange(8)
        yield f"bit {bit} at {at:.6f} of {file}", file, lambda d, at=at, bit=bit: flipped(d, int(at * len(d)), bit)


def flipped(data, at, bit):
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def damage(context, base, name, file, change):
    folder = fresh(context, base)
    before = shown(context, base)
    path = next(folder.glob(f"journal/*/{file}.jsonl"))
    samples = json.loads(json.dumps(matrix.rows(context, base, "select * from power_sample order by device_id, t_ns")))
    path.write_bytes(change(path.read_bytes()))
    code, said = matrix.collect(context, folder)
    if code != 0:
        return name, f"exit {code}, {said.strip()[-200:]}"
    now = shown(context, folder)
    if len(now) != len(before):
        return name, f"{len(now)} runs instead of {len(before)}"
    kept = [row for row in now if row in before]
    if len(kept) < len(before) and (file != "runs" or f"{len(kept)} runs were measured before" not in said and kept):
        return name, f"{len(before) - len(kept)} runs are others, {said.strip()[-200:]}"
    old = [row for row in matrix.rows(context, folder, "select * from power_sample order by device_id, t_ns")]
    known = {json.dumps(row, sort_keys=True) for row in samples}
    sessions = {row["session_id"] for row in samples}
    changed = [row for row in old if row["session_id"] in sessions and json.dumps(row, sort_keys=True) not in known]
    return name, f"{len(changed)} samples are others: {changed[0]}" if changed else ""


def killed(context, base, i):
    """Killed at any moment, any number of times: every finished run stays as it is and is there once."""
    folder = fresh(context, base)
    shutil.rmtree(folder / "journal")
    finished = {}
    for _ in range(40):
        process = subprocess.Popen(matrix.command(context, folder), cwd=context.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=context.random.uniform(0.05, 1.2))
        done = process.poll() == 0
        process.kill()
        process.wait()
        for path in folder.glob("journal/*/runs.jsonl"):
            for line in path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    row = json.loads(line)
                    if finished.setdefault(row["run_id"], row) != row:
                        return f"kills {i}", f"{row['run_id']} is another"
        if done:
            break
    else:
        matrix.collect(context, folder)
    now = {row["run_id"]: row for row in shown(context, folder)}
    wrong = [run_id for run_id, row in finished.items() if now.get(run_id, {}).get("start_ns") != row["start_ns"]]
    return f"kills {i}", f"{wrong} of {len(now)}" if wrong or len(now) != 6 else ""


def full(context, base, i):
    """A disk that is full for a moment, and again: no line is half, none is glued to another."""
    at = context.scratch / "disk"
    at.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(at)], capture_output=True).returncode:
        return f"full disk {i}", ""
    try:
        text = (base / "pipeline.toml").read_text()
        (at / "pipeline.toml").write_text(text.replace("sample_hz = 200.0", "sample_hz = 1000.0").replace("min_window_ms = 20", "min_window_ms = 300"))
        process = subprocess.Popen(matrix.command(context, at), cwd=context.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.8)
        filler = at / "filler"
        for _ in range(5):
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * context.random.choice([4096, 1024]))
            time.sleep(context.random.uniform(0.1, 0.6))
            filler.unlink()
            time.sleep(0.1)
        said = process.communicate(timeout=60)[1].decode()
        # A table may have met the full disk; the journal has all that was measured.
        runs = [json.loads(line) for line in next(at.glob("journal/*/runs.jsonl")).read_text().splitlines()]
        again, told = matrix.collect(context, at)
        if again != 0 or len(shown(context, at)) != 6 or "damaged" in told:
            return f"full disk {i}", f"first {process.returncode} {said[-200:]}; {len(runs)} runs; again {again} {told[-200:]}"
        return f"full disk {i}", ""
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def fresh(context, base):
    folder = context.scratch / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    for table in folder.glob("*.parquet"):
        table.unlink()
    return folder


def shown(context, folder):
    return matrix.rows(context, folder, "select * from run order by run_id")
