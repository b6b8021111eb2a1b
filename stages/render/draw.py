"""Draws Vega-Lite specifications: ID.svg and ID.png beside each ID.vl.json. Also writes the browser bundle.

    draw.py charts FOLDER      names of its specifications come on standard input, a line each: they are drawn as they come
    draw.py bundle OUT_FILE

vl-convert (pinned in requirements.txt) does the work, offline. Extra access to files or the network is not given.
"""

import ctypes
import json
import multiprocessing
import os
import pathlib
import signal
import sys
import threading
from multiprocessing import connection

VEGA_LITE = "6.4"
ANY_SPEC = {"data": {"values": [{"a": 1}]}, "mark": "bar", "encoding": {"x": {"field": "a", "type": "quantitative"}}}


PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with(parent: int) -> None:
    """Has the kernel end this process when its parent ends, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that asked for charts is gone")


def draw(waiting: multiprocessing.SimpleQueue, drawn: connection.Connection, parent: int) -> None:
    """Makes SVGs of the specifications that wait, until there is none."""
    end_with(parent)
    import vl_convert  # in the process that draws: its engine does not survive a fork

    vl_convert.vegalite_to_svg(ANY_SPEC, vl_version=VEGA_LITE)  # the engine starts with its first chart
    while path := waiting.get():
        spec = json.loads(path.read_text(encoding="utf-8"))
        svg = path.with_name(path.name.removesuffix(".vl.json") + ".svg")
        svg.write_text(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE), encoding="utf-8")
        drawn.send(svg)


def charts(folder: pathlib.Path) -> None:
    """PNGs need no engine: they are made here, of the SVGs as they come."""
    end_with(os.getppid())
    fork = multiprocessing.get_context("fork")
    waiting = fork.SimpleQueue()
    processes, coming = [], []
    for _ in range(max(1, min(4, len(os.sched_getaffinity(0)) - 1))):
        ours, theirs = fork.Pipe(duplex=False)
        processes.append(fork.Process(target=draw, args=(waiting, theirs, os.getpid())))
        processes[-1].start()
        theirs.close()
        coming.append(ours)

    def hand_out() -> None:
        for line in sys.stdin:
            waiting.put(folder / line.rstrip("\n"))
        for _ in processes:
            waiting.put(None)

    threading.Thread(target=hand_out, daemon=True).start()
    import vl_convert

    while coming:
        for one in connection.wait(coming):
            try:
                svg = one.recv()
            except EOFError:  # this process has ended
                coming.remove(one)
                continue
            svg.with_suffix(".png").write_bytes(vl_convert.svg_to_png(svg.read_text(encoding="utf-8"), scale=1.5))
    for process in processes:
        process.join()
        if process.exitcode != 0:
            sys.exit(f"a process that draws ended with {process.exitcode}")


def bundle(out: pathlib.Path) -> None:
    import vl_convert

    out.write_text(vl_convert.javascript_bundle(vl_version=VEGA_LITE), encoding="utf-8")


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    {"charts": charts, "bundle": bundle}[command](*map(pathlib.Path, paths))
