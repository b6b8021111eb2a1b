"""Draws Vega-Lite specifications: one JSON object {id: spec} in, ID.svg and ID.png out. Also writes the browser bundle.

    draw.py charts SPECS.json OUT_DIR
    draw.py bundle OUT_FILE

vl-convert (pinned in requirements.txt) does the work, offline. Extra access to files or the network is not given.
"""

import json
import pathlib
import sys

import vl_convert

VEGA_LITE = "6.4"


def charts(specs: pathlib.Path, out: pathlib.Path) -> None:
    for name, spec in json.loads(specs.read_text(encoding="utf-8")).items():
        svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
        (out / f"{name}.svg").write_text(svg, encoding="utf-8")
        (out / f"{name}.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))


def bundle(out: pathlib.Path) -> None:
    out.write_text(vl_convert.javascript_bundle(vl_version=VEGA_LITE), encoding="utf-8")


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    {"charts": charts, "bundle": bundle}[command](*map(pathlib.Path, paths))
