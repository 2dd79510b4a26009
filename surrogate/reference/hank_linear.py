"""Kase, Melosi and Rottner's economy with heterogeneous households to first order, in sequence space.

With deviations pi, w, y of log Pi, log W, log Y, and of the level of tau, over T periods

    phi (pi - beta pi') = eps W w,   N = Y,   INT b' = D,   W N - tau INT (W e^s h)^(1-gamma) = (r - 1) D
    log R = theta_pi pi + theta_y y + mp,   log r = log R_-1 - pi - z,

and households as `surrogate.reference.hank_jacobian` has them, who discount by e^(zeta'-zeta). Impulse
responses to zeta, z and mp, three AR(1) processes, follow from one linear system.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import dia_array, eye_array

from .hank_household import BETA, BONDS, ELASTICITY
from .hank_jacobian import HouseholdResponses
from .hank_steady_state import SteadyState

Array = NDArray[np.float64]
Maps = dict[str, dia_array]
"""From paths of unknowns and shocks, by their names."""

PREFERENCE_PERSISTENCE = 0.7
UNKNOWNS = ("inflation", "wage", "tax", "output")
SHOCKS = ("preference", "growth", "monetary")


class LinearResponses(NamedTuple):
    """Responses to shocks of one standard deviation in period 0.

    Attributes
    ----------
    paths : by shock and variable, [periods]: the logs `inflation`, `wage`, `output`, `interest_rate`; the
        level `tax`; the exogenous state by its name; and the moments that the Jacobians have.
    inputs : by shock and input of the households, [periods], in levels.
    """

    paths: dict[str, dict[str, Array]]
    inputs: dict[str, dict[str, Array]]


def linear_responses(
    rest: SteadyState, households: HouseholdResponses, parameters: Mapping[str, float]
) -> LinearResponses:
    """Impulse responses at parameters by name, with sigma_s and the limit those of the steady state."""
    periods = len(households.jacobians["savings"]["rate"])
    inputs = _inputs(rest, parameters, periods)
    total = {name: _composed(by_input, inputs) for name, by_input in households.jacobians.items()}
    errors = _errors(rest, parameters, total)
    forcing = {name: _process(name, parameters, periods) for name in SHOCKS}
    right = np.column_stack([errors[name] @ forcing[name] for name in SHOCKS])
    solved = -np.linalg.solve(np.hstack([errors[name] for name in UNKNOWNS]), right)
    paths, moved = {}, {}
    for column, shock in enumerate(SHOCKS):
        known = dict(zip(UNKNOWNS, solved[:, column].reshape(len(UNKNOWNS), periods), strict=True))
        known |= {name: forcing[name] * (name == shock) for name in SHOCKS}
        moved[shock] = {each: sum(maps[name] @ known[name] for name in maps) for each, maps in inputs.items()}
        rule = _rule(parameters)
        paths[shock] = {
            **known,
            "interest_rate": sum(rule[name] * known[name] for name in rule),
            **{output: sum(maps[name] @ known[name] for name in maps) for output, maps in total.items()},
        }
    return LinearResponses(paths, moved)


def _rule(parameters: Mapping[str, float]) -> dict[str, float]:
    """What log R responds to, and by how much."""
    return {"inflation": parameters["theta_pi"], "output": parameters["theta_y"], "monetary": 1.0}


def _real_rate(parameters: Mapping[str, float], periods: int) -> Maps:
    """log r = log R_-1 - pi - z."""
    maps = {name: weight * eye_array(periods, k=-1) for name, weight in _rule(parameters).items()}
    return {
        **maps,
        "inflation": maps["inflation"] - eye_array(periods),
        "growth": -1.0 * eye_array(periods),
    }


def _inputs(rest: SteadyState, parameters: Mapping[str, float], periods: int) -> dict[str, Maps]:
    """Each input of the households as linear maps of unknowns and shocks."""
    one, lead = eye_array(periods), eye_array(periods, k=1)
    rate, wage, _, dividends = rest.prices
    return {
        "rate": {name: rate * each for name, each in _real_rate(parameters, periods).items()},
        "wage": {"wage": wage * one},
        "tax": {"tax": one},
        "dividends": {"wage": -wage * rest.output * one, "output": dividends * one},
        "patience": {"preference": lead - one},
    }


def _composed(jacobians: Mapping[str, Array], inputs: Mapping[str, Maps]) -> dict[str, Array]:
    """An output of the households by unknowns and shocks, [periods, periods] each."""
    total = {name: np.zeros_like(jacobians["rate"]) for name in (*UNKNOWNS, *SHOCKS)}
    for each, maps in inputs.items():
        for name, by_name in maps.items():
            total[name] += jacobians[each] @ by_name
    return total


def _errors(
    rest: SteadyState, parameters: Mapping[str, float], total: Mapping[str, Mapping[str, Array]]
) -> dict[str, Array]:
    """Errors of the Phillips curve, hours, the budget and savings, one after the other, as maps
    [4 periods, periods] of unknowns and shocks.
    """
    periods = len(total["savings"]["wage"])
    one, none = np.eye(periods), np.zeros((periods, periods))
    rate, wage, tax, _ = rest.prices
    phi = parameters["phi"] * (one - BETA * np.eye(periods, k=1))
    phillips = {"inflation": phi, "wage": -ELASTICITY * wage * one}
    output = {"output": rest.output * one}
    wage_bill = {"wage": wage * rest.output * one}
    level = {"tax": float((rest.mass * rest.choices.taxed).sum()) * one}
    interest = {name: rate * BONDS * each for name, each in _real_rate(parameters, periods).items()}
    errors = {}
    for name in total["savings"]:
        hours = total["hours"][name]
        budget = tax * total["taxed"][name] + level.get(name, none) + interest.get(name, none)
        errors[name] = np.vstack(
            [
                phillips.get(name, none),
                hours - output.get(name, none),
                budget - wage * hours - wage_bill.get(name, none),
                total["savings"][name],
            ]
        )
    return errors


def _process(shock: str, parameters: Mapping[str, float], periods: int) -> Array:
    persistence = {
        "preference": PREFERENCE_PERSISTENCE,
        "growth": parameters["rho_z"],
        "monetary": parameters["rho_m"],
    }[shock]
    size = {
        "preference": parameters["sigma_zeta"],
        "growth": parameters["sigma_z"],
        "monetary": parameters["sigma_m"],
    }[shock]
    return size * persistence ** np.arange(periods)
