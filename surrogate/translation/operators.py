"""What each operator of an ONNX graph means for the statements of a program.

Only these operators are translated, and of each only what a graph with fixed shapes can ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from . import arithmetic, moving
from .builder import Builder, Constants
from .call import Call
from .nodes import Nodes
from .statements import FOLDED, Program


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
        operate = OPERATORS.get(node.operator)
        if operate is None:
            raise CannotTranslate(f"The operator {node.operator} is not translated to other languages.")
        call = Call(build, node, tuple(tensors[name] if name else None for name in node.inputs))
        try:
            results = operate(call)
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:  # NumPy's, of shapes and axes
            raise CannotTranslate(f"A {node.operator} in it has no meaning for one row ({error}).") from error
        tensors |= zip(node.outputs, results if isinstance(results, list) else [results], strict=True)
    return build.program({name: tensors[name] for name in outputs})


def _composed(function: Callable[[Any, NDArray], NDArray]) -> Callable[[Call], NDArray]:
    """An operator of one tensor that others make up."""
    return lambda call: function(call.build.each, call.tensor(0))


OPERATORS: dict[str, Callable[[Call], NDArray | list[NDArray]]] = {
    **dict.fromkeys(FOLDED.keys() - {"Max", "Min", "Trunc"}, arithmetic.each),
    "Cast": arithmetic.cast,
    "Clip": arithmetic.clip,
    "Concat": lambda call: np.concatenate(
        [call.tensor(place) for place in range(len(call.inputs))], call.attribute("axis")
    ),
    "Constant": moving.constant,
    "ConstantOfShape": moving.constant_of_shape,
    "CumSum": arithmetic.cumsum,
    "Expand": moving.expand,
    "Gather": moving.gather,
    "GatherND": moving.gather_nd,
    "Gemm": arithmetic.gemm,
    "Greater": lambda call: call.build.each("Less", call.tensor(1), call.tensor(0)),
    "GreaterOrEqual": lambda call: call.build.each("LessOrEqual", call.tensor(1), call.tensor(0)),
    "Identity": lambda call: call.tensor(0),
    "MatMul": lambda call: arithmetic.matmul(call, call.tensor(0), call.tensor(1)),
    "Max": arithmetic.pairwise,
    "Min": arithmetic.pairwise,
    "Reciprocal": _composed(lambda each, x: each("Div", np.array(1.0), x)),
    "ReduceSum": arithmetic.reduce_sum,
    "Relu": _composed(lambda each, x: each("Max", x, np.array(0.0))),
    "Reshape": moving.reshape,
    "ScatterElements": moving.scatter_elements,
    "Shape": moving.shape,
    "Sigmoid": arithmetic.sigmoid,
    "Slice": moving.sliced,
    "Softplus": arithmetic.softplus,
    "Split": moving.split,
    "Squeeze": moving.squeeze,
    "Transpose": lambda call: call.tensor(0).transpose(call.attribute("perm")),
    "Unsqueeze": lambda call: np.expand_dims(call.tensor(0), tuple(call.known(1, "axes") or [])),
}
"""By the operator's name; all that the artifacts that ship are made of is here."""
