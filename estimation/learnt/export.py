"""Write a learnt log likelihood as an ONNX graph: parameters in, log likelihood out, nothing else needed.

Input ``parameters`` [n, p] float32 in natural units, output ``log_likelihood`` [n, 1] float32, minus infinity
outside the ranges of the card; n is free. In between the graph counts in float64: kernel weights are large
and cancel.
"""

from pathlib import Path
from typing import Any

import numpy as np

from surrogate.artifact.graph import sealed

from ..likelihoods.learnt_graph import INPUT, METADATA_KEY, OUTPUT, LikelihoodCard
from .regression import IDENTITY, LOG_ODDS, TINY
from .surface import Surface

OPSET = 17
IR_VERSION = 8
SLACK = 1e-6
"""Share of a parameter's range, or of its size, by which float32 may miss an end of it."""


def write_graph(surface: Surface, card: LikelihoodCard, file: Path) -> None:
    """Write ``surface`` with ``card`` in the metadata, and with the digest of both.

    Raises
    ------
    ModuleNotFoundError : the package onnx is not installed.
    """
    import onnx

    graph = _Graph()
    theta = graph.cast(INPUT, np.float64)
    u = _coordinates(graph, surface, theta)
    depth = graph.op("Add", [_quadratic(graph, surface, u), _kernel(graph, surface, u)])
    shallow = graph.op("LessOrEqual", [depth, graph.constant(surface.limit)])
    close = graph.op("LessOrEqual", [_square_norm(graph, u), graph.constant(surface.reach**2)])
    learnt = graph.op("And", [shallow, close])
    outside = graph.op("Mul", [_square_norm(graph, u), graph.constant(0.5)])
    outside = graph.op("Add", [outside, graph.constant(surface.limit)])
    value = graph.op("Sub", [graph.constant(surface.top), graph.op("Where", [learnt, depth, outside])])
    value = graph.op("Where", [_in_box(graph, card, theta), value, graph.constant(-np.inf)])
    graph.op("Cast", [value], output=OUTPUT, to=onnx.TensorProto.FLOAT)
    model = graph.model(len(card.parameters))
    onnx.checker.check_model(model, full_check=True)
    file.write_bytes(sealed(model.SerializeToString(deterministic=True), {METADATA_KEY: card.to_json()}))


def _coordinates(graph: "_Graph", surface: Surface, theta: str) -> str:
    transforms = surface.coordinates.transforms
    logs = np.array([float(name != IDENTITY) for name in transforms])
    odds = np.array([float(name == LOG_ODDS) for name in transforms])
    plain = graph.op("Mul", [theta, graph.constant(1 - logs)])
    log = graph.op("Log", [graph.op("Max", [theta, graph.constant(TINY)])])
    rest = graph.op("Sub", [graph.constant(1.0), theta])
    log_rest = graph.op("Log", [graph.op("Max", [rest, graph.constant(TINY)])])
    value = graph.op("Add", [plain, graph.op("Mul", [log, graph.constant(logs)])])
    value = graph.op("Sub", [value, graph.op("Mul", [log_rest, graph.constant(odds)])])
    centred = graph.op("Sub", [value, graph.constant(surface.coordinates.centre)])
    return graph.op("MatMul", [centred, graph.constant(np.linalg.inv(surface.coordinates.root).T)])


def _quadratic(graph: "_Graph", surface: Surface, u: str) -> str:
    constant, linear, square = surface.process.quadratic
    product = graph.op("Mul", [graph.op("MatMul", [u, graph.constant(square)]), u])
    total = graph.op(
        "Add", [graph.op("MatMul", [u, graph.constant(linear[:, None])]), graph.row_sum(product)]
    )
    return graph.op("Add", [total, graph.constant(constant)])


def _kernel(graph: "_Graph", surface: Surface, u: str) -> str:
    """exp(x.z - |x|^2/2 - |z|^2/2) @ weights, with x and z in units of the length scales.

    One product gives the exponents, to which columns 1 and |x|^2 are added.
    """
    process = surface.process
    z = process.inducing / process.kernel.lengths
    x = graph.op("Div", [u, graph.constant(process.kernel.lengths)])
    one = graph.op("Mul", [square := _square_norm(graph, x), graph.constant(0.0)])
    one = graph.op("Add", [one, graph.constant(1.0)])
    columns = graph.op("Concat", [x, square, one], axis=1)
    rows = np.vstack([z.T, np.full(len(z), -0.5), -0.5 * np.sum(z**2, axis=1)])
    exponent = graph.op("MatMul", [columns, graph.constant(rows)])
    weights = (process.kernel.amplitude**2 * process.weights)[:, None]
    return graph.op("MatMul", [graph.op("Exp", [exponent]), graph.constant(weights)])


def _in_box(graph: "_Graph", card: LikelihoodCard, theta: str) -> str:
    lower, upper = (np.array([item[end] for item in card.parameters]) for end in ("lower", "upper"))
    slack = SLACK * np.maximum(np.abs(lower), np.minimum(np.abs(upper), 1e6))
    over = graph.op("Sub", [graph.constant(lower - slack), theta])
    over = graph.op("Max", [over, graph.op("Sub", [theta, graph.constant(upper + slack)])])
    return graph.op("LessOrEqual", [graph.op("ReduceMax", [over], axes=[1], keepdims=1), graph.constant(0.0)])


def _square_norm(graph: "_Graph", values: str) -> str:
    return graph.row_sum(graph.op("Mul", [values, values]))


class _Graph:
    """Nodes and constants under construction; tensors go by names that are made up on the way."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """A constant array or number."""
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def cast(self, values: str, dtype: Any) -> str:
        """The same numbers of another type."""
        from onnx import helper

        return self.op("Cast", [values], to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def op(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """The output of one operator."""
        from onnx import helper

        name = output or f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def row_sum(self, values: str) -> str:
        """Sums [n, 1] of the rows of [n, k]."""
        return self.op("ReduceSum", [values, self.constant([1], np.int64)], keepdims=1)

    def model(self, n_parameters: int) -> Any:
        """The finished model."""
        from onnx import TensorProto, helper

        given = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", n_parameters])
        returned = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", 1])
        graph = helper.make_graph(self._nodes, "log_likelihood", [given], [returned], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
