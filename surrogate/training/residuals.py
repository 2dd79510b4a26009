"""The one thing that training sees: residuals of (network, batch), to be driven to zero."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import Tensor

from surrogate.models.interface import Model, Named, Values, pack, unpack
from surrogate.policy import PolicyNetwork

Policy = Callable[[Tensor, Tensor], Tensor]
"""Controls [..., n_controls] at states [..., n_states] and parameters [..., n_parameters]."""


class LookAhead(NamedTuple):
    """Today by name with a dimension more, [..., 1], and what is inside the expectation at `nodes` of
    tomorrow's shocks, [..., q] (a group has its own dimension last).
    """

    s: Named
    x: Named
    p: Named
    inside: Values
    leading: int
    """Dimensions of a scalar inside the expectation, the nodes last."""

    def expected(self, weights: Tensor) -> Named:
        """Averages [..., 1] with `weights` [q]."""
        return SimpleNamespace(**{n: _mean(g, weights, self.leading) for n, g in self.inside.items()})


def euler_residuals(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: Tensor, weights: Tensor
) -> Tensor:
    """Residuals of every equilibrium condition in every regime, the expectation by quadrature.

    Args:
        states: [..., n_states], natural units.
        parameters: [..., n_parameters].
        nodes, weights: the quadrature rule, [q, n_shocks] and [q].

    Returns:
        [..., n_equations]; with regimes as many for each that is not in closed form, weighted by how close
        it is to applying.
    """

    def residuals(today: Model, x: Tensor) -> Tensor:
        return regime_residuals(policy, today, states, x, parameters, nodes, weights)

    return in_each_regime(policy, states, parameters, residuals)


def in_each_regime(
    policy: PolicyNetwork,
    states: Tensor,
    parameters: Tensor,
    residuals: Callable[[Model, Tensor], Tensor],
) -> Tensor:
    """`residuals(today, controls)` [..., m] of the economy, or side by side of its regimes told apart, each
    weighted by how close it is to applying.
    """
    model = policy.model
    s, p = unpack(states, model.states), model.name_parameters(parameters)
    candidates = policy.candidates(s, p)
    if not model.regimes:
        return residuals(model, candidates[0])
    slack = policy.slack(s, p, candidates[0]).detach()
    parts = [
        residuals(model.given(regime), x) * _relevance(distance)
        for regime, x, distance in zip(model.regimes, candidates, (-slack, slack), strict=True)
        if regime not in model.closed_form
    ]
    return torch.cat(parts, dim=-1)


def _relevance(distance: Tensor) -> Tensor:
    """Weight [..., 1] of a regime: one where it applies, less and less with the distance from there."""
    return 1 / (1 + torch.relu(distance)[..., None] ** 2)


def equilibrium_residuals(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: Tensor, weights: Tensor
) -> Tensor:
    """Residuals [..., n_equations] of the economy itself, each state in the regime that the policy puts it
    in.
    """
    return regime_residuals(
        policy, policy.model, states, policy(states, parameters), parameters, nodes, weights
    )


def regime_residuals(
    policy: PolicyNetwork,
    today: Model,
    states: Tensor,
    x: Tensor,
    parameters: Tensor,
    nodes: Tensor,
    weights: Tensor,
) -> Tensor:
    """Residuals [..., n_equations] of `today`'s equations at the controls `x` [..., n_controls]."""
    ahead = look_ahead(policy, today, states, x, parameters, nodes)
    found = today.conditions(ahead.s, ahead.x, ahead.expected(weights), ahead.p)
    return pack(found, today.equations).squeeze(-2)


def look_ahead(
    policy: Policy, today: Model, states: Tensor, x: Tensor, parameters: Tensor, nodes: Tensor
) -> LookAhead:
    """What is inside `today`'s expectation at the controls `x` [..., n_controls] and at `nodes` of tomorrow's
    shocks, [q, n_shocks] or [..., q, n_shocks].

    Tomorrow the economy itself decides which regime it is in.
    """
    rows = parameters.unsqueeze(-2)  # a dimension for tomorrow's nodes
    s, here, p = (
        unpack(states.unsqueeze(-2), today.states),
        unpack(x.unsqueeze(-2), today.controls),
        today.name_parameters(rows),
    )
    next_states = pack(today.transition(s, here, unpack(nodes, today.shocks), p), today.states)
    s_next = unpack(next_states, today.states)
    x_next = unpack(policy(next_states, rows), today.controls)
    inside = today.expectation(s, here, s_next, x_next, p)
    return LookAhead(s, here, p, inside, next_states.dim() - 1)


def _mean(g: Tensor, weights: Tensor, leading: int) -> Tensor:
    """Average over the quadrature dimension, the last of `leading` ones and kept; a group has one more."""
    return (g * (weights if g.dim() == leading else weights[:, None])).sum(leading - 1, keepdim=True)
