"""Operators that compute: entry by entry, products of matrices, sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from .builder import plain
from .call import Call

CASTS = {1: "f", 11: "f", 6: "i", 7: "i", 9: "b"}
PLAIN_TYPES = {"f": np.float64, "i": np.int64, "b": np.bool_}


def each(call: Call) -> NDArray:
    tensors = [call.tensor(place) for place in range(len(call.inputs))]
    known = not any(plain(tensor).dtype == object for tensor in tensors)
    if call.node.operator == "Div" and call.build.kind(tensors[0]) == "i":
        if not known:
            raise CannotTranslate("Division of integers is not translated.")
        return np.trunc(tensors[0] / tensors[1]).astype(np.int64)
    return call.build.each(call.node.operator, *tensors)


def pairwise(call: Call) -> NDArray:
    """Max and Min of any number of tensors."""
    result = call.tensor(0)
    for place in range(1, len(call.inputs)):
        result = call.build.each(call.node.operator, result, call.tensor(place))
    return result


def clip(call: Call) -> NDArray:
    result = call.tensor(0)
    for place, operator in ((1, "Max"), (2, "Min")):
        if (end := call.optional(place)) is not None:
            result = call.build.each(operator, result, end)
    return result


def softplus(call: Call) -> NDArray:
    """log(1 + exp(x)), without overflow."""
    x, each = call.tensor(0), call.build.each
    tail = each("Exp", each("Neg", each("Abs", x)))
    return each("Add", each("Max", x, np.array(0.0)), each("Log", each("Add", np.array(1.0), tail)))


def sigmoid(call: Call) -> NDArray:
    x, each = call.tensor(0), call.build.each
    return each("Div", np.array(1.0), each("Add", np.array(1.0), each("Exp", each("Neg", x))))


def cast(call: Call) -> NDArray:
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


def matmul(call: Call, left: NDArray, right: NDArray) -> NDArray:
    if left.ndim < 2 or right.ndim < 2:
        raise CannotTranslate("Products of vectors are not translated, only those of matrices.")
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    lefts = np.broadcast_to(left, batch + left.shape[-2:]).reshape(-1, *left.shape[-2:])
    rights = np.broadcast_to(right, batch + right.shape[-2:]).reshape(-1, *right.shape[-2:])
    products = [call.build.product(*pair) for pair in zip(lefts, rights, strict=True)]
    return np.stack(products).reshape(*batch, left.shape[-2], right.shape[-1])


def gemm(call: Call) -> NDArray:
    left, right = (
        call.tensor(place).T if call.attribute(transposed, 0) else call.tensor(place)
        for place, transposed in enumerate(("transA", "transB"))
    )

    def scaled(name: str, tensor: NDArray) -> NDArray:
        factor = call.attribute(name, 1.0)
        return tensor if factor == 1.0 else call.build.each("Mul", tensor, np.array(factor))

    product, added = scaled("alpha", matmul(call, left, right)), call.optional(2)
    return product if added is None else call.build.each("Add", product, scaled("beta", added))


def _lanes(tensor: NDArray, axes: list[int]) -> NDArray:
    """The axes at the end, and one: [..., entries]."""
    axes = [axis % tensor.ndim for axis in axes]
    kept = [axis for axis in range(tensor.ndim) if axis not in axes]
    moved = tensor.transpose(kept + axes)
    return moved.reshape(*(tensor.shape[axis] for axis in kept), -1)


def reduce_sum(call: Call) -> NDArray:
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


def cumsum(call: Call) -> NDArray:
    if call.attribute("exclusive", 0) or call.attribute("reverse", 0):
        raise CannotTranslate("CumSum is translated from the first entry on, and inclusive.")
    x, (axis,) = call.tensor(0), call.known(1) or [0]
    lanes = np.moveaxis(x, axis, -1)
    sums = [call.build.cumulated(lane) for lane in lanes.reshape(-1, lanes.shape[-1])]
    return np.moveaxis(np.stack(sums).reshape(lanes.shape), -1, axis)
