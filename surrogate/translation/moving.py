"""Operators that move entries, and those that read and write them at places that the program computes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from .builder import Builder, known, plain


def _from_the_start(build: Builder, places: NDArray, size: int) -> NDArray:
    """Places of which negative ones count from the end, counted from the start."""
    negative = build.each("Less", places, np.array(0))
    return build.each("Where", negative, build.each("Add", places, np.array(size)), places)


def gather(build: Builder, data: NDArray, places: NDArray, *, axis: int = 0) -> NDArray:
    if plain(places).dtype == object:
        raise CannotTranslate("Gather is translated at places that are known beforehand.")
    return np.take(data, plain(places).astype(int), axis=axis)


def gather_nd(build: Builder, data: NDArray, places: NDArray, *, batch_dims: int = 0) -> NDArray:
    if batch_dims:
        raise CannotTranslate("GatherND is translated without batch dimensions.")
    depth = places.shape[-1]
    flat = np.array(0)
    for axis, size in enumerate(data.shape[:depth]):
        place = _from_the_start(build, plain(places[..., axis]), size)
        stride = np.array(int(np.prod(data.shape[axis + 1 :])))
        flat = build.each("Add", flat, build.each("Mul", place, stride))
    inner = np.arange(int(np.prod(data.shape[depth:])))
    flat = build.each("Add", np.expand_dims(flat, -1), inner)
    return build.pick(data.ravel(), flat.ravel()).reshape(places.shape[:-1] + data.shape[depth:])


def scatter_elements(
    build: Builder, data: NDArray, places: NDArray, values: NDArray, *, axis: int = 0, reduction: str = "none"
) -> NDArray:
    if reduction not in ("none", "add"):
        raise CannotTranslate(f"ScatterElements with the reduction {reduction!r} is not translated.")
    axis %= data.ndim
    strides = [int(np.prod(data.shape[d + 1 :])) for d in range(data.ndim)]
    coordinates = np.indices(places.shape)
    others = sum(coordinates[d] * strides[d] for d in range(data.ndim) if d != axis)
    place = _from_the_start(build, places, data.shape[axis])
    flat = build.each("Add", build.each("Mul", place, np.array(strides[axis])), np.asarray(others))
    result = build.put(data.ravel(), flat.ravel(), values.ravel(), reduction == "add")
    return result.reshape(data.shape)


def reshape(build: Builder, data: NDArray, size: NDArray, *, allowzero: int = 0) -> NDArray:
    sizes = known(size) or []
    if not allowzero:
        sizes = [size or data.shape[axis] for axis, size in enumerate(sizes)]
    return data.reshape(sizes)


def expand(build: Builder, data: NDArray, size: NDArray) -> NDArray:
    return np.broadcast_to(data, np.broadcast_shapes(data.shape, tuple(known(size) or ())))


def squeeze(
    build: Builder, data: NDArray, places: NDArray | None = None, *, axes: list[int] | None = None
) -> NDArray:
    chosen = known(places, axes)
    return np.squeeze(data, None if chosen is None else tuple(chosen))


def unsqueeze(
    build: Builder, data: NDArray, places: NDArray | None = None, *, axes: list[int] | None = None
) -> NDArray:
    return np.expand_dims(data, tuple(known(places, axes) or ()))


def transpose(build: Builder, data: NDArray, *, perm: list[int] | None = None) -> NDArray:
    return data.transpose(perm)


def concat(build: Builder, *parts: NDArray, axis: int) -> NDArray:
    return np.concatenate(parts, axis)


def split(
    build: Builder,
    data: NDArray,
    widths: NDArray | None = None,
    *,
    axis: int = 0,
    split: list[int] | None = None,
    num_outputs: int,
) -> list[NDArray]:
    sizes = known(widths, split)
    if sizes is None:
        sizes = [-(-data.shape[axis] // num_outputs)] * (num_outputs - 1)
    return np.split(data, np.cumsum(sizes)[: num_outputs - 1], axis=axis)


def sliced(
    build: Builder,
    data: NDArray,
    first: NDArray | None = None,
    last: NDArray | None = None,
    along: NDArray | None = None,
    step: NDArray | None = None,
    **older: list[int],
) -> NDArray:
    starts, ends = known(first, older.get("starts")) or [], known(last, older.get("ends")) or []
    axes = known(along, older.get("axes")) or range(len(starts))
    cut = [slice(None)] * data.ndim
    for place, axis in enumerate(axes):
        cut[axis] = slice(starts[place], ends[place], (known(step) or [1] * len(starts))[place])
    return data[tuple(cut)]


def shape(build: Builder, data: NDArray, *, start: int = 0, end: int | None = None) -> NDArray:
    return np.array(data.shape[start:end], dtype=np.int64)


def constant(build: Builder, **given: Any) -> NDArray:
    (value,) = given.values()
    return np.asarray(value)


def constant_of_shape(build: Builder, size: NDArray, *, value: NDArray | None = None) -> NDArray:
    return np.full(known(size) or (), 0.0 if value is None else value.ravel()[0])
