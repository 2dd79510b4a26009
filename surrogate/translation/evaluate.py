"""Run a program with NumPy: what every language should compute, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .statements import FOLDED, Element, Operand, Program, Run


def evaluate(
    program: Program, constants: Mapping[str, NDArray[np.float64]], inputs: Mapping[str, ArrayLike]
) -> dict[str, NDArray[np.float64]]:
    """Outputs [entries] by name of inputs [entries] by name; `constants` are those that it shares."""
    arrays = {**constants, **{name: np.asarray(values, dtype=float) for name, values in inputs.items()}}

    def value(operand: Operand) -> Any:
        """A number, or an array."""
        if isinstance(operand, Element):
            return arrays[operand.array][operand.index]
        if isinstance(operand, Run):
            return arrays[operand.array][operand.start :: operand.step][: operand.count]
        return operand

    with np.errstate(all="ignore"):
        for statement in program.statements:
            operands = [value(each) for each in statement.operands]
            result = np.atleast_1d(MEANING[statement.operator](*operands))
            arrays[statement.name] = np.broadcast_to(result, (statement.size,))
    return {
        name: np.array([value(entry) for entry in entries], dtype=float)
        for name, entries in program.outputs.items()
    }


def _pick(values: NDArray, places: NDArray) -> NDArray:
    """NaN where there is no such place."""
    there = (places >= 0) & (places < len(values))
    return np.where(there, values[np.where(there, places, 0).astype(int)], np.nan)


def _put(values: NDArray, places: NDArray, others: NDArray, add: bool = False) -> NDArray:
    """What has no place is left out."""
    result = np.array(values, dtype=float)
    for place, other in zip(places, others, strict=True):
        if 0 <= place < len(values):
            result[int(place)] = result[int(place)] + other if add else other
    return result


MEANING: dict[str, Callable[..., Any]] = {
    **FOLDED,
    "Pack": lambda *entries: np.array(entries, dtype=float),
    "Join": lambda *arrays: np.concatenate(arrays),
    "Repeat": lambda number: number,
    "Product": lambda left, right, k: (left.reshape(-1, int(k)) @ right.reshape(int(k), -1)).ravel(),
    "Dot": np.dot,
    "Sum": np.sum,
    "CumSum": np.cumsum,
    "Pick": _pick,
    "Put": _put,
    "PutAdd": lambda values, places, others: _put(values, places, others, add=True),
}
