"""Euler errors on parameters and states that training has not seen, with a finer quadrature."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from surrogate.errors import NotSolved
from surrogate.models.interface import Model, pack
from surrogate.policy import PolicyNetwork
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import advance, draw_parameters, draw_shocks, draw_states, place_states

CHUNK = 512
ROUNDS = 1_000
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
FLOOR = 1e-16
BURN_IN = 200
"""Periods after which a simulated economy has forgotten where it started, whatever its persistence in the
shipped boxes.
"""
ROUNDING = 1e-6
"""Relative, of controls in single precision."""

Accept = Callable[[Tensor], Tensor]
"""Which parameter rows [n, n_parameters] belong to the certified region, as booleans [n]."""


@torch.no_grad()
def euler_errors(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: int | tuple[int, ...]
) -> Tensor:
    """log10 of the absolute residuals [n, n_equations]; a residual that is no number counts as one."""
    points, weights = rule_for(policy.model.shocks, nodes)
    batches = zip(states.split(CHUNK), parameters.split(CHUNK), strict=True)
    parts = [equilibrium_residuals(policy, s, p, points, weights) for s, p in batches]
    return torch.cat(parts).abs().nan_to_num(1.0, posinf=1.0).clamp(FLOOR, 1.0).log10()


@torch.no_grad()
def in_closed_form(policy: PolicyNetwork, states: Tensor, parameters: Tensor) -> Tensor:
    """Whether the controls in each state are those of a regime with a closed form, [n]: at a borrowing limit,
    say, everything is consumed. Errors of zero there say nothing about the network.
    """
    model, x = policy.model, policy(states, parameters)
    p = model.name_parameters(parameters)
    found = torch.zeros(len(states), dtype=torch.bool)
    for regime in model.closed_form:
        told = model.given(regime)
        answer = pack(told.anchor(told.period(p, states), p), model.controls)
        found |= ((x - answer).abs() <= ROUNDING * answer.abs()).all(-1)
    return found


@torch.no_grad()
def constrained_states(
    policy: PolicyNetwork, parameters: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """States [k, n_states] where the constraint binds and the answer is no closed form, and their parameters
    [k, n_parameters]: of states where training looks, one for each row of `parameters`.

    They are rare by the other laws, and what an economy with a constraint is solved for.
    """
    model = policy.model
    if not model.regimes or model.closed_form:
        return parameters.new_empty(0, sum(state.size for state in model.states)), parameters[:0]
    states = place_states(model, parameters, generator)
    p = model.name_parameters(parameters)
    binds = model.period(p, states, policy(states, p)).slack < 0
    return states[binds], parameters[binds]


def accepted_parameters(model: Model, count: int, generator: torch.Generator, accept: Accept) -> Tensor:
    """`count` uniform draws [count, n_parameters] from the part of the box that is accepted."""
    kept = torch.empty(0, len(model.parameters), dtype=torch.float64)
    for _ in range(ROUNDS):
        drawn = draw_parameters(model, count, generator)
        kept = torch.cat([kept, drawn[accept(drawn)]])
        if len(kept) >= count:
            return kept[:count]
    raise NotSolved(f"the policy solves {model.name!r} hardly anywhere in its box: train longer or narrow it")


@torch.no_grad()
def ergodic_states(policy: PolicyNetwork, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """One state [n, n_states] from the ergodic set of each row of `parameters`, by simulation from a state
    of the box.
    """
    states = draw_states(policy.model, parameters, generator)
    for _ in range(BURN_IN):
        states = advance(policy, states, parameters, draw_shocks(policy.model, len(states), generator))
    return states


def summary(errors: Tensor, equations: list[str]) -> dict[str, dict[str, float]]:
    """Mean and quantiles of log10 errors [n, n_equations] by equation; nothing if there are no errors."""
    if not len(errors):
        return {}
    return {
        name: {"mean": float(column.mean())}
        | {q: float(column.quantile(level)) for q, level in QUANTILES.items()}
        for name, column in zip(equations, errors.T, strict=True)
    }
