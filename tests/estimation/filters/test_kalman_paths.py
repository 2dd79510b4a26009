"""The simulation smoother against statsmodels, and against the data where there is no measurement error."""

import numpy as np
import pytest

from estimation import Estimation
from estimation.filters import KalmanFilter
from estimation.filters.state_space import StateSpace
from tests.estimation.economies import TRUTH, linear_priors, simulated_data
from tests.estimation.filters.conftest import Sample
from tests.estimation.filters.test_paths import Moments, assert_moments, exact_moments, stacked, three_vectors

DRAWS = 3000


@pytest.fixture(scope="module")
def gappy(linear_sample: Sample) -> np.ndarray:
    """Twelve periods of which one is missing altogether and three in part."""
    data = linear_sample.data.copy()
    data[6], data[9, 0], data[10, 1] = np.nan, np.nan, np.nan
    return data


def test_smoothed_draws_have_the_means_and_covariances_of_statsmodels(linear_sample, linear_economy, gappy):
    theta = three_vectors(linear_sample)
    paths = KalmanFilter(linear_sample.space).smoothed_paths(theta, gappy, np.random.default_rng(1), DRAWS)
    for vector, parameters in enumerate(theta):
        exact = exact_moments(linear_sample, linear_economy, parameters, gappy)[1]
        assert_moments(stacked(paths, vector, linear_economy.state_mean), exact, DRAWS)


def test_filtered_draws_have_the_means_and_covariances_of_statsmodels(linear_sample, linear_economy, gappy):
    theta = three_vectors(linear_sample)
    paths = KalmanFilter(linear_sample.space).filtered_paths(theta, gappy, np.random.default_rng(2), DRAWS)
    n_states = paths.states.shape[3]
    for vector, parameters in enumerate(theta):
        draws = stacked(paths, vector, linear_economy.state_mean)
        mean, covariance = exact_moments(linear_sample, linear_economy, parameters, gappy)[0]
        kept = [*range(n_states), *range(2 * n_states, draws.shape[2])]
        assert_moments(draws[:, :, kept], Moments(mean[:, kept], covariance[:, kept][:, :, kept]), DRAWS)


def test_without_measurement_error_paths_reproduce_the_data(linear_sample, gappy):
    space = StateSpace(linear_sample.space.surrogate, linear_sample.space.observables)
    paths = KalmanFilter(space).smoothed_paths(linear_sample.theta, gappy, np.random.default_rng(3), 4)
    seen = ~np.isnan(gappy)
    for draw in paths.observables[:, 0].swapaxes(0, 1):
        np.testing.assert_allclose(draw[seen], gappy[seen], atol=2e-3)


def test_vectors_without_likelihood_have_no_paths(linear_sample, gappy):
    vectors = np.array([linear_sample.theta, linear_sample.theta + 10])
    for method in ("smoothed_paths", "filtered_paths"):
        draw = getattr(KalmanFilter(linear_sample.space), method)
        paths = draw(vectors, gappy, np.random.default_rng(4), 2)
        for block in paths:
            assert np.isfinite(block[:, 0]).all()
            assert np.isnan(block[:, 1]).all()


def test_posteriors_of_the_method_draw_paths(linear, linear_economy):
    data = simulated_data(linear_economy)
    estimation = Estimation(
        linear, data, linear_priors(), likelihood={"method": "kalman"}, measurement_error={"sd": 0.4}
    )
    theta = {name: TRUTH[name] for name in ("sigma", "rho")}
    for smoothed in (True, False):
        paths = estimation.posterior.paths(theta, np.random.default_rng(5), 3, smoothed)
        assert paths.states.shape == (len(data) + 1, 1, 3, 2)
        assert np.isfinite(paths.observables).all()
