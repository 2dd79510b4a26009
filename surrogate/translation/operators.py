"""What each operator of an ONNX graph means for the statements of a program (`statements.Builder`).

Only these operators are translated, and of each only what a graph with fixed shapes can ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from .nodes import Node, Nodes
from .statements import FOLDED, Builder, Constants, Program, plain

CASTS = {1: "f", 11: "f", 6: "i", 7: "i", 9: "b"}
PLAIN_TYPES = {"f": np.float64, "i": np.int64, "b": np.bool_}


@dataclass(frozen=True)
class Call:
    """One operator under translation: its inputs as tensors (None if left out) and its attributes."""

    build: Builder
    node: Node
    inputs: tuple[NDArray | None, ...]

    def tensor(self, place: int) -> NDArray:
        """An input that must be there."""
        if (value := self.optional(place)) is None:
            raise CannotTranslate(f"{self.node.operator} lacks its input {place}.")
        return value

    def optional(self, place: int) -> NDArray | None:
        """An input, or None."""
        return self.inputs[place] if place < len(self.inputs) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default."""
        return self.node.attributes.get(name, default)

    def known(self, place: int, attribute: str = "") -> list[int] | None:
        """Whole numbers that are known before the program runs, from an input or, as older graphs have it,
        an attribute; None if there are none.
        """
        if (value := self.optional(place)) is None:
            return self.attribute(attribute)
        if (value := plain(value)).dtype == object:
            raise CannotTranslate(f"{self.node.operator} takes a shape that depends on numbers.")
        return [int(each) for each in value.ravel()]


def translate(graph: Nodes, inputs: Mapping[str, int], outputs: tuple[str, ...], shared: Constants) -> Program:
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
        results = operate(call)
        tensors |= zip(node.outputs, results if isinstance(results, list) else [results], strict=True)
    return build.program({name: tensors[name] for name in outputs})


def _each(call: Call) -> NDArray:
    tensors = [call.tensor(place) for place in range(len(call.inputs))]
    known = not any(plain(tensor).dtype == object for tensor in tensors)
    if call.node.operator == "Div" and call.build.kind(tensors[0]) == "i":
        if not known:
            raise CannotTranslate("Division of integers is not translated.")
        return np.trunc(tensors[0] / tensors[1]).astype(np.int64)
    return call.build.each(call.node.operator, *tensors)


def _pairwise(call: Call) -> NDArray:
    """Max and Min of any number of tensors."""
    result = call.tensor(0)
    for place in range(1, len(call.inputs)):
        result = call.build.each(call.node.operator, result, call.tensor(place))
    return result


def _clip(call: Call) -> NDArray:
    result = call.tensor(0)
    for place, operator in ((1, "Max"), (2, "Min")):
        if (end := call.optional(place)) is not None:
            result = call.build.each(operator, result, end)
    return result


def _softplus(call: Call) -> NDArray:
    """log(1 + exp(x)), without overflow."""
    x, each = call.tensor(0), call.build.each
    tail = each("Exp", each("Neg", each("Abs", x)))
    return each("Add", each("Max", x, np.array(0.0)), each("Log", each("Add", np.array(1.0), tail)))


def _sigmoid(call: Call) -> NDArray:
    x, each = call.tensor(0), call.build.each
    return each("Div", np.array(1.0), each("Add", np.array(1.0), each("Exp", each("Neg", x))))


def _cast(call: Call) -> NDArray:
    """Truth values count as zero and one in every language; fractions are cut off."""
    x, build = plain(call.tensor(0)), call.build
    target, source = CASTS.get(call.attribute("to"), ""), build.kind(x)
    if not target:
        raise CannotTranslate(f"Cast to the ONNX type {call.attribute('to')} is not translated.")
    if x.dtype != object:
        return x.astype(PLAIN_TYPES[target])
    if target == source or (source, target) == ("i", "f"):
        return x
    if target == "b":
        return build.each("Not", build.each("Equal", x, np.array(0.0)))
    if source == "b":
        return build.each("Where", x, np.array(1.0), np.array(0.0))
    return build.each("Trunc", x)


