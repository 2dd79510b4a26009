"""The accuracy part of a card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from surrogate.accuracy.euler import (
    accepted_parameters,
    constrained_states,
    ergodic_states,
    euler_errors,
    in_closed_form,
    summary,
)
from surrogate.accuracy.region import find_region
from surrogate.card import expanded_names
from surrogate.policy import PolicyNetwork
from surrogate.region import Region
from surrogate.training.sampling import draw_states
from surrogate.training.stability import share_that_runs_away

POINTS = 10_000
VECTORS = 5_000
SIMULATED = 1_000
WORST = 5
LAW = "parameters uniform; states uniform on their box, or drawn from the ergodic set"
CLOSED_FORM = "; without those whose answer is a closed form"
SEED = 20_210_101
"""Of the test points: far from any training seed, so parameters and states are held out."""


@dataclass(frozen=True)
class Certificate:
    """What was found: the figures for the card and the region they hold in (None for the whole box)."""

    accuracy: dict[str, Any]
    region: Region | None


def certify(
    policy: PolicyNetwork, nodes: int | tuple[int, ...], points: int = POINTS, vectors: int = VECTORS
) -> Certificate:
    """Euler errors of a policy at held-out points, with `nodes` points in each shock.

    First the region is found on which an equilibrium exists and the policy follows it; then errors are
    summarised there, for states uniform on their box and for states of the ergodic set, one for each of
    `points` parameter vectors; some of these economies are followed for a long time to see how many run away.
    """
    generator = torch.Generator().manual_seed(SEED)
    region = find_region(policy, nodes, vectors, generator)

    def accept(parameters: Tensor) -> Tensor:
        if region is None:
            return torch.ones(len(parameters), dtype=torch.bool)
        return torch.from_numpy(region.contains(parameters.numpy()))

    parameters = accepted_parameters(policy.model, points, generator, accept)
    accuracy, errors = _laws(policy, parameters, nodes, generator)
    accuracy["worst"] = _worst(policy, parameters, errors)
    accuracy["share_of_box"] = 1.0
    if region is not None:
        everywhere = accepted_parameters(
            policy.model, points, generator, lambda p: torch.ones(len(p), dtype=torch.bool)
        )
        accuracy["share_of_box"] = float(accept(everywhere).double().mean())
        whole, _ = _laws(policy, everywhere, nodes, generator)
        accuracy["whole_box"] = {"box": whole["box"], "ergodic": whole["ergodic"]}
    few = parameters[:SIMULATED]
    accuracy["run_away"] = share_that_runs_away(
        policy, draw_states(policy.model, few, generator), few, generator
    )
    return Certificate(accuracy, region)


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
    figures = {
        **{law: summary(errors[law][~closed[law]], equations) for law in states},
        "test_points": len(parameters),
        "law": LAW + (CLOSED_FORM if policy.model.closed_form else ""),
        "quadrature": nodes if isinstance(nodes, int) else list(nodes),
    }
    bound = constrained_states(policy, parameters, generator)
    if len(bound[0]):
        figures["constrained"] = summary(euler_errors(policy, *bound, nodes), equations)
    if policy.model.closed_form:
        figures["closed_form"] = {law: float(each.double().mean()) for law, each in closed.items()}
    return figures, torch.maximum(errors["box"].amax(-1), errors["ergodic"].amax(-1))


def _worst(policy: PolicyNetwork, parameters: Tensor, errors: Tensor) -> list[dict[str, Any]]:
    """Parameter vectors with the largest errors [n], by name."""
    names = [each.name for each in policy.model.parameters]
    top = errors.topk(min(WORST, len(errors))).indices
    return [
        {"log10_error": float(errors[i]), "parameters": dict(zip(names, parameters[i].tolist(), strict=True))}
        for i in top
    ]
