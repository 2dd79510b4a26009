"""Weights of particles and systematic resampling, for w clouds of N particles at once.

Kitagawa (1996) for systematic resampling; Chopin and Papaspiliopoulos (2020), chapter 9.
"""

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.floating]


def normalise(log_weights: Weights) -> tuple[Weights, Weights]:
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


def effective_sample_size(weights: Weights) -> Weights:
    """Number of equally weighted particles worth as much, [w], from normalised weights [w, N]."""
    return 1.0 / np.einsum("wn,wn->w", weights, weights)


def systematic(weights: Weights, offsets: Weights) -> NDArray[np.intp]:
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
