"""Checks a graph of ours with ONNX's own checker, and rewrites it to what exporters write.

    python export.py GRAPH INTO_FOLDER PAST

INTO_FOLDER/model.onnx has no input `keep` (logits of all positions); with PAST = `without` it has no past keys and values either.
The weights stay in their file beside GRAPH, which has to be copied along.
"""

import pathlib
import sys

import onnx


def without_keep(graph: onnx.GraphProto) -> None:
    (gather,) = (node for node in graph.node if "keep" in node.input)
    gather.op_type = "Identity"
    del gather.input[1:]
    del gather.attribute[:]
    drop(graph.input, "keep")


def without_past(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        if node.op_type == "Attention":
            del node.input[4:]
            del node.output[1:]
    drop(graph.input, "past_key_values.")
    drop(graph.output, "present.")


def drop(values, prefix: str) -> None:
    for value in [value for value in values if value.name.startswith(prefix)]:
        values.remove(value)


def main() -> None:
    path, into, past = sys.argv[1:]
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path, load_external_data=False)
    without_keep(model.graph)
    if past == "without":
        without_past(model.graph)
    model.producer_name = "exporter"
    del model.metadata_props[:]
    onnx.save(model, pathlib.Path(into, "model.onnx"))


main()
