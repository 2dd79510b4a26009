"""Where in its box an economy has an equilibrium, as far as a theorem or its classical solution method can
tell.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from surrogate.economy import Witness
from surrogate.models.interface import Model
from surrogate.models.registry import entry_of
from surrogate.region import Region
from surrogate.training.surface import Surface, largest_level

VECTORS = 1_500
TOLERATED = 0.005
"""Share of vectors without an equilibrium that a region may contain."""
SEED = 19_910_101


def proven_region(model: Model) -> Region | None:
    """Where the economy has an equilibrium, exactly; None if no theorem says so."""
    economy = entry_of(model)
    return None if economy is None else economy.proven_region(model.parameters)


def has_equilibrium(model: Model, theta: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the economy has an equilibrium at each row of theta [n, n_parameters]: bool [n].

    True throughout where nothing can tell.
    """
    region = proven_region(model)
    if region is not None:
        return region.contains(theta)
    exists = _witness(model)
    if exists is None:
        return np.ones(len(theta), dtype=bool)
    return exists({each.name: column for each, column in zip(model.parameters, theta.T, strict=True)})


def existence_region(model: Model) -> Region | None:
    """Where in the box there is an equilibrium; None if nothing can tell, or the classical method finds one
    nearly everywhere.
    """
    return None if entry_of(model) is None else _region_of(model.written)


@cache
def _region_of(written: type[Model]) -> Region | None:
    model = written()
    region = proven_region(model)
    if region is not None or _witness(model) is None:
        return region
    lower, upper = np.array([(each.lower, each.upper) for each in model.parameters]).T
    theta = np.random.default_rng(SEED).uniform(lower, upper, size=(VECTORS, len(lower)))
    failed = ~has_equilibrium(model, theta)
    if failed.mean() <= TOLERATED:
        return None
    surface = Surface.between(model.parameters, theta, failed)
    level = largest_level(surface.predict(theta), failed, TOLERATED)
    return surface.below(level, "a classical method finds an equilibrium")


def _witness(model: Model) -> Witness | None:
    economy = entry_of(model)
    return None if economy is None else economy.witness()
