"""What the particles of a filter have been through."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.filters.proposal import Array, Cloud
from estimation.filters.resampling import normalise

Indices = NDArray[np.intp]


class History(NamedTuple):
    """The particles of w clouds before the first and after each of T periods.

    states, T + 1 of [w, N, n_states]; log_weights, T + 1 of [w, N], given the data so far and nothing later;
    shocks, T of [w, N, n_shocks]; ancestors, T of [w, N], positions among the particles of the period before,
    None where every particle stems from itself; found, bool [w], false for clouds that lost all weight.
    """

    states: list[Array]
    log_weights: list[Array]
    shocks: list[Array]
    ancestors: list[Indices | None]
    found: NDArray[np.bool_]

    def parents(self, period: int, chosen: Indices) -> Indices:
        """Positions [w, m] before a period of the particles `chosen` [w, m] after it."""
        ancestors = self.ancestors[period]
        return chosen if ancestors is None else np.take_along_axis(ancestors, chosen, axis=1)


def recorded(steps: Iterable[tuple[Cloud, Array]]) -> History:
    """Keep what a filter yields: the cloud at the start and after every period, with its increments [w]."""
    states, log_weights, ancestors = [], [], []
    shocks: list[Array] = []
    total: Array = np.zeros(1)
    for cloud, increment in steps:
        states.append(cloud.states)
        log_weights.append(cloud.log_weights - cloud.outlook)
        if cloud.shocks is not None:
            shocks.append(cloud.shocks)
        ancestors.append(cloud.ancestors)
        total = total + increment
    n_particles = states[0].shape[1]
    inside = [None if rows is None else rows.reshape(-1, n_particles) % n_particles for rows in ancestors]
    return History(states, log_weights, shocks, inside[1:], np.asarray(np.isfinite(total)))


def picked(log_weights: Array, points: Array) -> Indices:
    """Positions [w, m] among N particles with log weights [w, N], one for each of the uniforms `points`."""
    cumulated = np.cumsum(normalise(log_weights)[1], axis=1)
    cumulated /= cumulated[:, -1:]
    rows = zip(cumulated, points, strict=True)
    return np.stack([np.searchsorted(row, at, side="right") for row, at in rows])


def evenly_picked(log_weights: Array, count: int, generator: np.random.Generator) -> Indices:
    """The same by `count` uniforms at equal distances, in random order."""
    offsets = generator.random((len(log_weights), 1))
    points = (np.arange(count) + offsets) / count
    return picked(log_weights, generator.permuted(points, axis=1))


def take(values: Array, chosen: Indices) -> Array:
    """Rows `chosen` [w, m] of [w, N, k]: [w, m, k]."""
    return np.take_along_axis(values, chosen[..., None], axis=1)
