"""What needs states says so where there are none, and starts from those of a quarter where there are."""

import numpy as np
import pandas as pd
import pytest

from estimation.analysis import (
    decompositions,
    forecasts,
    impulse_responses,
    predictive_moments,
    shocks_and_states,
)
from estimation.analysis.simulation import follow, posterior_paths, stable
from estimation.moments import SimulatedMoments
from estimation.priors import PriorSet
from estimation.results import Results
from estimation.sampling.posterior import Posterior
from surrogate.errors import BadConfiguration
from tests.estimation.analysis.economies import results_of
from tests.estimation.economies import linear_priors


@pytest.fixture(scope="module")
def by_moments(linear, results) -> Results:
    """The linear artifact estimated by moments."""
    data = results.data.interpolate()
    likelihood = SimulatedMoments(linear, data, ["sd(y0)", "autocorr(y0, 1)", "sd(y1)"])
    posterior = Posterior(linear, likelihood, PriorSet(linear_priors()))
    return results_of(posterior, data, np.tile([1.2, 0.7], (10, 1)))


@pytest.mark.parametrize("analysis", [decompositions, forecasts, shocks_and_states])
def test_moments_have_no_states(by_moments, analysis) -> None:
    with pytest.raises(BadConfiguration, match=r"no states and shocks.*irf.*predict.*twisted"):
        analysis(by_moments)


def test_moments_have_responses_and_predictions(by_moments) -> None:
    assert len(impulse_responses(by_moments, horizon=2, draws=4)) == 2
    assert not predictive_moments(by_moments, draws=10).table.isna().to_numpy().any()
    with pytest.raises(BadConfiguration, match="no states and shocks"):
        impulse_responses(by_moments, starts=["1995Q1"])


def test_responses_start_from_the_smoothed_states_of_a_quarter(bounded) -> None:
    at_bound = bounded.data["y"].idxmin()
    away = bounded.data["y"].idxmax()
    (finding,) = impulse_responses(
        bounded, sizes=[-2.0], starts=[str(at_bound), str(away)], horizon=1, draws=8
    )
    responses = finding.table["median"].droplevel(["size", "observable", "quarter"]).to_dict()
    assert responses[str(away)] < 2 * responses[str(at_bound)]


def test_paths_repeat_with_the_seed(results) -> None:
    theta = np.array([[1.2, 0.7], [1.0, 0.6]])
    first, again, other = (posterior_paths(results, theta, 3, seed).paths.shocks for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_draws_without_paths_are_left_out(results) -> None:
    outside = np.array([[1.2, 0.7], [1.2, 0.99]])
    assert posterior_paths(results, outside, 2, 0).draws.tolist() == [0]
    with pytest.raises(BadConfiguration, match="take more particles"):
        posterior_paths(results, outside[1:], 2, 0)


def test_quarters_are_read_as_everywhere(results) -> None:
    quarter = pd.Period("1991Q3", freq="Q")
    findings = impulse_responses(results, starts=["1991-Q3"], horizon=1, draws=2)
    assert findings[0].table.index.unique("states").tolist() == [str(quarter)]


def test_economies_that_explode_stay_lost_and_spare_the_others(linear) -> None:
    states = np.zeros((2, 3, 2))
    states[1, 2] = np.nan
    path = follow(linear, np.array([[0.7, 1.2, 0.3], [0.9, 0.5, 0.0]]), states, np.ones((4, 1, 3, 2)))
    assert np.isnan(path.observables[:, 1, 2]).all()
    assert np.isfinite(path.observables[:, 1, :2]).all()
    assert stable(path.observables).tolist() == [True, False]
