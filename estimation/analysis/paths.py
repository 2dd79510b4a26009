"""Paths of states and shocks that the data suggest, over posterior draws."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.filters.paths import Paths
from estimation.results import Results
from surrogate.errors import BadConfiguration
from surrogate.house.listener import track

Array = NDArray[np.floating]

VECTORS_PER_CALL = 25


class PosteriorPaths(NamedTuple):
    """Paths under those draws that have some: which ones [w], free parameters [w, n_free], paths."""

    draws: NDArray[np.intp]
    theta: Array
    paths: Paths


def posterior_paths(
    results: Results, theta: Array, count: int, seed: int, smoothed: bool = True
) -> PosteriorPaths:
    """`count` paths under each draw of `theta` [w, n_free], given the whole sample or, if not `smoothed`, for
    every period given the data up to it.

    Draws under which no particle survives are left out.

    Raises
    ------
    BadConfiguration : the likelihood has no states, or no draw is left.
    """
    blocks = range(0, len(theta), VECTORS_PER_CALL)
    parts = [
        results.posterior.paths(
            theta[first : first + VECTORS_PER_CALL], np.random.default_rng([seed, first]), count, smoothed
        )
        for first in track(blocks, "smoothing" if smoothed else "filtering")
    ]
    paths = Paths(*(np.concatenate(group, axis=1) for group in zip(*parts, strict=True)))
    found = np.flatnonzero(np.isfinite(paths.observables).all(axis=(0, 2, 3)))
    if not len(found):
        raise BadConfiguration("Under no posterior draw do states reproduce the data; take more particles.")
    return PosteriorPaths(found, theta[found], Paths(*(block[:, found] for block in paths)))
