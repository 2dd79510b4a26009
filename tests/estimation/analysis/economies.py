"""Results of the linear artifact, whose exact answers are matrix products."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimation.chains import Chains
from estimation.mode import Mode
from estimation.posterior import Posterior
from estimation.results import Results
from surrogate import Surrogate
from tests.estimation.economies import linear_posterior, simulated_data
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
