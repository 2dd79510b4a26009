"""The one thing that training sees: residuals of (network, batch), to be driven to zero."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor

from surrogate.models.interface import Model, pack, unpack
from surrogate.policy import PolicyNetwork


def euler_residuals(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: Tensor, weights: Tensor
) -> Tensor:
    """Residuals of every equilibrium condition in every regime, the expectation by quadrature.

    Args:
        states: [..., n_states], natural units.
        parameters: [..., n_parameters].
        nodes, weights: the quadrature rule, [q, n_shocks] and [q].

    Returns:
        [..., n_equations]; with regimes [..., 2 * n_equations], each regime's weighted by how close it is
        to applying.
    """
    model = policy.model
    s, p = unpack(states, model.states), model.name_parameters(parameters)
    candidates = policy.candidates(s, p)
    if not model.regimes:
        return regime_residuals(policy, model, states, candidates[0], parameters, nodes, weights)
    slack = policy.slack(s, p, candidates[0]).detach()
    parts = [
        regime_residuals(policy, model.given(regime), states, x, parameters, nodes, weights)
        * _relevance(distance)
        for regime, x, distance in zip(model.regimes, candidates, (-slack, slack), strict=True)
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
    """Residuals [..., n_equations] of `today`'s equations at the controls `x` [..., n_controls].

    Tomorrow the economy itself decides which regime it is in.
    """
    rows = parameters.unsqueeze(-2)  # a dimension for tomorrow's quadrature nodes
    s, here, p = (
        unpack(states.unsqueeze(-2), today.states),
        unpack(x.unsqueeze(-2), today.controls),
        today.name_parameters(rows),
    )
    next_states = pack(today.transition(s, here, unpack(nodes, today.shocks), p), today.states)
    s_next = unpack(next_states, today.states)
    x_next = unpack(policy(next_states, rows), today.controls)
    inside = today.expectation(s, here, s_next, x_next, p)
    expected = SimpleNamespace(
        **{name: _mean(g, weights, next_states.dim() - 1) for name, g in inside.items()}
    )
    return pack(today.conditions(s, here, expected, p), today.equations).squeeze(-2)


def _mean(g: Tensor, weights: Tensor, leading: int) -> Tensor:
    """Average over the quadrature dimension, the last of `leading` ones and kept; a group has one more."""
    return (g * (weights if g.dim() == leading else weights[:, None])).sum(leading - 1, keepdim=True)
