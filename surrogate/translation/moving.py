"""Operators that move entries, and those that read and write them at places that the program computes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from .builder import plain
from .call import Call


def _from_the_start(call: Call, places: NDArray, size: int) -> NDArray:
    """Places of which negative ones count from the end, counted from the start."""
    each = call.build.each
    return each("Where", each("Less", places, np.array(0)), each("Add", places, np.array(size)), places)


def gather(call: Call) -> NDArray:
    data, axis = call.tensor(0), call.attribute("axis", 0)
    if plain(call.tensor(1)).dtype == object:
        raise CannotTranslate("Gather is translated at places that are known beforehand.")
    return np.take(data, plain(call.tensor(1)).astype(int), axis=axis)


def gather_nd(call: Call) -> NDArray:
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


def scatter_elements(call: Call) -> NDArray:
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


def reshape(call: Call) -> NDArray:
    data, shape = call.tensor(0), call.known(1) or []
    if not call.attribute("allowzero", 0):
        shape = [size or data.shape[axis] for axis, size in enumerate(shape)]
    return data.reshape(shape)


def expand(call: Call) -> NDArray:
    data, shape = call.tensor(0), call.known(1) or []
    return np.broadcast_to(data, np.broadcast_shapes(data.shape, tuple(shape)))


def squeeze(call: Call) -> NDArray:
    axes = call.known(1, "axes")
    return np.squeeze(call.tensor(0), None if axes is None else tuple(axes))


def split(call: Call) -> list[NDArray]:
    data, axis, sizes = call.tensor(0), call.attribute("axis", 0), call.known(1, "split")
    if sizes is None:
        count, width = len(call.node.outputs), data.shape[axis]
        sizes = [-(-width // count)] * (count - 1)
        sizes.append(width - sum(sizes))
    return np.split(data, np.cumsum(sizes)[:-1], axis=axis)


def sliced(call: Call) -> NDArray:
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


def shape(call: Call) -> NDArray:
    shape = call.tensor(0).shape
    return np.array(shape[call.attribute("start", 0) : call.attribute("end", len(shape))], dtype=np.int64)


def constant(call: Call) -> NDArray:
    (value,) = call.node.attributes.values()
    return np.asarray(value)


def constant_of_shape(call: Call) -> NDArray:
    return np.full(call.known(0) or [], call.attribute("value", np.zeros(1)).ravel()[0])