def _matmul(call: Call, left: NDArray, right: NDArray) -> NDArray:
    """Row by row, or column by column where these are fewer."""
    if left.ndim < 2 or right.ndim < 2:
        raise CannotTranslate("Products of vectors are not translated, only those of matrices.")
    if left.shape[-2] > right.shape[-1]:
        return _matmul(call, right.swapaxes(-1, -2), left.swapaxes(-1, -2)).swapaxes(-1, -2)
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    rows, columns = left.shape[-2], right.shape[-1]
    lefts = np.broadcast_to(left, batch + left.shape[-2:]).reshape(-1, *left.shape[-2:])
    rights = np.broadcast_to(right, batch + right.shape[-2:]).reshape(-1, *right.shape[-2:])
    products = [
        call.build.product(row, matrix) for a, matrix in zip(lefts, rights, strict=True) for row in a
    ]
    return np.stack(products).reshape(*batch, rows, columns)


def _gemm(call: Call) -> NDArray:
    left, right = (
        call.tensor(place).T if call.attribute(transposed, 0) else call.tensor(place)
        for place, transposed in enumerate(("transA", "transB"))
    )

    def scaled(name: str, tensor: NDArray) -> NDArray:
        factor = call.attribute(name, 1.0)
        return tensor if factor == 1.0 else call.build.each("Mul", tensor, np.array(factor))

    product, added = scaled("alpha", _matmul(call, left, right)), call.optional(2)
    return product if added is None else call.build.each("Add", product, scaled("beta", added))


def _lanes(tensor: NDArray, axes: list[int]) -> NDArray:
    """The axes at the end, and one: [..., entries]."""
    axes = [axis % tensor.ndim for axis in axes]
    kept = [axis for axis in range(tensor.ndim) if axis not in axes]
    moved = tensor.transpose(kept + axes)
    return moved.reshape(*(tensor.shape[axis] for axis in kept), -1)


def _reduce_sum(call: Call) -> NDArray:
    x = call.tensor(0)
    axes = call.known(1, "axes") or []
    if not axes and call.attribute("noop_with_empty_axes", 0):
        return x
    axes = axes or list(range(x.ndim))
    lanes = _lanes(x, axes)
    flat = lanes.reshape(-1, lanes.shape[-1])
    if flat.shape[1] <= 2:  # as vectors
        result = flat[:, 0] if flat.shape[1] == 1 else call.build.each("Add", flat[:, 0], flat[:, 1])
    else:
        result = np.concatenate([call.build.sum(lane) for lane in flat])
    result = result.reshape(lanes.shape[:-1])
    return np.expand_dims(result, tuple(axes)) if call.attribute("keepdims", 1) else result


def _cumsum(call: Call) -> NDArray:
    if call.attribute("exclusive", 0) or call.attribute("reverse", 0):
        raise CannotTranslate("CumSum is translated from the first entry on, and inclusive.")
    x, (axis,) = call.tensor(0), call.known(1) or [0]
    lanes = np.moveaxis(x, axis, -1)
    sums = [call.build.cumulated(lane) for lane in lanes.reshape(-1, lanes.shape[-1])]
    return np.moveaxis(np.stack(sums).reshape(lanes.shape), -1, axis)


def _from_the_start(call: Call, places: NDArray, size: int) -> NDArray:
    """Places of which negative ones count from the end, counted from the start."""
    each = call.build.each
    return each("Where", each("Less", places, np.array(0)), each("Add", places, np.array(size)), places)


def _gather(call: Call) -> NDArray:
    data, axis = call.tensor(0), call.attribute("axis", 0)
    if plain(call.tensor(1)).dtype == object:
        raise CannotTranslate("Gather is translated at places that are known beforehand.")
    return np.take(data, plain(call.tensor(1)).astype(int), axis=axis)


def _gather_nd(call: Call) -> NDArray:
    data, places, build = call.tensor(0), call.tensor(1), call.build
    if call.attribute("batch_dims", 0):
        raise CannotTranslate("GatherND is translated without batch dimensions.")
    depth = places.shape[-1]
    inner = int(np.prod(data.shape[depth:]))
    flat = np.array(0)
    for axis, size in enumerate(data.shape[:depth]):
        place = _from_the_start(call, plain(places[..., axis]), size)
        stride = np.array(int(np.prod(data.shape[axis + 1 :])))
        flat = build.each("Add", flat, build.each("Mul", place, stride))
    flat = build.each("Add", np.expand_dims(flat, -1), np.arange(inner))
    found = build.pick(data.ravel(), flat.ravel())
    return found.reshape(places.shape[:-1] + data.shape[depth:])


