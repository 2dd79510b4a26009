"""Where in the box the certificate holds.

A box is a claim that an equilibrium exists everywhere in it. Two witnesses say of a parameter vector that it
does not: Euler errors that stay large however long one trains, and, for economies that have one, a theorem
or a classical method that finds no solution. A quadratic surface between the vectors where one of them
objects and the others says where in the box that is; the theorem's own, if the network errs hardly anywhere
inside.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from surrogate.accuracy.euler import ergodic_states, euler_errors
from surrogate.policy import PolicyNetwork
from surrogate.region import Region
from surrogate.training import existence
from surrogate.training.sampling import draw_corners, draw_parameters, draw_states
from surrogate.training.stability import run_away
from surrogate.training.surface import Surface, largest_level

FAILURE = -3.0
"""A parameter vector fails where the worst of its Euler errors, on a few states, is above 10 to this."""
TOLERATED = 0.02
"""Share of failing vectors that the region may still contain; a box with fewer failures is certified whole.
Vectors without an equilibrium must be fewer: see `surrogate.training.existence`.
"""
MORE = 2
"""So many times the vectors are tried as well where the region has to be found."""
CORNERS = 4
"""Corners that are tried, at most, for each vector."""
LOST = 0.0
"""log10 of an Euler error from which there is no policy, as of one that is no number."""
STATES = 8
"""States at which each vector is tried, half on its box and half on its ergodic set."""
UNSTABLE = 0.002
"""Share of vectors that may run away in simulation."""
_WITNESSED = f" or no equilibrium that is known, these {existence.TOLERATED:.1%} at most"


def find_region(
    policy: PolicyNetwork, nodes: int | tuple[int, ...], vectors: int, generator: torch.Generator
) -> Region | None:
    """The part of the box where the policy solves the economy; None if that is all of it.

    Where a theorem says that an equilibrium exists, if the policy follows it there: no more than `TOLERATED`
    of `vectors` fail. Otherwise the surface is the log odds that a vector fails, and the region the largest
    of its level sets in which no more than `TOLERATED` fail, no more than `UNSTABLE` run away in simulation,
    and no more than `existence.TOLERATED` have no equilibrium. Draws hardly ever come near the corners of a
    box with many dimensions, where economies are at their worst: those at which everything is lost are told
    to the surface, and none of them is inside.
    """
    model = policy.model
    tried = _Tried.at(policy, draw_parameters(model, vectors, generator), nodes, generator)
    told = f"at most {TOLERATED:.1%} of the vectors inside have an Euler error above 10^{FAILURE:g}"
    proven = existence.proven_region(model)
    if proven is not None and tried.empty.any() and tried.failed[~tried.empty].mean() <= TOLERATED:
        return replace(proven, description=f"{proven.description}; {told}")
    if _tolerable(tried):
        return None
    more = draw_parameters(model, MORE * vectors, generator)
    tried = tried.joined(_Tried.at(policy, more, nodes, generator))
    lost = _lost_corners(policy, nodes, CORNERS * vectors, generator)
    surface = Surface.between(
        model.parameters,
        np.concatenate([tried.theta, lost]),
        np.concatenate([tried.failed, np.ones(len(lost), bool)]),
    )
    predicted = surface.predict(tried.theta)
    level = min(
        largest_level(predicted, tried.failed, TOLERATED),
        largest_level(predicted, tried.unstable, UNSTABLE),
        largest_level(predicted, tried.empty, existence.TOLERATED),
        *np.nextafter(surface.predict(lost), -np.inf),
    )
    return surface.below(level, told + (_WITNESSED if tried.empty.any() else ""))


class _Tried(NamedTuple):
    """Parameter vectors [n, n_parameters], and which of them have no equilibrium, run away in simulation, or
    fail for these or other reasons, each [n].
    """

    theta: NDArray[np.float64]
    empty: NDArray[np.bool_]
    unstable: NDArray[np.bool_]
    failed: NDArray[np.bool_]

    @classmethod
    def at(
        cls,
        policy: PolicyNetwork,
        parameters: torch.Tensor,
        nodes: int | tuple[int, ...],
        generator: torch.Generator,
    ) -> _Tried:
        """Try the policy at each row of `parameters`."""
        theta, states = parameters.numpy(), draw_states(policy.model, parameters, generator)
        empty = ~existence.has_equilibrium(policy.model, theta)
        unstable = run_away(policy, states, parameters, generator).numpy()
        failed = empty | unstable | (worst_errors(policy, parameters, nodes, generator) > FAILURE)
        return cls(theta, empty, unstable, failed)

    def joined(self, other: _Tried) -> _Tried:
        """The vectors of both."""
        return _Tried(
            np.concatenate([self.theta, other.theta]),
            np.concatenate([self.empty, other.empty]),
            np.concatenate([self.unstable, other.unstable]),
            np.concatenate([self.failed, other.failed]),
        )


def _tolerable(tried: _Tried) -> bool:
    """Whether so few vectors fail that the box is certified whole."""
    return (
        tried.failed.mean() <= TOLERATED
        and tried.unstable.mean() <= UNSTABLE
        and tried.empty.mean() <= existence.TOLERATED
    )


def _lost_corners(
    policy: PolicyNetwork, nodes: int | tuple[int, ...], count: int, generator: torch.Generator
) -> NDArray[np.float64]:
    """Those of up to `count` corners of the box [n, n_parameters] at which there is no policy."""
    corners = draw_corners(policy.model, count, generator)
    return corners.numpy()[worst_errors(policy, corners, nodes, generator) >= LOST]


def worst_errors(
    policy: PolicyNetwork, parameters: torch.Tensor, nodes: int | tuple[int, ...], generator: torch.Generator
) -> NDArray[np.float64]:
    """Largest log10 Euler error [n] over a few states of each row of `parameters` [n, n_parameters]."""
    rows = parameters.repeat_interleave(STATES // 2, dim=0)
    box = draw_states(policy.model, rows, generator)
    ergodic = ergodic_states(policy, rows, generator)
    errors = [euler_errors(policy, states, rows, nodes).amax(-1) for states in (box, ergodic)]
    return torch.stack(errors, dim=-1).reshape(len(parameters), -1).amax(-1).numpy()
