"""Many economies at once, under draws of the posterior.

Paths start where one wants to know what follows, in states of the ergodic distribution for instance, or are
those of states and shocks that the data suggest. Blocks of parameter vectors keep memory small.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import Simulation, Surrogate
from surrogate.errors import BadConfiguration
from surrogate.house.listener import track
from surrogate.house.records import whole_number

from ..filters.linearisation import at_steady_state
from ..filters.state_space import Paths, StateSpace
from ..results import Results

Array = NDArray[np.floating]
CELLS_PER_CALL = 1_000_000  # economies x periods
SETTLING = 100  # quarters
MOST_DRAWS, MOST_QUARTERS, MOST_REPLICATIONS = 1_000_000, 10_000, 100_000
MOST_CELLS = 200_000_000
"""Draws, quarters and replications multiplied: paths that fit into memory."""
VECTORS_PER_CALL = 25


def posterior_draws(results: Results, count: int) -> Array:
    """`count` draws [d, n_free], evenly from all walkers' chains after burn-in; all, if there are fewer.

    Raises
    ------
    BadConfiguration : `count` is no number of draws.
    """
    count = whole_number("The number of draws", count, 1, MOST_DRAWS)
    draws = results.chains.by_walker().reshape(-1, results.posterior.n_free)
    count = min(count, len(draws))
    return draws[((np.arange(count) + 0.5) * len(draws) / count).astype(int)]


def require_horizon(horizon: int, draws: int, replications: int) -> None:
    """Raise ``BadConfiguration`` unless so many paths of so many quarters make sense and fit into memory."""
    whole_number("horizon", horizon, 1, MOST_QUARTERS)
    whole_number("replications", replications, 1, MOST_REPLICATIONS)
    if horizon * draws * replications > MOST_CELLS:
        raise BadConfiguration(
            f"{draws} draws with {replications} replications of {horizon} quarters are more than memory "
            "holds: take fewer of each."
        )


def mirrored_normals(
    generator: np.random.Generator, periods: int, vectors: int, count: int, columns: int
) -> Array:
    """Standard normals [periods, vectors, count, columns]; along `count` the second half is minus the first
    (antithetic), and of an odd number one is left out.
    """
    half = generator.standard_normal((periods, vectors, (count + 1) // 2, columns))
    return np.concatenate([half, -half], axis=2)[:, :, :count]


def follow(
    surrogate: Surrogate, parameters: Array, states: Array, shocks: Array, title: str | None = None
) -> Simulation:
    """Paths of m economies for each of w parameter vectors, some hundred thousand periods at a time.

    Parameters
    ----------
    parameters : [w, n_parameters], inside the surrogate's region.
    states : before the first shock, [w, m, n_states].
    shocks : [T, w, m, n_shocks]; w may be 1, for the same shocks under all vectors.
    title : what a progress display says; without one there is none.

    Returns
    -------
    Simulation of arrays [T, w, m, k]; not finite from where an economy explodes.
    """
    shocks = np.broadcast_to(shocks, (len(shocks), len(parameters), *shocks.shape[2:]))
    size = max(1, CELLS_PER_CALL // (shocks.shape[0] * shocks.shape[2]))
    blocks = [slice(first, first + size) for first in range(0, len(parameters), size)]
    parts = []
    for block in blocks if title is None else track(blocks, title):
        moved_by = shocks[:, block]
        lost = np.asarray(~np.isfinite(states[block]).all(axis=2))  # exploded before: these stay not a number
        start = np.where(lost[..., None], 0.0, states[block]).reshape(-1, surrogate.n_states)
        path = surrogate.simulate(
            parameters[block], moved_by.reshape(len(shocks), -1, shocks.shape[3]), start
        )
        arrays = [array.reshape(*moved_by.shape[:3], -1) for array in path]
        for array in arrays:
            array[:, lost] = np.nan
        parts.append(arrays)
    return Simulation(*(np.concatenate(group, axis=1) for group in zip(*parts, strict=True)))


def stable(values: Array) -> NDArray[np.bool_]:
    """Under which parameter vectors no economy explodes [w], given paths [T, w, m, k]."""
    return np.asarray(np.isfinite(values).all(axis=(0, 2, 3)))


def ergodic_states(
    surrogate: Surrogate, parameters: Array, count: int, generator: np.random.Generator, common: bool = True
) -> Array:
    """States [w, count, n_states] from the ergodic distribution under each parameter vector [w, p].

    Where the linear approximation has it, and then 100 quarters of the economy itself; `common` says whether
    all vectors meet the same shocks.
    """
    vectors = 1 if common else len(parameters)
    space = StateSpace(surrogate, surrogate.observable_names)
    linear = at_steady_state(space, parameters.astype(space.dtype), periods=1)
    normals = mirrored_normals(generator, 1, vectors, count, surrogate.n_states)[0]
    start = linear.mean[:, None] + normals @ linear.root.swapaxes(1, 2)
    shocks = mirrored_normals(generator, SETTLING, vectors, count, surrogate.n_shocks)
    return follow(surrogate, parameters, start, shocks, "drawing states").states[-1]


def measurement_sd(results: Results, theta: Array) -> Array:
    """Standard deviations [w, n_observables] of the measurement errors of all of the surrogate's observables
    under draws [w, n_free]; zero where none is estimated with.
    """
    surrogate, measurement = results.posterior.surrogate, results.posterior.measurement
    sd = np.zeros((len(theta), surrogate.n_observables))
    if measurement is not None:
        columns = [surrogate.observable_names.index(name) for name in measurement.observables]
        free = dict(zip(results.posterior.names, theta.T, strict=True))
        sd[:, columns] = measurement.values(free, len(theta))
    return sd


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
    draws = np.flatnonzero(np.isfinite(paths.observables).all(axis=(0, 2, 3)))
    if not len(draws):
        raise BadConfiguration("Under no posterior draw do states reproduce the data; take more particles.")
    return PosteriorPaths(draws, theta[draws], Paths(*(block[:, draws] for block in paths)))
