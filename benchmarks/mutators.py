"""Damage to files: what disks, transfers and hostile hands do to bytes, to models and to cards."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from surrogate.artifact.card import METADATA_KEY
from surrogate.artifact.graph import sealed

Generator = np.random.Generator

HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**9, 10**400, -(10**400), 1e300, float("inf"), float("nan")),
    *("", "1", "\ud800", "\x1b[2J", "../..", "s" * 10_000, "‮", [], {}, [[]], {"a": []}),
    json.loads("[" * 500 + "]" * 500),
)


def damaged(content: bytes, generator: Generator) -> tuple[str, bytes]:
    """What was done to some bytes, and what they are now; never the same."""
    names = list(OF_BYTES)
    while True:
        name = names[generator.integers(len(names))]
        changed = OF_BYTES[name](bytearray(content), generator)
        if changed != content:
            return name, bytes(changed)


def _flip(content: bytearray, generator: Generator) -> bytearray:
    content[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
    return content


def _replace(content: bytearray, generator: Generator) -> bytearray:
    content[generator.integers(len(content))] = generator.integers(256)
    return content


def _truncate(content: bytearray, generator: Generator) -> bytearray:
    return content[: generator.integers(len(content))]


def _range(content: bytearray, generator: Generator) -> tuple[int, int]:
    """A range of up to 2,048 bytes, short ones as likely as long ones."""
    size = min(len(content) // 3, int(2 ** generator.uniform(0, 11)))
    start = int(generator.integers(len(content) - size))
    return start, start + size


def _remove(content: bytearray, generator: Generator) -> bytearray:
    start, end = _range(content, generator)
    return content[:start] + content[end:]


def _duplicate(content: bytearray, generator: Generator) -> bytearray:
    start, end = _range(content, generator)
    return content[:end] + content[start:]


def _zero(content: bytearray, generator: Generator) -> bytearray:
    start, end = _range(content, generator)
    return content[:start] + bytes(end - start) + content[end:]


def _move(content: bytearray, generator: Generator) -> bytearray:
    start, end = _range(content, generator)
    rest = content[:start] + content[end:]
    place = int(generator.integers(len(rest)))
    return rest[:place] + content[start:end] + rest[place:]


OF_BYTES: dict[str, Callable[[bytearray, Generator], bytearray]] = {
    "bit flipped": _flip,
    "byte replaced": _replace,
    "truncated": _truncate,
    "range removed": _remove,
    "range duplicated": _duplicate,
    "range zeroed": _zero,
    "range moved": _move,
}


def rebuilt(content: bytes, generator: Generator) -> tuple[str, bytes]:
    """The same for a model, in whose structure something is changed without its digest knowing, or forged."""
    names = list(OF_MODELS)
    name = names[generator.integers(len(names))]
    model = onnx.load_model_from_string(content)
    OF_MODELS[name](model, generator)
    if name not in FORGED:
        return name, model.SerializeToString()
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    return name, sealed(model.SerializeToString(), {METADATA_KEY: metadata[METADATA_KEY]})


def _one(items: Any, generator: Generator) -> Any:
    return items[generator.integers(len(items))]


def _weight(model: onnx.ModelProto, generator: Generator) -> None:
    tensors = [t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT]
    tensor = _one(tensors, generator)
    values = np.frombuffer(tensor.raw_data, np.float32).copy()
    values[generator.integers(values.size)] *= 1.01
    values[generator.integers(values.size)] += 0.01
    tensor.raw_data = values.tobytes()


def _operator(model: onnx.ModelProto, generator: Generator) -> None:
    pairs = {
        "Add": "Sub",
        "Sub": "Add",
        "Mul": "Div",
        "Div": "Mul",
        "Exp": "Log",
        "Log": "Exp",
        "Tanh": "Erf",
    }
    node = _one([node for node in model.graph.node if node.op_type in pairs], generator)
    node.op_type = pairs[node.op_type]


def _operands(model: onnx.ModelProto, generator: Generator) -> None:
    node = _one([node for node in model.graph.node if node.op_type in ("Sub", "Div")], generator)
    node.input[:] = reversed(node.input)


def _node(model: onnx.ModelProto, generator: Generator) -> None:
    del model.graph.node[int(generator.integers(len(model.graph.node)))]


def _no_digest(model: onnx.ModelProto, generator: Generator) -> None:
    del model.metadata_props[-1]


def _random(model: onnx.ModelProto, generator: Generator) -> None:
    model.graph.node.insert(0, helper.make_node("RandomNormal", [], ["noise"], shape=[1]))


def _loop(model: onnx.ModelProto, generator: Generator) -> None:
    inputs = [
        helper.make_tensor_value_info("round", TensorProto.INT64, []),
        helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
    ]
    output = helper.make_tensor_value_info("more", TensorProto.BOOL, [])
    body = helper.make_graph([helper.make_node("Identity", ["go_on"], ["more"])], "body", inputs, [output])
    model.graph.initializer.append(helper.make_tensor("rounds", TensorProto.INT64, [], [2**62]))
    model.graph.initializer.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
    model.graph.node.insert(0, helper.make_node("Loop", ["rounds", "yes"], [], body=body))


def _outside(model: onnx.ModelProto, generator: Generator) -> None:
    tensor = _one(model.graph.initializer, generator)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="step.onnx")


def _huge(model: onnx.ModelProto, generator: Generator) -> None:
    model.graph.initializer.append(helper.make_tensor("size", TensorProto.INT64, [1], [10**12]))
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["size"], ["room"]))


FORGED = {
    "random operator, forged digest": _random,
    "loop, forged digest": _loop,
    "weights outside, forged digest": _outside,
    "huge constant, forged digest": _huge,
}
OF_MODELS: dict[str, Callable[[onnx.ModelProto, Generator], None]] = {
    "weight changed": _weight,
    "operator changed": _operator,
    "operands exchanged": _operands,
    "operator removed": _node,
    "digest removed": _no_digest,
    **FORGED,
}


def changed_card(values: dict[str, Any], generator: Generator) -> tuple[str, str]:
    """What was done to one place of a card, and the card as JSON (or what its writer takes for it)."""
    values = json.loads(json.dumps(values))
    holder, key = _place(values, generator)
    name = ("value replaced", "entry removed", "entry doubled")[generator.integers(3)]
    if name == "value replaced":
        holder[key] = HOSTILE[generator.integers(len(HOSTILE))]
    elif name == "entry removed":
        del holder[key]
    elif isinstance(holder, list):
        holder.insert(int(generator.integers(len(holder))), holder[key])
    else:
        other = _one(list(holder), generator)
        holder[key], holder[other] = holder[other], holder[key]
        name = "values exchanged"
    return name, json.dumps(values)


def _place(values: Any, generator: Generator) -> tuple[Any, Any]:
    """A random place in a tree: what holds it, and its key there; deep ones as likely as high ones."""
    while True:
        keys = list(values) if isinstance(values, dict) else list(range(len(values)))
        key = _one(keys, generator)
        below = values[key]
        if not isinstance(below, dict | list) or not below or generator.random() < 0.2:
            return values, key
        values = below
