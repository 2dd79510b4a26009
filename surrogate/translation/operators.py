"""What each operator of an ONNX graph means for the statements of a program.

Only these operators are translated, and of each only what a graph with fixed shapes can ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from . import arithmetic, moving
from .builder import Builder, Constants
from .nodes import Node, Nodes
from .statements import FOLDED, Program

ZERO, ONE = np.array(0.0), np.array(1.0)


def translate(
    graph: Nodes, inputs: Mapping[str, int], outputs: tuple[str, ...], shared: Constants
) -> Program:
    """The program of a graph at a batch of one.

    Parameters
    ----------
    inputs : columns by name of the tensors that go in; each is [1, columns].
    outputs : names of the tensors that come out.
    shared : constants of all graphs of the artifact.

    Raises
    ------
    CannotTranslate : an operator, or a use of one, that has no translation.
    """
    build = Builder(shared, inputs)
    tensors = {**graph.constants, **{name: build.input(name) for name in inputs}}
    for node in graph.nodes:
        results = _results(build, node, [tensors[name] if name else None for name in node.inputs])
        tensors |= zip(node.outputs, results, strict=True)
    return build.program({name: tensors[name] for name in outputs})


def _results(build: Builder, node: Node, tensors: list[NDArray | None]) -> list[NDArray]:
    """What one node gives."""
    operate = OPERATORS.get(node.operator)
    if operate is None:
        raise CannotTranslate(f"The operator {node.operator} is not translated to other languages.")
    attributes = node.attributes
    if node.operator == "Split":  # the only one with several outputs, whose number may be all that is said
        attributes = {**attributes, "num_outputs": len(node.outputs)}
    try:
        found = operate(build, *tensors, **attributes)
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:  # NumPy's, of shapes and axes
        raise CannotTranslate(f"A {node.operator} in it has no meaning for one row ({error}).") from error
    return found if isinstance(found, list) else [found]


def _each(operator: str, build: Builder, *tensors: NDArray) -> NDArray:
    return build.each(operator, *tensors)


def _swapped(operator: str, build: Builder, left: NDArray, right: NDArray) -> NDArray:
    return build.each(operator, right, left)


def _pairwise(operator: str, build: Builder, *tensors: NDArray) -> NDArray:
    """Of any number of tensors."""
    return reduce(partial(build.each, operator), tensors)


OPERATORS: dict[str, Callable[..., Any]] = {
    **{operator: partial(_each, operator) for operator in FOLDED if operator != "Trunc"},
    "Cast": arithmetic.cast,
    "Clip": arithmetic.clip,
    "Concat": moving.concat,
    "Constant": moving.constant,
    "ConstantOfShape": moving.constant_of_shape,
    "CumSum": arithmetic.cumsum,
    "Div": arithmetic.divided,
    "Expand": moving.expand,
    "Gather": moving.gather,
    "GatherND": moving.gather_nd,
    "Gemm": arithmetic.gemm,
    "Greater": partial(_swapped, "Less"),
    "GreaterOrEqual": partial(_swapped, "LessOrEqual"),
    "Identity": lambda build, x: x,
    "MatMul": arithmetic.matmul,
    "Max": partial(_pairwise, "Max"),
    "Min": partial(_pairwise, "Min"),
    "Reciprocal": lambda build, x: build.each("Div", ONE, x),
    "ReduceSum": arithmetic.reduce_sum,
    "Relu": lambda build, x: build.each("Max", x, ZERO),
    "Reshape": moving.reshape,
    "ScatterElements": moving.scatter_elements,
    "Shape": moving.shape,
    "Sigmoid": arithmetic.sigmoid,
    "Slice": moving.sliced,
    "Softplus": arithmetic.softplus,
    "Split": moving.split,
    "Squeeze": moving.squeeze,
    "Transpose": moving.transpose,
    "Unsqueeze": moving.unsqueeze,
}
"""By the operator's name; all that the artifacts that ship are made of is here."""
