"""Whether an economy of many households in continuous time rests where it should.

Small residuals prove nothing here: training can end at policies whose residuals are as small as those of the
solution, with capital at rest at more than twice its value. So three numbers are held against the classical
solution: where capital comes to rest without shocks, which way it drifts from both ends of its range, and how
consumption responds to productivity.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..models.continuous_time import InstantaneousPopulation
from ..models.interface import pack
from ..models.registry import entry_of
from ..policy import PolicyNetwork
from .sampling import advance

YEARS = 200
ENDS = 0.12
"""In logs, how far from rest the ends are at which the drift of capital has to point back."""
STEP = 0.005
"""Of log productivity, for the response."""


class AtRest(NamedTuple):
    """At n calibrations, each [n]: K at rest, Kdot / K a year below and above it, and d log C / dz there."""

    capital: Tensor
    drift_below: Tensor
    drift_above: Tensor
    response: Tensor


@torch.no_grad()
def at_rest(policy: PolicyNetwork, parameters: Tensor) -> AtRest:
    """Where the economies at `parameters` [n, n_parameters] come to rest under `policy`."""
    model: InstantaneousPopulation = policy.model  # pyright: ignore[reportAssignmentType]
    p = model.name_parameters(parameters)
    states = pack(model.steady_state(p)[0], model.states)
    calm = torch.zeros(len(states), sum(shock.size for shock in model.shocks), dtype=states.dtype)
    for _ in range(round(YEARS / model.step_years)):
        states = advance(policy, states, parameters, calm)
    rest = model.period(p, states)

    def drift(factor: float) -> Tensor:
        moved = pack(model.with_capital(rest, factor, p), model.states)
        now = model.period(p, moved, policy(moved, p))
        return now.capital_drift / now.capital

    def log_consumption(z: float) -> Tensor:
        moved = states.clone()
        moved[:, -1] += z
        return torch.log(model.period(p, moved, policy(moved, p)).consumption_of_all)

    response = (log_consumption(STEP) - log_consumption(-STEP)) / (2 * STEP)
    low, high = (drift(float(torch.exp(torch.tensor(end)))) for end in (-ENDS, ENDS))
    return AtRest(rest.capital, low, high, response)


def beside_reference(policy: PolicyNetwork, parameters: Tensor) -> list[dict[str, Any]]:
    """For each row of `parameters` [n, n_parameters] what `AtRest` has, and the classical solution's
    `reference_capital` and `reference_response`.

    Raises
    ------
    UnknownName : the economy has no classical solution.
    SurrogateError : none is found at a calibration.
    """
    entry = entry_of(policy.model)
    found = at_rest(policy, parameters)
    names = [each.name for each in policy.model.parameters]
    rows = []
    for row, theta in enumerate(parameters.tolist()):
        calibration = dict(zip(names, theta, strict=True))
        solution: Any = entry.solve(calibration) if entry is not None else None
        rows.append(
            {
                "parameters": calibration,
                **{name: float(values[row]) for name, values in found._asdict().items()},
                "reference_capital": solution.capital,
                "reference_response": solution.consumption_of_all_by_productivity,
            }
        )
    return rows
