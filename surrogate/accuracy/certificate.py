"""The accuracy part of a card, and the part of the box in which it holds.

A box is a claim that an equilibrium exists everywhere in it. Two witnesses say of a parameter vector that it
does not: Euler errors that stay large however long one trains, and, for economies that have one, a theorem
or a classical method that finds no solution. A quadratic surface between the vectors where one of them
objects and the others says where in the box that is; the theorem's own, if the network errs hardly anywhere
inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..artifact.card import expanded_names
from ..artifact.region import Region
from ..policy import PolicyNetwork
from ..training import existence
from ..training.at_rest import beside_reference
from ..training.existence import Surface, largest_level
from ..training.sampling import (
    draw_corners,
    draw_parameters,
    draw_states,
    run_away,
    share_that_runs_away,
)
from .errors import (
    accepted_parameters,
    constrained_states,
    ergodic_states,
    euler_errors,
    in_closed_form,
    inside,
    summary,
)

POINTS = 10_000
VECTORS, FEWER_VECTORS = 5_000, 100
"""In search of the region; fewer say less about the corners of the box."""
SIMULATED = 1_000
WORST = 5
AT_REST = 11
"""Calibrations, beside the default, at which an economy in continuous time is held against finite differences
where it rests.
"""
LAW = "parameters uniform; states uniform on their box, or drawn from the ergodic set"
LAW_OF_DISTRIBUTIONS = "parameters uniform; near the state at rest, or the ergodic set"
CLOSED_FORM = "; without those whose answer is a closed form"
SEED = 20_210_101
"""Of the test points: far from any training seed, so parameters and states are held out."""

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


@dataclass(frozen=True)
class Certificate:
    """What was found: the figures for the card and the region they hold in (None for the whole box)."""

    accuracy: dict[str, Any]
    region: Region | None


def certify(
    policy: PolicyNetwork,
    nodes: int | tuple[int, ...],
    points: int | None = None,
    vectors: int | None = None,
) -> Certificate:
    """Euler errors of a policy at held-out points, with `nodes` points in each shock.

    First the region is found on which an equilibrium exists and the policy follows it; then errors are
    summarised there, for states uniform on their box and for states of the ergodic set, one for each of
    `points` parameter vectors; some of these economies are followed for a long time to see how many run away.
    By default `POINTS` and `VECTORS`, and fewer where an economy takes long.
    """
    cost = policy.model.evaluation_cost
    points = points or POINTS // cost
    vectors = vectors or (VECTORS if cost == 1 else FEWER_VECTORS)
    generator = torch.Generator().manual_seed(SEED)
    region = find_region(policy, nodes, vectors, generator)
    parameters = accepted_parameters(policy.model, points, generator, partial(inside, region))
    accuracy, errors = _laws(policy, parameters, nodes, generator)
    names = [each.name for each in policy.model.parameters]
    accuracy["worst"] = [
        {"log10_error": float(errors[i]), "parameters": dict(zip(names, parameters[i].tolist(), strict=True))}
        for i in errors.topk(min(WORST, len(errors))).indices
    ]
    accuracy["share_of_box"] = 1.0
    if region is not None:
        everywhere = accepted_parameters(policy.model, points, generator, partial(inside, None))
        accuracy["share_of_box"] = float(inside(region, everywhere).double().mean())
        whole, _ = _laws(policy, everywhere, nodes, generator)
        accuracy["whole_box"] = {"box": whole["box"], "ergodic": whole["ergodic"]}
    few = parameters[:SIMULATED]
    accuracy["run_away"] = share_that_runs_away(
        policy, draw_states(policy.model, few, generator), few, generator
    )
    if policy.model.in_continuous_time:
        default = policy.model.default_parameters()[None]
        accuracy["at_rest"] = beside_reference(policy, torch.cat([default, parameters[:AT_REST]]))
    return Certificate(accuracy, region)


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
    claim = f"at most {TOLERATED:.1%} of the vectors inside have an Euler error above 10^{FAILURE:g}"
    proven = existence.proven_region(model)
    if proven is not None and tried.empty.any() and tried.failed[~tried.empty].mean() <= TOLERATED:
        return replace(proven, description=f"{proven.description}; {claim}")
    if (
        tried.failed.mean() <= TOLERATED
        and tried.unstable.mean() <= UNSTABLE
        and tried.empty.mean() <= existence.TOLERATED
    ):
        return None
    more = draw_parameters(model, MORE * vectors, generator)
    tried = tried.joined(_Tried.at(policy, more, nodes, generator))
    corners = draw_corners(model, CORNERS * vectors, generator)
    lost = corners.numpy()[worst_errors(policy, corners, nodes, generator) >= LOST]
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
    return surface.below(level, claim + (_WITNESSED if tried.empty.any() else ""))


def worst_errors(
    policy: PolicyNetwork, parameters: torch.Tensor, nodes: int | tuple[int, ...], generator: torch.Generator
) -> NDArray[np.float64]:
    """Largest log10 Euler error [n] over a few states of each row of `parameters` [n, n_parameters]."""
    rows = parameters.repeat_interleave(STATES // 2, dim=0)
    box = draw_states(policy.model, rows, generator)
    ergodic = ergodic_states(policy, rows, generator)
    errors = [euler_errors(policy, states, rows, nodes).amax(-1) for states in (box, ergodic)]
    return torch.stack(errors, dim=-1).reshape(len(parameters), -1).amax(-1).numpy()


def _laws(
    policy: PolicyNetwork, parameters: Tensor, nodes: int | tuple[int, ...], generator: torch.Generator
) -> tuple[dict[str, Any], Tensor]:
    """Summaries on the state box and on the ergodic set, and the larger error [n] of the two at each
    parameter vector.
    """
    equations = list(expanded_names(policy.model.equations))
    states = {
        "box": draw_states(policy.model, parameters, generator),
        "ergodic": ergodic_states(policy, parameters, generator),
    }
    errors = {law: euler_errors(policy, at, parameters, nodes) for law, at in states.items()}
    closed = {law: in_closed_form(policy, at, parameters) for law, at in states.items()}
    has_closed_form = any(constraint.closed_form for constraint in policy.model.constraints)
    figures = {
        **{law: summary(errors[law][~closed[law]], equations) for law in states},
        "test_points": len(parameters),
        "law": (LAW if policy.model.evaluation_cost == 1 else LAW_OF_DISTRIBUTIONS)
        + (CLOSED_FORM if has_closed_form else ""),
        "quadrature": nodes if isinstance(nodes, int) else list(nodes),
    }
    bound = constrained_states(policy, parameters, generator)
    if len(bound[0]):
        figures["constrained"] = summary(euler_errors(policy, *bound, nodes), equations)
    if has_closed_form:
        figures["closed_form"] = {law: float(each.double().mean()) for law, each in closed.items()}
    return figures, torch.maximum(errors["box"].amax(-1), errors["ergodic"].amax(-1))


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
