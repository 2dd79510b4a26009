"""How far a policy is from the classical solution: its controls, and how they move with each parameter.

Controls are compared for any economy with a classical solution in its entry: parameters uniform on the box or
on the certified region, states uniform on their box or drawn from the policy's ergodic set.

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

from .. import economies
from ..artifact.card import ParameterRange, expanded_names
from ..artifact.region import Region
from ..comparison.solutions import columns_by_name
from ..errors import UnknownName
from ..models.interface import Model
from ..models.registry import entry_of
from ..policy import PolicyNetwork
from ..reference.an_schorfheide_linear import PARAMETER_NAMES as AN_SCHORFHEIDE_NAMES
from ..reference.an_schorfheide_linear import solve_policy
from ..reference.growth import RBC_PARAMETERS, solve_rbc
from ..training.existence import has_equilibrium
from ..training.sampling import draw_states
from .errors import accepted_parameters, ergodic_states, inside

Array = NDArray[np.float64]
SEED = 20_220_202
"""Of the test points: far from any training seed."""
PolicyAt = Callable[[Array], Array]
"""From one parameter vector [n_parameters] to the controls [n, n_controls] at states that stay the same."""
NU, GBAR = 0.1, 1 / 0.85
"""Constants of An and Schorfheide (2007): inverse demand elasticity, steady-state government spending."""


def against_reference(
    policy: PolicyNetwork,
    calibrations: int = 100,
    states: int = 100,
    region: Region | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """Differences from the classical solution, a row for each law (box, ergodic) and control.

    A control that cannot be negative is judged by its relative difference, any other by its difference as a
    share of the reference's root mean square. Columns: `mean`, `p99` and `max` of that, and `rms`, the root
    mean square of the difference as a share of the reference's, over all points.

    Args:
        policy: a network, or an `ArtifactPolicy`, whose `model` has a classical solution.
        calibrations: parameter vectors that have an equilibrium; the economy is solved classically at each.
        states: states of each law at each calibration.
        region: the certified part of the box; None for all of it.

    Raises:
        UnknownName: if the economy has no classical solution.
        BadData: if a state lies outside the grid of the classical solution.
    """
    model, generator = policy.model, torch.Generator().manual_seed(seed)

    def comparable(theta: Tensor) -> Tensor:
        """Inside the region, and with a classical solution as far as that is known beforehand, [n]."""
        return inside(region, theta) & torch.from_numpy(has_equilibrium(model, theta.numpy()))

    parameters = accepted_parameters(model, calibrations, generator, comparable)
    rows = parameters.repeat_interleave(states, dim=0)
    laws = {
        "box": draw_states(model, rows, generator),
        "ergodic": ergodic_states(policy, rows, generator),
    }
    exact = reference_controls(model, parameters, torch.stack(list(laws.values())))
    positive = [
        not isinstance(control.lower, str) and control.lower >= 0
        for control in model.controls
        for _ in range(control.size)
    ]
    figures = {}
    for (law, points), reference in zip(laws.items(), exact, strict=True):
        with torch.no_grad():
            controls = policy(points, rows).numpy()
        columns = zip(expanded_names(model.controls), positive, controls.T, reference.T, strict=True)
        figures |= {(law, name): _figures(x, y, never_negative) for name, never_negative, x, y in columns}
    return pd.DataFrame(figures).T.rename_axis(["law", "control"])


def reference_controls(model: Model, parameters: Tensor, states: Tensor) -> Array:
    """Classical controls [..., n, n_controls] at `states` [..., n, n_states]; calibration j of `parameters`
    [w, n_parameters] serves rows j n/w to (j+1) n/w - 1.
    """
    economy, names = entry_of(model), [each.name for each in model.parameters]
    if economy is None or economy.classical is None:
        raise UnknownName(
            f"{model.name!r} has no classical solution here; there is one of: "
            f"{', '.join(economies.with_classical_solution())}."
        )
    leading, share = states.shape[:-2], states.shape[-2] // len(parameters)
    parts = []
    for theta, block in zip(parameters.tolist(), states.split(share, dim=-2), strict=True):
        rows = block.reshape(-1, block.shape[-1]).numpy()
        solution = economy.solve(dict(zip(names, theta, strict=True)))
        controls = solution.controls(columns_by_name(rows, model.states))
        columns = [controls[c.name].reshape(len(rows), c.size) for c in model.controls]
        parts.append(np.concatenate(columns, axis=1).reshape(*leading, share, -1))
    return np.concatenate(parts, axis=-2)


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
    model: Model = policy.model
    controls = policy(states, parameters).detach()

    def step(states: Tensor, controls: Tensor, shocks: Tensor, parameters: Tensor) -> Tensor:
        """Next states, controls and observables of one point, end to end [n_outputs]."""
        p = model.name_parameters(parameters)
        now = model.period(p, states, controls)
        next_states = model.tomorrow(now, shocks, p)
        next_controls = policy(next_states, p)
        observed = model.observed(now, model.period(p, next_states, next_controls), p)
        return torch.cat([next_states, next_controls, observed], dim=-1)

    return vmap(jacrev(step, argnums=3))(states, controls, shocks, parameters).detach()


def parameter_sensitivity(
    policy: PolicyNetwork, states: Tensor, shocks: Tensor, parameters: Tensor
) -> dict[str, Sensitivity]:
    """How much each parameter moves the policy and the step of the economy; zero for one that does nothing.

    Args:
        states, shocks, parameters: n points, [n, n_states], [n, n_shocks] and [n, n_parameters].
    """
    model = policy.model
    lower, upper = model.parameter_box()
    derivatives = (
        policy_derivatives(policy, states, parameters),
        step_derivatives(policy, states, shocks, parameters),
    )
    of_policy, of_step = (
        (part * (upper - lower)).square().mean((0, 1)).sqrt().tolist() for part in derivatives
    )
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
        solution = solve_rbc(dict(zip(RBC_PARAMETERS, parameters.tolist(), strict=True)))
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


def _figures(found: Array, exact: Array, positive: bool) -> dict[str, float]:
    difference, size = np.abs(found - exact), np.sqrt(np.mean(exact**2))
    share = difference / (exact if positive else size)
    return {
        "mean": float(share.mean()),
        "p99": float(np.quantile(share, 0.99)),
        "max": float(share.max()),
        "rms": float(np.sqrt(np.mean(difference**2)) / size),
    }
