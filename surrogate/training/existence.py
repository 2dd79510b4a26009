"""Where in its box an economy has an equilibrium, as far as a theorem or its classical solution method can
tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from surrogate.card import ParameterRange
from surrogate.reference.registry import proven_region, witness
from surrogate.region import Region
from surrogate.training.surface import Surface, largest_level

VECTORS = 1_500
TOLERATED = 0.005
"""Share of vectors without an equilibrium that a region may contain."""
SEED = 19_910_101


def has_equilibrium(
    name: str, ranges: Sequence[ParameterRange], theta: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether the economy called `name` has an equilibrium at each row of theta [n, n_parameters]: bool [n].

    True throughout where nothing can tell.
    """
    region = proven_region(name, ranges)
    if region is not None:
        return region.contains(theta)
    exists = witness(name)
    if exists is None:
        return np.ones(len(theta), dtype=bool)
    return exists({each.name: column for each, column in zip(ranges, theta.T, strict=True)})


@cache
def existence_region(name: str, ranges: tuple[ParameterRange, ...]) -> Region | None:
    """Where in the box there is an equilibrium; None if nothing can tell, or the classical method finds one
    nearly everywhere.
    """
    region = proven_region(name, ranges)
    if region is not None:
        return region
    if witness(name) is None:
        return None
    lower, upper = np.array([(each.lower, each.upper) for each in ranges]).T
    theta = np.random.default_rng(SEED).uniform(lower, upper, size=(VECTORS, len(ranges)))
    failed = ~has_equilibrium(name, ranges, theta)
    if failed.mean() <= TOLERATED:
        return None
    surface = Surface.between(ranges, theta, failed)
    level = largest_level(surface.predict(theta), failed, TOLERATED)
    return surface.below(level, "a classical method finds an equilibrium")
