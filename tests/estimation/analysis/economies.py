"""Results of the linear artifact, whose exact answers are matrix products."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from estimation.results import Results
from estimation.sampling.chains import Chains
from estimation.sampling.mode import Mode
from estimation.sampling.posterior import Posterior
from surrogate import Surrogate
from tests.estimation.economies import MEASUREMENT_SD, linear_posterior, simulated_data
from tests.linear_artifact import LinearEconomy, Matrices

BURN = 5


def results_of(posterior: Posterior, data: pd.DataFrame, draws: NDArray[np.floating]) -> Results:
    """Results whose chains after burn-in are `draws` [n, n_free], n even, in two ensembles of one walker."""
    kept = draws.reshape(2, -1, 1, posterior.n_free)
    theta = np.concatenate([np.repeat(kept[:, :1], BURN, axis=1), kept], axis=1)
    chains = Chains(posterior.names, theta, np.zeros(theta.shape[:3]), np.full(2, 0.3))
    mode = Mode(posterior.names, draws[0], 0.0, np.zeros(posterior.n_free), np.eye(posterior.n_free))
    return Results(posterior, mode, chains, BURN, data, {})


def linear_results(surrogate: Surrogate, economy: LinearEconomy) -> Results:
    """Forty draws near the truth of `simulated_data`."""
    data = simulated_data(economy)
    generator = np.random.default_rng(8)
    draws = np.column_stack([generator.normal(1.2, 0.1, 40), generator.normal(0.7, 0.05, 40)])
    return results_of(linear_posterior(surrogate, data, fixed={"mean": 0.3}), data, draws)


def exact_responses(m: Matrices, horizon: int) -> NDArray[np.floating]:
    """Observables [horizon, n_y, n_shocks] after shocks of one standard deviation."""
    states = [np.linalg.matrix_power(m.transition, h) @ m.shock_loading for h in range(horizon)]
    lagged = [np.zeros_like(states[0]), *states[:-1]]
    return np.stack(
        [
            m.observation @ now + m.lagged_observation @ before
            for now, before in zip(states, lagged, strict=True)
        ]
    )


class ExactPosterior(NamedTuple):
    """Normal distribution of z, the initial state in standard normals and then all shocks, given the data.

    mean [k], covariance [k, k]; state [N + 1, n_s, k] and observable [N, n_y, k], deviations from their means
    as linear functions of z; constant [n_y].
    """

    mean: NDArray[np.floating]
    covariance: NDArray[np.floating]
    state: NDArray[np.floating]
    observable: NDArray[np.floating]
    constant: NDArray[np.floating]


def exact_posterior(m: Matrices, data: NDArray[np.floating], horizon: int = 0) -> ExactPosterior:
    """By regression of the data [T, n_y], measurement error included, on everything that moves them."""
    n_states, n_shocks = m.shock_loading.shape
    periods = len(data) + horizon
    variance = solve_discrete_lyapunov(m.transition, m.shock_loading @ m.shock_loading.T)
    state = np.zeros((periods + 1, n_states, n_states + periods * n_shocks))
    state[0, :, :n_states] = np.linalg.cholesky(variance + 1e-12 * np.eye(n_states))
    for t in range(periods):
        state[t + 1] = m.transition @ state[t]
        first = n_states + t * n_shocks
        state[t + 1, :, first : first + n_shocks] += m.shock_loading
    observable = m.observation @ state[1:] + m.lagged_observation @ state[:-1]
    constant = m.observable_mean + (m.observation + m.lagged_observation) @ m.state_mean
    seen = np.isfinite(data)
    loading = observable[: len(data)][seen] / np.broadcast_to(MEASUREMENT_SD, data.shape)[seen][:, None]
    outcome = ((data - constant) / MEASUREMENT_SD)[seen]
    covariance = np.linalg.inv(np.eye(state.shape[2]) + loading.T @ loading)
    return ExactPosterior(covariance @ loading.T @ outcome, covariance, state, observable, constant)


def mean_and_sd(exact: ExactPosterior, loading: NDArray[np.floating]) -> tuple:
    """Of linear functions [..., k] of z."""
    variance = np.einsum("...i,ij,...j->...", loading, exact.covariance, loading)
    return loading @ exact.mean, np.sqrt(variance)
