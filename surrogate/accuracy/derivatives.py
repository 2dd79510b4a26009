"""Whether a policy depends on every parameter as the economy does.

A surrogate of parameters can be accurate on average and still ignore one of them: an input wired to a
constant is the classic silent bug. Derivatives show it: by automatic differentiation through the network, and
by central differences of a reference that is solved again at each shifted calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import jacrev, vmap

from surrogate.card import ParameterRange
from surrogate.models.interface import Model
from surrogate.policy import PolicyNetwork
from surrogate.reference.an_schorfheide_linear import PARAMETER_NAMES as AN_SCHORFHEIDE_NAMES
from surrogate.reference.an_schorfheide_linear import solve_policy
from surrogate.reference.time_iteration import PARAMETER_NAMES as RBC_NAMES
from surrogate.reference.time_iteration import solve_rbc

Array = NDArray[np.float64]
PolicyAt = Callable[[Array], Array]
"""From one parameter vector [n_parameters] to the controls [n, n_controls] at states that stay the same."""

NU, GBAR = 0.1, 1 / 0.85
"""Constants of An and Schorfheide (2007): inverse demand elasticity, steady-state government spending."""


class Sensitivity(NamedTuple):
    """Root mean square, over points and outputs, of what crossing a parameter's range would change, linearly.

    `policy` is of the controls, `step` of tomorrow's states, controls and observables; natural units.
    """

    policy: float
    step: float


def policy_derivatives(policy: PolicyNetwork, states: Tensor, parameters: Tensor) -> Tensor:
    """d controls / d parameters [n, n_controls, n_parameters] at `states` [n, n_states] and `parameters`
    [n, n_parameters], natural units.
    """
    return vmap(jacrev(policy, argnums=1))(states, parameters).detach()


def step_derivatives(policy: PolicyNetwork, states: Tensor, shocks: Tensor, parameters: Tensor) -> Tensor:
    """d (next states, controls, observables) / d parameters [n, n_outputs, n_parameters], today's states and
    controls held fixed; `shocks` is [n, n_shocks].
    """
    controls = policy(states, parameters).detach()
    return vmap(jacrev(_step(policy), argnums=3))(states, controls, shocks, parameters).detach()


def parameter_sensitivity(
    policy: PolicyNetwork, states: Tensor, shocks: Tensor, parameters: Tensor
) -> dict[str, Sensitivity]:
    """How much each parameter moves the policy and the step of the economy; zero for one that does nothing.

    Args:
        states, shocks, parameters: n points, [n, n_states], [n, n_shocks] and [n, n_parameters].
    """
    model = policy.model
    lower, upper = model.parameter_box()
    found = (
        policy_derivatives(policy, states, parameters),
        step_derivatives(policy, states, shocks, parameters),
    )
    of_policy, of_step = ((part * (upper - lower)).square().mean((0, 1)).sqrt().tolist() for part in found)
    names = [each.name for each in model.parameters]
    return {n: Sensitivity(x, y) for n, x, y in zip(names, of_policy, of_step, strict=True)}


def central_differences(policy_at: PolicyAt, parameters: Array, steps: Array) -> Array:
    """d controls / d parameters [n, n_controls, n_parameters] of a policy that can be had at any parameters.

    Args:
        parameters, steps: [n_parameters]; two policies are asked for in each parameter.
    """
    columns = [
        (policy_at(parameters + shift) - policy_at(parameters - shift)) / (2 * shift.sum())
        for shift in np.diag(steps)
    ]
    return np.stack(columns, axis=-1)


def derivative_table(ranges: Sequence[ParameterRange], network: Array, reference: Array) -> pd.DataFrame:
    """One row for each parameter: root mean squares of both derivatives [n, n_controls, n_parameters], of
    their difference, and the difference as a share of the reference.

    Derivatives are times the width of the parameter's range, so that rows compare.
    """
    widths = np.array([each.upper - each.lower for each in ranges])
    columns = {"network": network, "reference": reference, "difference": network - reference}
    table = pd.DataFrame(
        {name: np.sqrt(np.mean((values * widths) ** 2, axis=(0, 1))) for name, values in columns.items()},
        index=pd.Index([each.name for each in ranges], name="parameter"),
    )
    return table.assign(share=table["difference"] / table["reference"])


def rbc_reference(states: Array) -> PolicyAt:
    """Log consumption [n, 1] at `states` [n, 2] (capital, productivity), by time iteration."""

    def policy_at(parameters: Array) -> Array:
        """Solve again at `parameters` [6]."""
        solution = solve_rbc(dict(zip(RBC_NAMES, parameters.tolist(), strict=True)))
        return np.log(solution.consumption(*states.T))[:, None]

    return policy_at


def an_schorfheide_reference(states: Array) -> PolicyAt:
    """Logs of consumption and inflation [n, 2] at `states` [n, 4], by the linear solution.

    The states stay where they are while the steady state moves with the parameters.
    """

    def policy_at(parameters: Array) -> Array:
        """Solve again at `parameters` [13]."""
        p = dict(zip(AN_SCHORFHEIDE_NAMES, parameters.tolist(), strict=True))
        target = p["pi_a"] / 400
        rate = p["gamma_q"] / 100 + np.log1p(p["r_a"] / 400) + target
        deviations = states - np.array([rate, np.log(GBAR), 0.0, 0.0])
        return np.array([np.log1p(-NU) / p["tau"], target]) + deviations @ solve_policy(p).policy.T

    return policy_at


def log_policy(policy: PolicyNetwork, states: Array) -> PolicyAt:
    """Logs of a network's controls at `states` [n, n_states]; the counterpart of the references above."""

    @torch.no_grad()
    def policy_at(parameters: Array) -> Array:
        """Evaluate at `parameters` [n_parameters]."""
        return policy(torch.from_numpy(states), torch.from_numpy(parameters)).log().numpy()

    return policy_at


def _step(policy: PolicyNetwork) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """One period as one function: (states, controls, shocks, parameters) to all that follows."""
    model: Model = policy.model

    def step(states: Tensor, controls: Tensor, shocks: Tensor, parameters: Tensor) -> Tensor:
        """Next states, controls and observables of one point, end to end [n_outputs]."""
        p = model.name_parameters(parameters)
        now = model.period(p, states, controls)
        next_states = model.tomorrow(now, shocks, p)
        next_controls = policy(next_states, p)
        observed = model.observed(now, model.period(p, next_states, next_controls), p)
        return torch.cat([next_states, next_controls, observed], dim=-1)

    return step
