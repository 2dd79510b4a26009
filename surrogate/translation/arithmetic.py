"""Operators that compute: entry by entry, products of matrices, sums.

Here and in `moving`, functions take the builder, the tensors that go in (None where one is left out) and the
attributes of an ONNX node, under their names and with their defaults.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from .builder import Builder, known, plain

CASTS = {1: "f", 11: "f", 6: "i", 7: "i", 9: "b"}
PLAIN_TYPES = {"f": np.float64, "i": np.int64, "b": np.bool_}


def divided(build: Builder, left: NDArray, right: NDArray) -> NDArray:
    if build.kind(left) != "i":
        return build.each("Div", left, right)
    if any(plain(tensor).dtype == object for tensor in (left, right)):
        raise CannotTranslate("Division of integers is not translated.")
    return np.trunc(left / right).astype(np.int64)


def clip(build: Builder, x: NDArray, low: NDArray | None = None, high: NDArray | None = None) -> NDArray:
    x = x if low is None else build.each("Max", x, low)
    return x if high is None else build.each("Min", x, high)


def softplus(build: Builder, x: NDArray) -> NDArray:
    """log(1 + exp(x)), without overflow."""
    tail = build.each("Exp", build.each("Neg", build.each("Abs", x)))
    log = build.each("Log", build.each("Add", np.array(1.0), tail))
    return build.each("Add", build.each("Max", x, np.array(0.0)), log)


def sigmoid(build: Builder, x: NDArray) -> NDArray:
    rest = build.each("Exp", build.each("Neg", x))
    return build.each("Div", np.array(1.0), build.each("Add", np.array(1.0), rest))


def cast(build: Builder, x: NDArray, *, to: int) -> NDArray:
    """Truth values count as zero and one in every language; fractions are cut off."""
    target, source, x = CASTS.get(to, ""), build.kind(x), plain(x)
    if not target:
        raise CannotTranslate(f"Cast to the ONNX type {to} is not translated.")
    if x.dtype != object:
        return x.astype(PLAIN_TYPES[target])
    if target == source or (source, target) == ("i", "f"):
        return x
    if target == "b":
        return build.each("Not", build.each("Equal", x, np.array(0.0)))
    if source == "b":
        return build.each("Where", x, np.array(1.0), np.array(0.0))
    return build.each("Trunc", x)


def matmul(build: Builder, left: NDArray, right: NDArray) -> NDArray:
    if left.ndim < 2 or right.ndim < 2:
        raise CannotTranslate("Products of vectors are not translated, only those of matrices.")
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    lefts = np.broadcast_to(left, batch + left.shape[-2:]).reshape(-1, *left.shape[-2:])
    rights = np.broadcast_to(right, batch + right.shape[-2:]).reshape(-1, *right.shape[-2:])
    products = [build.product(*pair) for pair in zip(lefts, rights, strict=True)]
    return np.stack(products).reshape(*batch, left.shape[-2], right.shape[-1])


def gemm(
    build: Builder,
    left: NDArray,
    right: NDArray,
    added: NDArray | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> NDArray:
    def scaled(factor: float, tensor: NDArray) -> NDArray:
        return tensor if factor == 1.0 else build.each("Mul", tensor, np.array(factor))

    product = matmul(build, left.T if transA else left, right.T if transB else right)
    product = scaled(alpha, product)
    return product if added is None else build.each("Add", product, scaled(beta, added))


def reduce_sum(
    build: Builder,
    x: NDArray,
    places: NDArray | None = None,
    *,
    axes: list[int] | None = None,
    keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> NDArray:
    chosen = known(places, axes)
    if not chosen and noop_with_empty_axes:
        return x
    summed = [axis % x.ndim for axis in chosen or range(x.ndim)]
    kept = [axis for axis in range(x.ndim) if axis not in summed]
    shape = [x.shape[axis] for axis in kept]
    lanes = x.transpose(kept + summed).reshape(int(np.prod(shape)), -1)
    if lanes.shape[1] <= 2:  # as vectors
        result = lanes[:, 0] if lanes.shape[1] == 1 else build.each("Add", lanes[:, 0], lanes[:, 1])
    else:
        result = np.concatenate([build.sum(lane) for lane in lanes])
    result = result.reshape(shape)
    return np.expand_dims(result, tuple(summed)) if keepdims else result


def cumsum(build: Builder, x: NDArray, place: NDArray, *, exclusive: int = 0, reverse: int = 0) -> NDArray:
    if exclusive or reverse:
        raise CannotTranslate("CumSum is translated from the first entry on, and inclusive.")
    (axis,) = known(place) or [0]
    lanes = np.moveaxis(x, axis, -1)
    sums = [build.cumulated(lane) for lane in lanes.reshape(-1, lanes.shape[-1])]
    return np.moveaxis(np.stack(sums).reshape(lanes.shape), -1, axis)
