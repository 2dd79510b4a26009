"""Clouds of particles: what they carry and have been through, their random numbers, weights and resampling,
for w clouds of N particles at once.

Kitagawa (1996) for systematic resampling; Chopin and Papaspiliopoulos (2020), chapter 9.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .state_space import stacked

Array = NDArray[np.floating]
LogWeights = Array | float
Indices = NDArray[np.intp]


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


def rows_of(values: Array, ancestors: NDArray[np.intp]) -> Array:
    """The rows `ancestors` [w * N] of the stacked clouds [w, N, k], as [w, N, k]."""
    return np.take(stacked(values), ancestors, axis=0).reshape(values.shape)


class Draws:
    """Standard normals for w clouds of N particles, and offsets for their resampling.

    Parameters
    ----------
    generator : source of randomness; its state moves on.
    n_vectors, n_particles : w and N.
    dtype : number type of the normals.
    common : whether all clouds share their numbers, so that a cloud's do not depend on the others.
    """

    def __init__(
        self, generator: np.random.Generator, n_vectors: int, n_particles: int, dtype: np.dtype, common: bool
    ) -> None:
        self.n_vectors, self.n_particles = n_vectors, n_particles
        self._generator, self._common = generator, common
        self._dtype = np.float32 if dtype == np.float32 else np.float64

    def normals(self, n_columns: int) -> NDArray[np.floating]:
        """Independent standard normals [w, N, n_columns]."""
        return self._normals(self.n_particles, n_columns)

    def mirrored_normals(self, n_columns: int) -> NDArray[np.floating]:
        """Standard normals [w, N, n_columns] whose neighbours are each other's negatives.

        Every particle's draw is standard normal, which is all that an unbiased likelihood needs.
        Resampling leaves relatives side by side, so that odd errors cancel between them.
        """
        half = self._normals((self.n_particles + 1) // 2, n_columns)
        pairs = np.stack([half, -half], axis=2)
        return pairs.reshape(self.n_vectors, -1, n_columns)[:, : self.n_particles]

    def uniforms(self) -> NDArray[np.float64]:
        """Uniforms on [0, 1), [w, N]."""
        vectors = 1 if self._common else self.n_vectors
        values = self._generator.random((vectors, self.n_particles))
        return np.broadcast_to(values, (self.n_vectors, self.n_particles))

    def offsets(self) -> NDArray[np.float64]:
        """Uniforms on [0, 1), [w]."""
        return np.broadcast_to(self._generator.random(1 if self._common else self.n_vectors), self.n_vectors)

    def branch(self, n_particles: int) -> "Draws":
        """Other random numbers for clouds of another size; these here move on by one number alone."""
        generator = np.random.Generator(np.random.SFC64(self._generator.integers(2**63)))
        return Draws(generator, self.n_vectors, n_particles, np.dtype(self._dtype), self._common)

    def _normals(self, n_rows: int, n_columns: int) -> NDArray[np.floating]:
        vectors = 1 if self._common else self.n_vectors
        values = self._generator.standard_normal((vectors, n_rows, n_columns), dtype=self._dtype)
        return np.broadcast_to(values, (self.n_vectors, n_rows, n_columns))


def normalise(log_weights: Array) -> tuple[Array, Array]:
    """Log of the summed weights [w] and the normalised weights [w, N].

    Log-sum-exp keeps weights that underflow. A log weight that is not a number, from a particle that
    exploded, counts as minus infinity; a cloud that has no weight at all has the log sum minus infinity
    and equal weights.
    """
    largest = log_weights.max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        log_weights = np.where(log_weights < np.inf, log_weights, -np.inf)
        largest = np.maximum(log_weights.max(axis=1, keepdims=True), np.finfo(float).min)
    weights = np.exp(log_weights - largest)
    total = weights.sum(axis=1, keepdims=True)
    log_sum = largest + np.log(total)
    if not total.all():
        weights, total = np.where(total > 0, weights, 1.0), np.where(total > 0, total, weights.shape[1])
    return log_sum[:, 0], weights / total


def effective_sample_size(weights: Array) -> Array:
    """Number of equally weighted particles worth as much, [w], from normalised weights [w, N]."""
    return 1.0 / np.einsum("wn,wn->w", weights, weights)


def systematic(weights: Array, offsets: Array) -> NDArray[np.intp]:
    """Ancestors [w * N] as rows of the stacked clouds, in ascending order.

    Parameters
    ----------
    weights : [w, N], normalised.
    offsets : [w], uniform on [0, 1); one for each cloud makes every particle's expected number of children
        exactly N times its weight.
    """
    n_particles = weights.shape[1]
    cumulated = np.cumsum(weights, axis=1)
    cumulated *= n_particles / cumulated[:, -1:]
    children_up_to = np.ceil(cumulated - offsets[:, None]).astype(np.intp)
    np.minimum(children_up_to, n_particles, out=children_up_to)
    children_up_to[:, -1] = n_particles
    children = np.diff(children_up_to, axis=1, prepend=0)
    return np.repeat(np.arange(weights.size), children.ravel())


class History(NamedTuple):
    """The particles of w clouds before the first and after each of T periods.

    states, T + 1 of [w, N, n_states]; log_weights, T + 1 of [w, N], given the data so far and nothing later;
    shocks, T of [w, N, n_shocks]; ancestors, T of [w, N], positions among the particles of the period before,
    None where every particle stems from itself; survived, bool [w], false for clouds that lost all weight.
    """

    states: list[Array]
    log_weights: list[Array]
    shocks: list[Array]
    ancestors: list[Indices | None]
    survived: NDArray[np.bool_]

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