def _scatter_elements(call: Call) -> NDArray:
    data, places, values, build = call.tensor(0), call.tensor(1), call.tensor(2), call.build
    reduction = call.attribute("reduction", "none")
    if reduction not in ("none", "add"):
        raise CannotTranslate(f"ScatterElements with the reduction {reduction!r} is not translated.")
    axis = call.attribute("axis", 0) % data.ndim
    strides = [int(np.prod(data.shape[d + 1 :])) for d in range(data.ndim)]
    coordinates = np.indices(places.shape)
    others = sum(coordinates[d] * strides[d] for d in range(data.ndim) if d != axis)
    place = _from_the_start(call, places, data.shape[axis])
    flat = build.each("Add", build.each("Mul", place, np.array(strides[axis])), np.asarray(others))
    result = build.put(data.ravel(), flat.ravel(), values.ravel(), reduction == "add")
    return result.reshape(data.shape)


def _reshape(call: Call) -> NDArray:
    data, shape = call.tensor(0), call.known(1) or []
    if not call.attribute("allowzero", 0):
        shape = [size or data.shape[axis] for axis, size in enumerate(shape)]
    return data.reshape(shape)


def _expand(call: Call) -> NDArray:
    data, shape = call.tensor(0), call.known(1) or []
    return np.broadcast_to(data, np.broadcast_shapes(data.shape, tuple(shape)))


def _squeeze(call: Call) -> NDArray:
    axes = call.known(1, "axes")
    return np.squeeze(call.tensor(0), None if axes is None else tuple(axes))


def _split(call: Call) -> list[NDArray]:
    data, axis, sizes = call.tensor(0), call.attribute("axis", 0), call.known(1, "split")
    if sizes is None:
        count, width = len(call.node.outputs), data.shape[axis]
        sizes = [-(-width // count)] * (count - 1)
        sizes.append(width - sum(sizes))
    return np.split(data, np.cumsum(sizes)[:-1], axis=axis)


def _slice(call: Call) -> NDArray:
    data = call.tensor(0)
    starts, ends = call.known(1, "starts") or [], call.known(2, "ends") or []
    axes = call.known(3, "axes") or list(range(len(starts)))
    steps = call.known(4) or [1] * len(starts)
    cut = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 0:
            raise CannotTranslate("Slice is translated with steps forward.")
        cut[axis] = slice(start, end, step)
    return data[tuple(cut)]


def _shape(call: Call) -> NDArray:
    shape = call.tensor(0).shape
    return np.array(shape[call.attribute("start", 0) : call.attribute("end", len(shape))], dtype=np.int64)


def _constant(call: Call) -> NDArray:
    (value,) = call.node.attributes.values()
    return np.asarray(value)


def _constant_of_shape(call: Call) -> NDArray:
    return np.full(call.known(0) or [], call.attribute("value", np.zeros(1)).ravel()[0])


def _composed(function: Callable[[Any, NDArray], NDArray]) -> Callable[[Call], NDArray]:
    """An operator of one tensor that others make up."""
    return lambda call: function(call.build.each, call.tensor(0))


OPERATORS: dict[str, Callable[[Call], NDArray | list[NDArray]]] = {
    **dict.fromkeys(FOLDED.keys() - {"Max", "Min", "Trunc"}, _each),
    "Cast": _cast,
    "Clip": _clip,
    "Concat": lambda call: np.concatenate(
        [call.tensor(place) for place in range(len(call.inputs))], call.attribute("axis")
    ),
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "CumSum": _cumsum,
    "Expand": _expand,
    "Gather": _gather,
    "GatherND": _gather_nd,
    "Gemm": _gemm,
    "Greater": lambda call: call.build.each("Less", call.tensor(1), call.tensor(0)),
    "GreaterOrEqual": lambda call: call.build.each("LessOrEqual", call.tensor(1), call.tensor(0)),
    "Identity": lambda call: call.tensor(0),
    "MatMul": lambda call: _matmul(call, call.tensor(0), call.tensor(1)),
    "Max": _pairwise,
    "Min": _pairwise,
    "Reciprocal": _composed(lambda each, x: each("Div", np.array(1.0), x)),
    "ReduceSum": _reduce_sum,
    "Relu": _composed(lambda each, x: each("Max", x, np.array(0.0))),
    "Reshape": _reshape,
    "ScatterElements": _scatter_elements,
    "Shape": _shape,
    "Sigmoid": _sigmoid,
    "Slice": _slice,
    "Softplus": _softplus,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": lambda call: call.tensor(0).transpose(call.attribute("perm")),
    "Unsqueeze": lambda call: np.expand_dims(call.tensor(0), tuple(call.known(1, "axes") or [])),
}
"""By the operator's name; all that the artifacts that ship are made of is here."""
