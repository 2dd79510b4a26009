"""Weights of particles and systematic resampling, for w clouds of N particles at once.

Kitagawa (1996) for systematic resampling; Chopin and Papaspiliopoulos (2020), chapter 9.
"""

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.floating]


def normalise(log_weights: Weights) -> tuple[Weights, Weights]:
    """Log of the summed weights [w] and the normalised weights [w, N].

    Log-sum-exp keeps weights that underflow; a cloud without any weight, or with one that is not a number,
    has the log sum minus infinity and equal weights.
    """
    largest = log_weights.max(axis=1, keepdims=True)
    dead = ~np.isfinite(largest)
    if dead.any():
        log_weights = np.where(dead, 0.0, log_weights)
        largest = np.where(dead, 0.0, largest)
    weights = np.exp(log_weights - largest)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    log_sum = np.where(dead, -np.inf, largest + np.log(total))
    return log_sum[:, 0], weights


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
