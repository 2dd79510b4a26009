"""The linearised economy of An and Schorfheide (2007), solved exactly, and its exact likelihood.

In log deviations from the steady state, with c = y - g for consumption,

    c   = E[c'] - (R - E[pi'] - E[z']) / tau                            consumption Euler equation
    pi  = beta E[pi'] + kappa c                                         Phillips curve
    R   = rho_r R_-1 + (1 - rho_r) (psi1 pi + psi2 c) + eps_r           monetary policy rule
    g'  = rho_g g + eps_g,    z' = rho_z z + eps_z

States interest_rate_lag, government, growth, monetary; controls consumption, inflation; shocks monetary,
government, growth, standard normal; observables output_growth (quarterly %), inflation and interest_rate
(annualised %). Standard deviations are in percent.

The likelihood is that of any linear Gaussian state space, by the Kalman filter:

    s' = state_constant + transition s + shock_impact e'
    y' = observation_constant + observation_state s + observation_shock e' + u'

with e' ~ N(0, I), u' ~ N(0, measurement_covariance). The observation is written in the lagged state and the
shock, as in a surrogate's `step`, so growth rates need no augmented state. See Durbin and Koopman (2012),
chapter 4, for state and observation disturbances that are correlated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_discrete_lyapunov

from ..errors import BadData, StochasticSingularity, SurrogateError
from ..rational_expectations import LinearSolution, solve_rational_expectations

LOG_TWO_PI = float(np.log(2 * np.pi))
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


class NotStationary(SurrogateError):
    """The state has no stationary distribution."""


@dataclass(frozen=True)
class LinearStateSpace:
    """The matrices of the module docstring; n_s states, n_e shocks, n_y observables, all float64."""

    transition: NDArray[np.float64]
    shock_impact: NDArray[np.float64]
    observation_constant: NDArray[np.float64]
    observation_state: NDArray[np.float64]
    observation_shock: NDArray[np.float64]
    measurement_covariance: NDArray[np.float64]
    state_constant: NDArray[np.float64] | float = 0.0

    def stationary_distribution(self) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Mean [n_s] and covariance [n_s, n_s] of the state.

        Raises
        ------
        NotStationary : a root of the transition is on or outside the unit circle.
        """
        radius = np.abs(np.linalg.eigvals(self.transition)).max()
        if radius >= 1:
            raise NotStationary(f"The state is not stationary: largest root {radius:.6f}, must be below one.")
        n_states = len(self.transition)
        constant = np.broadcast_to(self.state_constant, n_states)
        mean = np.linalg.solve(np.eye(n_states) - self.transition, constant)
        return mean, solve_discrete_lyapunov(self.transition, self.shock_impact @ self.shock_impact.T)

    def simulate(
        self, periods: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """States [periods, n_s] and observations [periods, n_y], measurement error included."""
        mean, covariance = self.stationary_distribution()
        state = generator.multivariate_normal(mean, covariance, method="svd")
        states, observations = [], []
        for _ in range(periods):
            shock = generator.standard_normal(self.shock_impact.shape[1])
            error = generator.multivariate_normal(
                np.zeros(len(self.observation_constant)), self.measurement_covariance
            )
            observation = self.observation_constant + self.observation_state @ state
            observations.append(observation + self.observation_shock @ shock + error)
            state = self.state_constant + self.transition @ state + self.shock_impact @ shock
            states.append(state)
        return np.array(states), np.array(observations)


def log_likelihood(model: LinearStateSpace, data: ArrayLike) -> float:
    """Exact log likelihood of `data` [T, n_y], the 2 pi constant included; NaN marks a missing observation.

    Raises
    ------
    BadData : an infinite observation.
    NotStationary : no stationary distribution to start from.
    StochasticSingularity : an observation has a singular predictive covariance.
    """
    observations = np.asarray(data, float)
    if np.isinf(observations).any():
        raise BadData("The data contain infinite values. Mark missing observations by NaN.")
    mean, covariance = model.stationary_distribution()
    total = 0.0
    for observation in observations:
        mean, covariance, increment = _kalman_step(model, mean, covariance, observation)
        total += increment
    return total


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
    output = policy[0] + np.array([0.0, 1.0, 0.0, 0.0])  # of the state, as are the next two
    growth, lagged_output = np.array([0.0, 0.0, 1.0, 0.0]), np.zeros((3, 4))
    lagged_output[0] = -100 * output
    shock_impact = np.zeros((4, 3))
    shock_impact[(3, 1, 2), (0, 1, 2)] = p["sigma_r"] / 100, p["sigma_g"] / 100, p["sigma_z"] / 100
    return LinearEconomy(
        transition,
        shock_impact,
        policy,
        np.array([p["gamma_q"], p["pi_a"], p["pi_a"] + p["r_a"] + 4 * p["gamma_q"]]),
        # the first row of the transition is the interest rate
        np.array([100 * (output + growth), 400 * policy[1], 400 * transition[0]]),
        lagged_output,
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


def _kalman_step(
    model: LinearStateSpace, mean: NDArray, covariance: NDArray, observation: NDArray
) -> tuple[NDArray, NDArray, float]:
    """Predict, then update on the entries of `observation` that are not missing."""
    seen = ~np.isnan(observation)
    observe_state, observe_shock = model.observation_state[seen], model.observation_shock[seen]
    innovation = observation[seen] - model.observation_constant[seen] - observe_state @ mean
    mean = model.state_constant + model.transition @ mean
    predicted = model.transition @ covariance @ model.transition.T + model.shock_impact @ model.shock_impact.T
    cross = model.transition @ covariance @ observe_state.T + model.shock_impact @ observe_shock.T
    spread = observe_state @ covariance @ observe_state.T + observe_shock @ observe_shock.T
    factor = _cholesky(spread + model.measurement_covariance[np.ix_(seen, seen)])
    mean = mean + cross @ cho_solve((factor, True), innovation)
    predicted = predicted - cross @ cho_solve((factor, True), cross.T)
    return mean, (predicted + predicted.T) / 2, _log_density(factor, innovation)


def _cholesky(covariance: NDArray) -> NDArray:
    try:
        factor = cholesky(covariance, lower=True)
    except LinAlgError:
        factor = np.zeros_like(covariance)
    scale = np.sqrt(np.diag(covariance))
    if np.any(np.diag(factor) <= 1e-7 * scale):
        raise StochasticSingularity(
            "Stochastic singularity: the observations have a singular distribution. "
            "Use at least as many shocks and measurement errors as observables."
        )
    return factor


def _log_density(factor: NDArray, innovation: NDArray) -> float:
    """Log density of a normal `innovation` whose covariance has the lower Cholesky `factor`."""
    quadratic = innovation @ cho_solve((factor, True), innovation)
    return float(-0.5 * (quadratic + len(innovation) * LOG_TWO_PI) - np.log(np.diag(factor)).sum())
