"""The linearised economy of An and Schorfheide (2007), solved exactly.

In log deviations from the steady state, with c = y - g for consumption,

    c   = E[c'] - (R - E[pi'] - E[z']) / tau                            consumption Euler equation
    pi  = beta E[pi'] + kappa c                                         Phillips curve
    R   = rho_r R_-1 + (1 - rho_r) (psi1 pi + psi2 c) + eps_r           monetary policy rule
    g'  = rho_g g + eps_g,    z' = rho_z z + eps_z

States interest_rate_lag, government, growth, monetary; controls consumption, inflation; shocks monetary,
government, growth, standard normal; observables output_growth (quarterly %), inflation and interest_rate
(annualised %). Standard deviations are in percent.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.reference.kalman import LinearStateSpace
from surrogate.reference.rational_expectations import LinearSolution, solve_rational_expectations

PARAMETER_NAMES: tuple[str, ...] = (
    "tau",
    "kappa",
    "psi1",
    "psi2",
    "rho_r",
    "rho_g",
    "rho_z",
    "r_a",
    "pi_a",
    "gamma_q",
    "sigma_r",
    "sigma_g",
    "sigma_z",
)
_VALUES_M = (2.09, 0.98, 2.25, 0.65, 0.81, 0.98, 0.93, 0.34, 3.16, 0.51, 0.19, 0.65, 0.24)
_VALUES_L = (3.26, 0.89, 1.88, 0.53, 0.76, 0.98, 0.89, 0.19, 3.29, 0.73, 0.20, 0.58, 0.29)
THETA_M: dict[str, float] = dict(zip(PARAMETER_NAMES, _VALUES_M, strict=True))
THETA_L: dict[str, float] = dict(zip(PARAMETER_NAMES, _VALUES_L, strict=True))
"""The two parameter vectors of Herbst and Schorfheide (2015), high and low likelihood."""

OBSERVABLES = ("output_growth", "inflation", "interest_rate")


class LinearEconomy(NamedTuple):
    """`s' = transition s + shock_impact e'`, `x = policy s`, `y' = constant + observation s' + lagged s`.

    transition [4, 4], shock_impact [4, 3], policy [2, 4], observation_constant [3], observation and
    lagged_observation [3, 4], all in deviations from the steady state.
    """

    transition: NDArray[np.float64]
    shock_impact: NDArray[np.float64]
    policy: NDArray[np.float64]
    observation_constant: NDArray[np.float64]
    observation: NDArray[np.float64]
    lagged_observation: NDArray[np.float64]


def solve_policy(parameters: Mapping[str, float]) -> LinearSolution:
    """Transition [4, 4] and policy [2, 4] of interest_rate_lag, government, growth and monetary.

    Raises
    ------
    Indeterminate, NoStableSolution : no unique stable equilibrium at `parameters`.
    """
    p = parameters
    beta = 1 / (1 + p["r_a"] / 400)
    lead, lag = np.zeros((6, 6)), np.zeros((6, 6))
    lead[:4, :4] = np.eye(4)
    rule = 1 - p["rho_r"]
    lag[0] = (p["rho_r"], 0, 0, 1, rule * p["psi2"], rule * p["psi1"])
    lag[1, 1], lag[2, 2] = p["rho_g"], p["rho_z"]
    lead[4], lag[4, 4] = (-1 / p["tau"], 0, 1 / p["tau"], 0, 1, 1 / p["tau"]), 1
    lead[5, 5], lag[5] = beta, (0, 0, 0, 0, -p["kappa"], 1)
    return solve_rational_expectations(lead, lag, n_predetermined=4)


def solve_economy(parameters: Mapping[str, float]) -> LinearEconomy:
    """Matrices of the solved economy at `parameters` (by name).

    Raises
    ------
    Indeterminate, NoStableSolution : no unique stable equilibrium at `parameters`.
    """
    p = parameters
    transition, policy = solve_policy(p)
    shock_impact = np.zeros((4, 3))
    shock_impact[(3, 1, 2), (0, 1, 2)] = p["sigma_r"] / 100, p["sigma_g"] / 100, p["sigma_z"] / 100
    return LinearEconomy(
        transition,
        shock_impact,
        policy,
        np.array([p["gamma_q"], p["pi_a"], p["pi_a"] + p["r_a"] + 4 * p["gamma_q"]]),
        _observation_today(transition, policy),
        _observation_yesterday(policy),
    )


def state_space(parameters: Mapping[str, float], measurement_sd: ArrayLike) -> LinearStateSpace:
    """Linear Gaussian state space at `parameters`; `measurement_sd` [3] in the units of the observables."""
    economy = solve_economy(parameters)
    return LinearStateSpace(
        economy.transition,
        economy.shock_impact,
        economy.observation_constant,
        economy.observation @ economy.transition + economy.lagged_observation,
        economy.observation @ economy.shock_impact,
        np.diag(np.square(np.asarray(measurement_sd, float))),
    )


def _observation_today(transition: NDArray, policy: NDArray) -> NDArray[np.float64]:
    """Loading of the observables on today's state; the first row of the transition is the interest rate."""
    output = policy[0] + np.array([0.0, 1.0, 0.0, 0.0])
    growth = np.array([0.0, 0.0, 1.0, 0.0])
    return np.array([100 * (output + growth), 400 * policy[1], 400 * transition[0]])


def _observation_yesterday(policy: NDArray) -> NDArray[np.float64]:
    """Loading on yesterday's state: output growth subtracts yesterday's output."""
    loading = np.zeros((3, 4))
    loading[0] = -100 * (policy[0] + np.array([0.0, 1.0, 0.0, 0.0]))
    return loading
