"""Results of economies whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from estimation.filters import GuidedFilter
from estimation.filters.state_space import StateSpace
from estimation.likelihoods.particle import FilterLikelihood
from estimation.priors import PriorSet, make_prior
from estimation.results import Results
from estimation.sampling.posterior import Posterior
from estimation.settings import MeasurementError
from surrogate import Surrogate
from tests.estimation.analysis.economies import linear_results, results_of
from tests.gaussian_economies import BoundedEconomy
from tests.linear_artifact import LinearEconomy


@pytest.fixture(scope="package")
def results(linear: Surrogate, linear_economy: LinearEconomy) -> Results:
    """Forty draws of the linear artifact."""
    return linear_results(linear, linear_economy)


@pytest.fixture(scope="package")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Draws of y' = max(0, s'), s' = .8 s + sigma e'."""
    surrogate = Surrogate(BoundedEconomy().write(tmp_path_factory.mktemp("bounded")))
    index = pd.period_range("2000Q1", periods=20, freq="Q")
    data = pd.DataFrame({"y": BoundedEconomy().simulate(1.0, 0.1, 20, 1)[:, 0]}, index=index)
    likelihood = FilterLikelihood(GuidedFilter(StateSpace(surrogate, ["y"]), 200), data)
    priors = PriorSet({"sigma": make_prior("uniform_pdf", lower=0.5, upper=2.0)})
    posterior = Posterior(
        surrogate, likelihood, priors, measurement=MeasurementError(("y",), np.array([0.1]))
    )
    return results_of(posterior, data, np.linspace(0.9, 1.1, 8)[:, None])
