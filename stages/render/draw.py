"""Draws Vega-Lite specifications: one JSON object {id: spec} in, ID.svg and ID.png out. Also writes the browser bundle.

    draw.py charts SPECS.json OUT_DIR
    draw.py bundle OUT_FILE

vl-convert (pinned in requirements.txt) does the work, offline. Extra access to files or the network is not given.
"""

import json
import multiprocessing
import os
import pathlib
import sys

VEGA_LITE = "6.4"


def draw(specs: dict, out: pathlib.Path) -> None:
    import vl_convert  # in the process that draws: its engine does not survive a fork

    for name, spec in specs.items():
        svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
        (out / f"{name}.svg").write_text(svg, encoding="utf-8")
        (out / f"{name}.png").write_bytes(vl_convert.svg_to_png(svg, scale=1.5))


def charts(specs: pathlib.Path, out: pathlib.Path) -> None:
    everything = json.loads(specs.read_text(encoding="utf-8"))
    workers = max(1, min(4, len(os.sched_getaffinity(0)), len(everything) // 4))
    parts = [dict(list(everything.items())[i::workers]) for i in range(workers)]
    started = [multiprocessing.get_context("fork").Process(target=draw, args=(part, out)) for part in parts[1:]]
    for process in started:
        process.start()
    draw(parts[0], out)
    for process in started:
        process.join()
        if process.exitcode != 0:
            sys.exit(f"a process that draws ended with {process.exitcode}")


def bundle(out: pathlib.Path) -> None:
    import vl_convert

    out.write_text(vl_convert.javascript_bundle(vl_version=VEGA_LITE), encoding="utf-8")


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    {"charts": charts, "bundle": bundle}[command](*map(pathlib.Path, paths))
