"""Economies and samples that the filter tests share."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from estimation.filters import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    ParticleFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate
from surrogate.reference.an_schorfheide_linear import LinearStateSpace, log_likelihood
from tests.gaussian_economies import BoundedEconomy, ExponentialEconomy, linear_state_space
from tests.linear_artifact import LinearEconomy

FILTERS = [BootstrapFilter, GuidedFilter, AuxiliaryFilter, TemperedFilter, TwistedFilter]
DATASETS = Path(__file__).parents[3] / "estimation" / "datasets"


class Sample(NamedTuple):
    """A simulated sample, the economy it comes from, and its exact log likelihood."""

    space: StateSpace
    theta: NDArray[np.float64]
    data: NDArray[np.float64]
    model: LinearStateSpace | None

    @property
    def exact(self) -> float:
        """Kalman log likelihood of the sample."""
        assert self.model is not None
        return log_likelihood(self.model, self.data)

    def repeated(
        self, filter_class: type[ParticleFilter], particles: int, replications: int, seed: int = 1, **options
    ) -> NDArray[np.floating]:
        """Independent log likelihoods of the sample at its own parameters, [replications]."""
        particle_filter = filter_class(self.space, particles, **options)
        theta = np.tile(self.theta, (replications, 1))
        return particle_filter.log_likelihood(theta, self.data, np.random.default_rng(seed))


@pytest.fixture(scope="session")
def linear_sample(linear: Surrogate, linear_economy: LinearEconomy) -> Sample:
    """Twelve periods of the linear economy, one observation missing."""
    sd = np.array([0.4, 0.5])
    model = linear_state_space(linear_economy, linear.default, sd)
    _, data = model.simulate(12, np.random.default_rng(0))
    data[3, 1] = np.nan
    return Sample(StateSpace(linear, linear.observable_names, sd, burn_in=5), linear.default, data, model)


@pytest.fixture(scope="session")
def exponential(tmp_path_factory: pytest.TempPathFactory) -> Surrogate:
    """An economy that is linear in logs, with a level as its state."""
    return Surrogate(ExponentialEconomy().write(tmp_path_factory.mktemp("artifacts") / "exponential"))


@pytest.fixture(scope="session")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Surrogate:
    """An economy whose observable has a lower bound."""
    return Surrogate(BoundedEconomy().write(tmp_path_factory.mktemp("artifacts") / "bounded"))


@pytest.fixture(scope="session")
def exponential_sample(exponential: Surrogate) -> Sample:
    """Twelve periods of the exponential economy with a standard deviation of 15 percent."""
    theta, sd = np.array([0.15]), np.array([0.1])
    model = ExponentialEconomy().state_space(theta[0], sd[0])
    _, data = model.simulate(12, np.random.default_rng(3))
    return Sample(StateSpace(exponential, ("y",), sd, burn_in=30), theta, data, model)


@pytest.fixture(scope="session")
def us_data() -> NDArray[np.float64]:
    """Output growth, inflation and the interest rate of Herbst and Schorfheide, [80, 3]."""
    table = pd.read_csv(DATASETS / "herbst_schorfheide_us.csv")
    return table[["YGR", "INFL", "INT"]].to_numpy()
