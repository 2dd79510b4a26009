"""Exact log likelihood of a linear Gaussian state space, by the Kalman filter.

    s' = state_constant + transition s + shock_impact e'
    y' = observation_constant + observation_state s + observation_shock e' + u'

with e' ~ N(0, I), u' ~ N(0, measurement_covariance). The observation is written in the lagged state and the
shock, as in a surrogate's `step`, so growth rates need no augmented state. See Durbin and Koopman (2012),
chapter 4, for state and observation disturbances that are correlated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_discrete_lyapunov

from surrogate.errors import BadData, StochasticSingularity, SurrogateError

LOG_TWO_PI = float(np.log(2 * np.pi))


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
