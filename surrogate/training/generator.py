"""Residuals in continuous time, from derivatives of the network.

The generator of a household's states applied to what its model has `inside` is a derivative along the
drift, half a second derivative along each shock's volatility, and differences over jumps
(`surrogate.models.continuous_time`). Automatic differentiation takes the first two in forward mode, so that
residuals can still be differentiated with respect to the weights in reverse.

Where the states around the household stand still (`moving` = 0), it faces prices that never change. Raising
that share to one is a homotopy from there to the equilibrium. Without it training ends with small residuals
at policies that are none: households foresee that aggregates move away and act such that they do.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.func import jvp

from ..models.continuous_time import InstantaneousHousehold
from ..models.interface import Period, Values, pack
from ..policy import PolicyNetwork


def generator_residuals(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, moving: float | Tensor = 1.0
) -> Tensor:
    """Residuals [..., n_equations] of a household in continuous time.

    Args:
        states: [..., n_states], natural units, where the policy has derivatives.
        parameters: [..., n_parameters].
        moving: with which share of their drift, and of their variance, the states around the household move.
    """
    model: InstantaneousHousehold = policy.model  # pyright: ignore[reportAssignmentType]
    p = model.name_parameters(parameters)
    choice = policy(states, p)
    now = model.period(p, states, choice)

    def inside(at: Tensor) -> Tensor:
        then = model.period(p, at, policy(at, p))
        return torch.stack(list(model.inside(now, then, p).values()))

    drift = _direction(model, now, model.drift(now, p), moving)
    value, change, *_ = jvp(inside, (states,), (drift,))
    for volatility in model.volatilities(now, p):
        change = change + _curvature(inside, states, _direction(model, now, volatility, moving**0.5)) / 2
    for jump in model.jumps(now, p):
        own = {state.name: getattr(now, state.name) for state in model.states}
        change = change + jump.rate * (inside(pack({**own, **jump.states}, model.states)) - value)
    names = model.inside(now, now, p)
    expected = SimpleNamespace(**dict(zip(names, change, strict=True)))
    return pack(model.conditions(now, expected, p), model.equations)


def _curvature(function: Callable[[Tensor], Tensor], states: Tensor, direction: Tensor) -> Tensor:
    """Second derivative of a function of `states` [..., n_states] along a direction [..., n_states]."""
    return jvp(lambda at: jvp(function, (at,), (direction,))[1], (states,), (direction,))[1]


def _direction(model: InstantaneousHousehold, now: Period, values: Values, moving: float | Tensor) -> Tensor:
    """Changes of all states [..., n_states], of those around the household as far as they move."""
    still = torch.zeros_like(getattr(now, model.states[0].name))
    changes = {}
    for state in model.states:
        change = values.get(state.name, still) + still
        changes[state.name] = moving * change if state.name in model.around else change
    return pack(changes, model.states)
