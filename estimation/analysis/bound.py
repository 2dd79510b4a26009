"""Where an occasionally binding bound holds an observable, found as the value at which it piles up."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import Surrogate

LEAST_TIES = 5
CLOSE = 1e-3  # standard deviations: above single precision, below what happens without a bound


class Floor(NamedTuple):
    """A lower bound: the observable's name, its level, and up to where values count as at the bound."""

    observable: str
    level: float
    highest: float


def find_floor(surrogate: Surrogate, observables: NDArray[np.floating]) -> Floor | None:
    """The bound under simulated observables [..., n_observables]; None if no minimum is reached repeatedly.

    That is five values within a thousandth of a standard deviation of the smallest: without a bound, a normal
    sample has one there with a probability below one in a hundred.
    """
    columns = observables.reshape(-1, surrogate.n_observables).astype(float)
    columns = columns[np.isfinite(columns).all(axis=1)]
    if not len(columns):
        return None
    lowest, width = columns.min(axis=0), CLOSE * columns.std(axis=0)
    ties = np.where(width > 0, np.sum(columns - lowest <= width, axis=0), 0)
    which = int(ties.argmax())
    if ties[which] < LEAST_TIES:
        return None
    return Floor(surrogate.observable_names[which], float(lowest[which]), float((lowest + width)[which]))


def binds(surrogate: Surrogate, floor: Floor, observables: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether the bound binds [...], given observables [..., n_observables]."""
    return observables[..., surrogate.observable_names.index(floor.observable)] <= floor.highest
