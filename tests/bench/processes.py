"""A peer's or an engine's process, and what the rest of the machine does meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

MAX_OTHER = 0.12  # share of the processors that other processes may use
SAMPLING_HZ = 100
ENVIRONMENT = {"CANDLE_BARRIER_POOL_SPIN_LIMIT": "2000"}  # as `collect` starts its workers
POOLS = ("RAYON_NUM_THREADS", "CANDLE_NUM_THREADS", "OMP_NUM_THREADS")  # likewise


class LeftOut(Exception):
    """An engine that cannot run here; the message says why."""


class Worker:
    """A process that answers lines."""

    def __init__(self, command: list[str], load: dict[str, Any]) -> None:
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        pipe = subprocess.PIPE
        environment = os.environ | ENVIRONMENT
        environment |= {pool: str(load["threads"]) for pool in POOLS if "threads" in load}
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True, env=environment
        )
        self.attestation = self.ask(load)["attestation"]

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"answer": "failed", "message": self.last_error()}
        if answer["answer"] == "failed":
            raise LeftOut(answer["message"])
        return answer

    def last_error(self) -> str:
        self.errors.seek(0)
        return next((line for line in reversed(self.errors.read().splitlines()) if line.strip()), "it ended")

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()


def cpu_s(pid: int) -> float:
    """Processor time used so far by all threads of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_and_all_s() -> tuple[float, float]:
    """Processor time since boot that was not idle, and all. What the host takes away (steal) counts as not idle."""
    line = pathlib.Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    ticks = [int(field) for field in line.split()[1:9]]
    everything = sum(ticks) / os.sysconf("SC_CLK_TCK")
    return everything - (ticks[3] + ticks[4]) / os.sysconf("SC_CLK_TCK"), everything


@contextlib.contextmanager
def others_watched(*ours: Worker | Sampler) -> Iterator[Callable[[], float]]:
    """Inside, time passes; afterwards the function tells what share processes that are not ours used of it."""

    def own() -> float:
        return sum(process.cpu_s() for process in ours) + time.process_time()

    (busy, everything), used = busy_and_all_s(), own()
    share = 0.0
    yield lambda: share
    busy_after, everything_after = busy_and_all_s()
    share = max(0.0, busy_after - busy - (own() - used)) / max(everything_after - everything, 1e-9)


def quiet(deadline: float) -> bool:
    """Waits until the machine is idle; false if it never is before the deadline."""
    while time.monotonic() < deadline:
        with others_watched() as others:
            time.sleep(0.4)
        if others() < MAX_OTHER:
            return True
    return False


class Sampler:
    """`collect sample`: reads the power sources as often as a sensor is read at most, and writes as `collect run` does."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(0.2)  # it opens its sources

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()
