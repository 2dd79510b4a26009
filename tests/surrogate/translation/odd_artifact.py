"""An artifact by hand with every operator that is translated, at numbers where languages differ.

Observables are what the operators make of the shocks; NaN and infinity arise inside. Vectors and numbers go
separate ways through most languages, so each operator that works entry by entry stands for both.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from surrogate import Card, ParameterRange, Variable
from surrogate.artifact.graph import POLICY, STEADY_STATE, STEP, sealed_files

SIZE = 12
SHOCKS = np.array([-2.5, -1.0, -0.0, 0.3, 0.5, 1.0, 2.0, 7.9, -7.9, 40.0, -800.0, 1.5])
"""In an order without pattern for languages that would see one."""
ONE = ("Abs", "Ceil", "Erf", "Exp", "Floor", "Identity", "Log", "Neg", "Reciprocal", "Relu", "Sigmoid")
ONE += ("Softplus", "Sqrt", "Tanh")
TWO = ("Add", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mul", "Pow")
TWO += ("Sub",)
TRUTHS = {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"}


class Graph:
    """Nodes and constants of a graph in the making; names of tensors go in and come out."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []
        self.found: list[str] = []
        """Columns [1, any number] to put side by side."""

    def constant(self, values: ArrayLike, kind: type = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=kind), name))
        return name

    def whole(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def call(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"tensor_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def number(self, truths: str) -> str:
        return self.call("Cast", truths, to=TensorProto.FLOAT)

    def keep(self, tensor: str, columns: int) -> None:
        """Add a tensor to what the graph gives."""
        self.found.append(self.call("Reshape", tensor, self.whole(-1, columns)))

    def model(self, inputs: dict[str, int], outputs: dict[str, int]) -> bytes:
        """A serialised model; tensors of the names of its outputs must have been made."""
        ends = [
            [helper.make_tensor_value_info(k, TensorProto.FLOAT, ["n", size]) for k, size in each.items()]
            for each in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "odd", ends[0], ends[1], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def write_odd_artifact(folder: Path) -> Path:
    """Write it; returns the folder."""
    columns, step = _step()
    card = Card(
        model="odd",
        model_version=1,
        description="Every operator",
        states=(Variable("x", size=SIZE),),
        controls=(Variable("c"),),
        shocks=(Variable("e", size=SIZE),),
        observables=(Variable("y", size=columns),),
        parameters=(ParameterRange("a", -1.0, 1.0, 0.5),),
        timing="none",
        dtype="float32",
        training={},
        accuracy={},
        parity={},
    )
    folder.mkdir(parents=True)
    graphs = {POLICY: _policy(), STEP: step, STEADY_STATE: _steady_state()}
    for file, content in sealed_files(graphs, card).items():
        (folder / file).write_bytes(content)
    return folder


def _policy() -> bytes:
    graph = Graph()
    first = graph.call("Slice", "states", graph.whole(0), graph.whole(1), graph.whole(1))
    graph.nodes.append(helper.make_node("Mul", [first, "parameters"], ["controls"]))
    return graph.model({"states": SIZE, "parameters": 1}, {"controls": 1})


def _steady_state() -> bytes:
    graph = Graph()
    row = graph.constant(np.arange(1.0, SIZE + 1)[np.newaxis])
    graph.nodes.append(helper.make_node("Mul", ["parameters", row], ["states"]))
    graph.nodes.append(helper.make_node("Mul", ["parameters", "parameters"], ["controls"]))
    return graph.model({"parameters": 1}, {"states": SIZE, "controls": 1})


def _step() -> tuple[int, bytes]:
    """The number of columns that it finds, and the model."""
    graph = Graph()
    for width in (SIZE, 1):
        _entry_by_entry(graph, width)
    _sums_and_products(graph)
    _moving(graph)
    graph.nodes.append(helper.make_node("Identity", ["shocks"], ["next_states"]))
    first = graph.call("Slice", "shocks", graph.whole(0), graph.whole(1), graph.whole(1))
    graph.nodes.append(helper.make_node("Mul", [first, "parameters"], ["next_controls"]))
    graph.nodes.append(helper.make_node("Concat", graph.found, ["next_observables"], axis=1))
    shapes = {"states": SIZE, "controls": 1, "shocks": SIZE, "parameters": 1}
    widths = [
        int(numpy_helper.to_array(next(c for c in graph.constants if c.name == node.input[1]))[1])
        for node in graph.nodes
        if node.output[0] in graph.found
    ]
    outputs = {"next_states": SIZE, "next_controls": 1, "next_observables": sum(widths)}
    return sum(widths), graph.model(shapes, outputs)


def _entry_by_entry(graph: Graph, width: int) -> None:
    x = graph.call("Slice", "shocks", graph.whole(0), graph.whole(width), graph.whole(1))
    y = graph.call("Slice", "states", graph.whole(0), graph.whole(width), graph.whole(1))
    undefined = graph.call("Log", x)  # where x is negative; minus infinity at zero
    for operator in ONE:
        graph.keep(graph.call(operator, x), width)
    graph.keep(graph.call("Relu", undefined), width)
    for operator in TWO:
        for one, other in ((x, y), (x, "parameters"), (undefined, x), (x, undefined)):
            result = graph.call(operator, one, other)
            graph.keep(graph.number(result) if operator in TRUTHS else result, width)
    low, high = graph.constant(-1.0), graph.constant(2.0)
    graph.keep(graph.call("Clip", undefined, low, high), width)
    graph.keep(graph.call("Clip", x, "", high), width)
    small, smaller = graph.call("Less", x, high), graph.call("Less", undefined, low)
    truths = [graph.call("And", small, smaller), graph.call("Or", small, smaller), graph.call("Not", smaller)]
    for truth in truths:
        graph.keep(graph.call("Where", truth, undefined, y), width)
        graph.keep(graph.call("Where", truth, high, x), width)
    known = graph.constant(np.arange(width) % 3 != 0, np.bool_)
    graph.keep(graph.call("Where", known, x, y), width)
    for operator in ("And", "Or"):
        graph.keep(graph.call("Where", graph.call(operator, known, small), x, y), width)
    graph.keep(graph.number(graph.call("Or", graph.call("Not", smaller), known)), width)
    whole = graph.call("Cast", x, to=TensorProto.INT64)
    graph.keep(graph.call("Cast", whole, to=TensorProto.FLOAT), width)
    graph.keep(graph.number(graph.call("Cast", x, to=TensorProto.BOOL)), width)
    graph.keep(graph.call("Pow", x, graph.constant(3.0)), width)
    graph.keep(graph.call("Sub", graph.call("Sub", x, y), graph.call("Sub", y, graph.call("Neg", x))), width)
    graph.keep(graph.call("Div", x, graph.call("Div", y, graph.call("Mul", x, y))), width)


def _sums_and_products(graph: Graph) -> None:
    table = graph.call("Reshape", "shocks", graph.whole(3, 4))
    weights = graph.constant(np.arange(20.0).reshape(4, 5) - 7)
    graph.keep(graph.call("MatMul", table, weights), 15)
    graph.keep(graph.call("MatMul", "shocks", graph.call("Transpose", "states", perm=[1, 0])), 1)
    stack = graph.call("Reshape", "shocks", graph.whole(2, 3, 2))
    graph.keep(graph.call("MatMul", stack, graph.call("Reshape", "states", graph.whole(2, 2, 3))), 18)
    gemm = {"alpha": 0.5, "beta": 2.0, "transA": 1, "transB": 1}
    other = graph.constant(np.arange(15.0).reshape(5, 3))
    graph.keep(graph.call("Gemm", table, other, graph.constant([1.0, 2.0, 3.0, 4.0, 5.0]), **gemm), 20)
    graph.keep(graph.call("ReduceSum", table, graph.whole(0)), 4)
    graph.keep(graph.call("ReduceSum", table, graph.whole(-1), keepdims=0), 3)
    graph.keep(graph.call("ReduceSum", stack, graph.whole(2)), 6)
    graph.keep(graph.call("ReduceSum", stack), 1)
    graph.keep(graph.call("CumSum", table, graph.constant(0, np.int64)), 12)
    graph.keep(graph.call("CumSum", table, graph.constant(1, np.int64)), 12)


def _moving(graph: Graph) -> None:
    table = graph.call("Reshape", "shocks", graph.whole(0, 3, 4))
    graph.keep(graph.call("Transpose", table, perm=[2, 0, 1]), 12)
    graph.keep(graph.call("Gather", table, graph.constant([[2, 0]], np.int64), axis=1), 8)
    graph.keep(graph.call("Slice", "shocks", *(graph.whole(k) for k in (1, 2**40, 1, 3))), 4)
    squeezed = graph.call("Squeeze", table, graph.whole(0))
    graph.keep(graph.call("Expand", graph.call("Unsqueeze", squeezed, graph.whole(1)), graph.whole(2, 1)), 24)
    graph.nodes.append(helper.make_node("Split", ["shocks"], ["left", "right"], axis=1, num_outputs=2))
    graph.keep(graph.call("Concat", "right", "parameters", "left", "states", axis=1), 25)
    repeated = graph.call("Expand", "parameters", graph.whole(1, 30))
    graph.keep(graph.call("Concat", repeated, "shocks", repeated, axis=1), 72)
    shape = graph.call("Shape", "shocks", start=1)
    ones = graph.call("ConstantOfShape", shape, value=numpy_helper.from_array(np.ones(1, np.float32)))
    five = graph.call("Constant", value=numpy_helper.from_array(np.array([5.0], np.float32)))
    graph.keep(graph.call("Mul", graph.call("Add", ones, five), "shocks"), 12)
    within = graph.call("Clip", "shocks", graph.constant(-3.0), graph.constant(2.0))
    places = graph.call("Cast", graph.call("Floor", within), to=TensorProto.INT64)  # negative: from the end
    values = graph.call("Reshape", "states", graph.whole(3, 4))
    pairs = graph.call("Reshape", places, graph.whole(12, 1))
    graph.keep(graph.call("GatherND", values, pairs), 48)
    graph.keep(graph.call("GatherND", values, graph.call("Reshape", places, graph.whole(6, 2))), 6)
    rows = graph.call("Reshape", places, graph.whole(3, 4))
    for axis in (0, -1):
        graph.keep(graph.call("GatherElements", values, rows, axis=axis), 12)
    for axis, reduction in ((0, "add"), (1, "add")):
        scattered = graph.call("ScatterElements", values, rows, squeezed, axis=axis, reduction=reduction)
        graph.keep(scattered, 12)
    order = graph.constant(np.arange(12)[::-1].reshape(3, 4) % 4, np.int64)
    graph.keep(graph.call("ScatterElements", values, order, squeezed, axis=1), 12)
