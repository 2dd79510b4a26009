"""States that nobody can be in, as a card says: a negative asset, say, or a market that does not clear."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..errors import BadData
from .card import Requirement, Variable

TOLERANCE = 1e-4
"""By how much, relative to the mean size of what is added up, states may miss what is required of them:
more than single precision loses.
"""


def require_feasible(
    states: NDArray[np.floating], variables: Iterable[Variable], requirements: Iterable[Requirement]
) -> None:
    """Refuse rows of `states` [n, n_states], in the order of `variables`, that miss one of `requirements`.

    Raises
    ------
    BadData : the first of what is wrong, with the row and the number.
    """
    sizes = {variable.name: variable.size for variable in variables}
    ends = np.cumsum(list(sizes.values()))
    columns = {name: states[:, end - sizes[name] : end] for name, end in zip(sizes, ends, strict=True)}
    for each in requirements:
        parts = [weight * columns[name].astype(float) for name, weight in each.weights.items()]
        value, unit = np.sum(parts, axis=0), TOLERANCE * np.abs(parts).sum(0).mean(1, keepdims=True)
        if each.of == "sum":
            value, unit = value.sum(1, keepdims=True), unit * value.shape[1]
        wrong = (value < each.lower - unit) | (value > each.upper + unit)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            place = "" if each.of == "sum" else f", column {column}"
            raise BadData(f"{each.description}: {value[row, column]:.4g} in row {row} of the states{place}.")
