"""Where in the box the certificate holds.

A box is a claim that an equilibrium exists everywhere in it. Where none exists, or where the network cannot
follow it, Euler errors stay large however long one trains. A quadratic surface through the log errors of
many parameter vectors says where that is.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from surrogate.accuracy.euler import ergodic_states, euler_errors
from surrogate.policy import PolicyNetwork
from surrogate.region import Region
from surrogate.training.sampling import draw_parameters, draw_states
from surrogate.training.surface import Surface

FAILURE = -3.0
"""A parameter vector fails where the worst of its Euler errors, on a few states, is above 10 to this."""
TOLERATED = 0.02
"""Share of failing vectors that the region may still contain; a box with fewer failures is certified whole.
"""
STATES = 8
"""States at which each vector is tried, half on its box and half on its ergodic set."""


def find_region(
    policy: PolicyNetwork, nodes: int | tuple[int, ...], vectors: int, generator: torch.Generator
) -> Region | None:
    """The part of the box where the policy solves the economy; None if that is all of it.

    The surface is fitted by least squares to the worst log10 error of each of `vectors` parameter vectors.
    The region is the largest of its level sets in which no more than `TOLERATED` of the vectors fail.
    """
    model = policy.model
    parameters = draw_parameters(model, vectors, generator)
    errors = worst_errors(policy, parameters, nodes, generator)
    if np.mean(errors > FAILURE) <= TOLERATED:
        return None
    surface = Surface.fit(model.parameters, parameters.numpy(), errors)
    level = _largest_level(surface.predict(parameters.numpy()), errors)
    told = f"at most {TOLERATED:.1%} of the vectors inside have an Euler error above 10^{FAILURE:g}"
    return surface.below(level, f"{told} (predicted error below 10^{level:.2f})")


def worst_errors(
    policy: PolicyNetwork, parameters: torch.Tensor, nodes: int | tuple[int, ...], generator: torch.Generator
) -> NDArray[np.float64]:
    """Largest log10 Euler error [n] over a few states of each row of `parameters` [n, n_parameters]."""
    rows = parameters.repeat_interleave(STATES // 2, dim=0)
    box = draw_states(policy.model, rows, generator)
    ergodic = ergodic_states(policy, rows, generator)
    errors = [euler_errors(policy, states, rows, nodes).amax(-1) for states in (box, ergodic)]
    return torch.stack(errors, dim=-1).reshape(len(parameters), -1).amax(-1).numpy()


def _largest_level(predicted: NDArray[np.floating], errors: NDArray[np.float64]) -> float:
    order = np.argsort(predicted)
    failing = np.cumsum(errors[order] > FAILURE) / np.arange(1, len(order) + 1)
    allowed = np.flatnonzero(failing <= TOLERATED)
    return float(predicted[order][allowed[-1]]) if len(allowed) else float(predicted.min())
