"""Change what is in the ONNX files of an artifact, and make it an artifact again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from surrogate.artifact.card import METADATA_KEY
from surrogate.artifact.graph import CONTRACTS, graph_digest, sealed


def bare(path: Path) -> tuple[onnx.ModelProto, dict[str, str]]:
    """The model in a file without its metadata, and these."""
    model = onnx.load(path, load_external_data=False)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    return model, metadata


def rewrite_card(path: Path, change: Callable[[dict], object]) -> None:
    """Change the card inside an ONNX file, which gets a new digest."""
    model, metadata = bare(path)
    values = json.loads(metadata[METADATA_KEY])
    change(values)
    path.write_bytes(sealed(model.SerializeToString(), {METADATA_KEY: json.dumps(values)}))


def rewrite_all_cards(folder: Path, change: Callable[[dict], object]) -> None:
    """The same change in every file of the artifact."""
    for path in folder.glob("*.onnx"):
        rewrite_card(path, change)


def rewrite_graph(path: Path, change: Callable[[onnx.ModelProto], object]) -> None:
    """Change the model inside a file of an artifact, whose cards get its new digest."""
    model, metadata = bare(path)
    change(model)
    path.write_bytes(sealed(model.SerializeToString(), metadata))
    digests = {
        contract.name: graph_digest(bare(path.parent / contract.file)[0].SerializeToString())
        for contract in CONTRACTS
        if (path.parent / contract.file).exists()
    }
    rewrite_all_cards(path.parent, lambda card: card.update(digests=digests))


def scale_output(path: Path, name: str, factor: float) -> None:
    """Multiply the output `name` of a file's graph."""

    def scale(model: onnx.ModelProto) -> None:
        last = next(node for node in model.graph.node if name in node.output)
        last.output[list(last.output).index(name)] = "right"
        model.graph.initializer.append(numpy_helper.from_array(np.array(factor, dtype=np.float32), "factor"))
        model.graph.node.append(helper.make_node("Mul", ["right", "factor"], [name]))

    rewrite_graph(path, scale)


def as_format_1(folder: Path) -> None:
    """Make it what versions before digests wrote."""
    for path in folder.glob("*.onnx"):
        model, metadata = bare(path)
        values = json.loads(metadata[METADATA_KEY])
        del values["digests"]
        onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps({**values, "format_version": 1})})
        onnx.save(model, path)
