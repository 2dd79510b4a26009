"""Where the particles of a filter start and move, and what they carry."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from estimation.filters.resampling import systematic

Array = NDArray[np.floating]
LogWeights = Array | float


class Normals(Protocol):
    """Standard normals [w, N, n_columns] for w clouds of N particles."""

    def normals(self, n_columns: int) -> Array:
        """Independent ones."""
        ...

    def mirrored_normals(self, n_columns: int) -> Array:
        """Neighbours are each other's negatives."""
        ...


class Proposal(Protocol):
    """Where particles start and move; w clouds of N particles."""

    def start(self, draws: Normals) -> tuple[Array, LogWeights]:
        """States [w, N, n_states] before the first period, and their log ratios of target to proposal."""
        ...

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """Shocks [w, N, n_shocks] that move `states`, and their log ratios of target to proposal."""
        ...

    def outlook(self, period: int, states: Array) -> LogWeights:
        """Log weights [w, N] that states after `period` periods carry for the sample still to come."""
        ...


@dataclass
class Cloud:
    """Particles of w parameter vectors.

    states [w, N, n_states], controls [w, N, n_controls]; log_weights [w, N] are normalised and contain the
    outlook; weights are their exponentials; shocks [w, N, n_shocks] have moved the particles last;
    ancestors [w * N] are the rows of the stacked clouds from which the particles stem since the period
    before, None where every particle stems from itself.
    """

    states: Array
    controls: Array
    log_weights: Array
    weights: Array
    outlook: LogWeights
    shocks: Array | None = None
    ancestors: NDArray[np.intp] | None = None

    def resample(self, collapsed: NDArray[np.bool_], offsets: Array) -> None:
        """Draw ancestors in the clouds marked in `collapsed` [w]; the others stay as they are."""
        n_vectors, n_particles = self.weights.shape
        weights = np.where(collapsed[:, None], self.weights, 1.0 / n_particles)
        self.ancestors = systematic(weights, np.where(collapsed, offsets, 0.5))
        self.states = rows_of(self.states, self.ancestors)
        self.controls = rows_of(self.controls, self.ancestors)
        if isinstance(self.outlook, np.ndarray):
            self.outlook = np.take(self.outlook, self.ancestors).reshape(n_vectors, n_particles)
        self.log_weights = np.where(collapsed[:, None], -np.log(n_particles), self.log_weights)


def sum_of_squares(values: Array) -> Array:
    """Over the last axis of [w, N, k]: [w, N]. A product with ones is several times faster than a short
    sum.
    """
    return np.square(values) @ np.ones(values.shape[-1], dtype=values.dtype)


def stacked(values: Array) -> Array:
    """[w, N, k] -> [w * N, k]."""
    return values.reshape(-1, values.shape[-1])


def rows_of(values: Array, ancestors: NDArray[np.intp]) -> Array:
    """The rows `ancestors` [w * N] of the stacked clouds [w, N, k], as [w, N, k]."""
    return np.take(stacked(values), ancestors, axis=0).reshape(values.shape)
