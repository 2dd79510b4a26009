"""The one thing that training sees: residuals of (network, batch), to be driven to zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import Tensor

from ..models.interface import Model, Named, Parameters, Period, Regime, Values, pack
from ..policy import PolicyNetwork

Policy = Callable[[Tensor, Parameters], Tensor]
"""Controls [..., n_controls] at states [..., n_states] and parameters by name [...]."""


class LookAhead(NamedTuple):
    """Today by name with a dimension more, [..., 1], and what is inside the expectation at `nodes` of
    tomorrow's shocks, [..., q] (a group has its own dimension last).
    """

    now: Period
    p: Parameters
    inside: Values
    leading: int
    """Dimensions of a scalar inside the expectation, the nodes last."""
    weights: Tensor
    """Of the nodes, [q] or [..., q]."""

    @property
    def expected(self) -> Named:
        """Averages [..., 1] over the nodes."""
        return SimpleNamespace(**{n: _mean(g, self.weights, self.leading) for n, g in self.inside.items()})


def euler_residuals(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: Tensor, weights: Tensor
) -> Tensor:
    """Residuals of every equilibrium condition in every regime, the expectation by quadrature.

    Args:
        states: [..., n_states], natural units.
        parameters: [..., n_parameters].
        nodes, weights: the quadrature rule, [q, n_shocks] and [q].

    Returns:
        [..., n_equations]; with constraints as many for each regime that is not in closed form, weighted by
        how close it is to applying.
    """

    p = policy.model.name_parameters(parameters.unsqueeze(-2))  # a dimension for tomorrow's nodes

    def residuals(today: Model, x: Tensor) -> Tensor:
        return regime_residuals(policy, today, states, x, p, nodes, weights)

    return in_each_regime(policy, states, p, residuals)


def in_each_regime(
    policy: PolicyNetwork,
    states: Tensor,
    p: Parameters,
    residuals: Callable[[Model, Tensor], Tensor],
) -> Tensor:
    """`residuals(today, controls)` [..., m] of the economy, or side by side of its regimes told apart, each
    weighted by how close it is to applying; parameters [..., 1] have a dimension for tomorrow's nodes.
    """
    model = policy.model
    candidates = policy.candidates(states.unsqueeze(-2), p)
    weights = _relevance(policy, states, p, candidates)
    parts = [
        residuals(model.given(regime), x.squeeze(-2)) * weights[regime]
        for regime, x in candidates.items()
        if not model.in_closed_form(regime)
    ]
    return torch.cat(parts, dim=-1)


@torch.no_grad()
def _relevance(
    policy: PolicyNetwork, states: Tensor, p: Parameters, candidates: Mapping[Regime, Tensor]
) -> dict[Regime, Tensor | float]:
    """Weight [..., 1] of each regime: one where it applies, less and less with the distance from there of
    each constraint, judged where that one is lifted.
    """
    here = states.unsqueeze(-2)
    slack = {regime: policy.slack(here, p, x, regime) for regime, x in candidates.items() if not all(regime)}
    weights: dict[Regime, Tensor | float] = dict.fromkeys(candidates, 1.0)
    for regime in candidates:
        for i, binds in enumerate(regime):
            room = slack[(*regime[:i], False, *regime[i + 1 :])][..., i]
            distance = torch.relu(room if binds else -room)
            weights[regime] = weights[regime] / (1 + distance**2)
    return weights


def equilibrium_residuals(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: Tensor, weights: Tensor
) -> Tensor:
    """Residuals [..., n_equations] of the economy itself, each state in the regime that the policy puts it
    in.
    """
    p = policy.model.name_parameters(parameters.unsqueeze(-2))
    x = policy(states.unsqueeze(-2), p).squeeze(-2)
    return regime_residuals(policy, policy.model, states, x, p, nodes, weights)


def regime_residuals(
    policy: PolicyNetwork,
    today: Model,
    states: Tensor,
    x: Tensor,
    p: Parameters,
    nodes: Tensor,
    weights: Tensor,
) -> Tensor:
    """Residuals [..., n_equations] of `today`'s equations at the controls `x` [..., n_controls]."""
    ahead = look_ahead(policy, today, states, x, p, nodes, weights)
    conditions = today.conditions(ahead.now, ahead.expected, p)
    return pack(conditions, today.equations).squeeze(-2)


def look_ahead(
    policy: Policy, today: Model, states: Tensor, x: Tensor, p: Parameters, nodes: Tensor, weights: Tensor
) -> LookAhead:
    """What is inside `today`'s expectation at the controls `x` [..., n_controls], with parameters [..., 1],
    and at `nodes` of tomorrow's shocks, [q, n_shocks] or [..., q, n_shocks], with `weights` [q].

    Tomorrow the economy itself decides which regime it is in.
    """
    now = today.period(p, states.unsqueeze(-2), x.unsqueeze(-2))
    next_states, weights = today.outcomes(now, nodes, weights, p)
    then = today.given(()).period(p, next_states, policy(next_states, p))
    return LookAhead(now, p, today.inside(now, then, p), next_states.dim() - 1, weights)


def _mean(g: Tensor, weights: Tensor, leading: int) -> Tensor:
    """Average over the quadrature dimension, the last of `leading` ones and kept; a group has one more."""
    return (g * (weights if g.dim() == leading else weights[..., None])).sum(leading - 1, keepdim=True)
