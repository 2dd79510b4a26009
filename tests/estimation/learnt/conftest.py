"""A likelihood learnt from a noisy guided filter on the linear economy, whose exact one is known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation.filters import GuidedFilter
from estimation.learnt.artifact import learn
from estimation.likelihoods.learnt_graph import LikelihoodCard
from estimation.sampling.posterior import Posterior
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import exact_state_space, linear_posterior, simulated_data
from tests.linear_artifact import LinearEconomy

CALLS = 900
PARTICLES = 8
IDENTITY = {"model": "m", "data": "d"}


@dataclass(frozen=True)
class Learnt:
    """A learnt likelihood with what it was learnt from."""

    posterior: Posterior
    economy: LinearEconomy
    data: pd.DataFrame
    folder: Path
    card: LikelihoodCard

    def exact(self, theta: np.ndarray) -> np.ndarray:
        """Exact log likelihood [m] of sigma and rho, theta [m, 2]."""
        values = [
            log_likelihood(
                exact_state_space(self.economy, {"sigma": sigma, "rho": rho, "mean": 0.3}),
                self.data.to_numpy(),
            )
            for sigma, rho in theta
        ]
        return np.array(values)


@pytest.fixture(scope="session")
def noisy_posterior(linear, linear_economy) -> Posterior:
    data = simulated_data(linear_economy)
    return linear_posterior(linear, data, particles=PARTICLES, filter_class=GuidedFilter, fixed={"mean": 0.3})


@pytest.fixture(scope="session")
def learnt(noisy_posterior, linear_economy, tmp_path_factory) -> Learnt:
    folder = tmp_path_factory.mktemp("learnt") / "likelihood"
    card = learn(noisy_posterior, {"method": "guided"}, IDENTITY, folder, calls=CALLS)
    return Learnt(noisy_posterior, linear_economy, simulated_data(linear_economy), folder, card)


@pytest.fixture(scope="session")
def near(learnt) -> tuple[np.ndarray, np.ndarray]:
    """Prior draws within ten log points of the peak, and their exact log likelihoods."""
    theta = learnt.posterior.draw_prior(600, np.random.default_rng(5))
    exact = learnt.exact(theta)
    close = exact > exact.max() - 10
    return theta[close], exact[close]
