import pickle

import numpy as np
import pytest

from benchmarks import simulated_moments
from estimation.moments import Moment, SimulatedMoments, minimise_distance
from estimation.moments.estimate import FreeParameters, prior_candidates
from estimation.priors import PriorSet, make_prior
from estimation.sampling.mode import find_mode
from estimation.sampling.posterior import Posterior
from surrogate.errors import BadConfiguration, BadData, UnknownName
from tests.estimation.economies import TRUTH, simulated_data

MOMENTS = ("mean(y0)", "sd(y0)", "autocorr(y0, 1)", "sd(y1)", "corr(y0, y1)")


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy, periods=300).ffill()


@pytest.fixture(scope="module")
def moments(linear, data):
    return SimulatedMoments(linear, data, MOMENTS)


@pytest.fixture(scope="module")
def posterior(linear, moments):
    priors = {
        "mean": make_prior("uniform", lower=-2, upper=2),
        "rho": make_prior("uniform", lower=0, upper=0.95),
        "sigma": make_prior("uniform", lower=0.1, upper=3),
    }
    return Posterior(linear, moments, PriorSet(priors))


def test_smm_uses_common_random_numbers(moments, linear):
    parameters = linear.parameter_array({"rho": [0.5, 0.6, 0.5]})
    together = moments.simulated_moments(parameters)
    assert np.array_equal(together[0], together[2])
    np.testing.assert_allclose(moments.simulated_moments(parameters[1:2])[0], together[1], rtol=1e-5)
    first = moments.log_likelihood(parameters, np.random.default_rng(0))
    assert np.array_equal(first, moments.log_likelihood(parameters, np.random.default_rng(1)))


def test_distance_moves_smoothly_with_parameters(moments, linear):
    path = linear.parameter_array({"rho": np.linspace(0.5, 0.6, 9)})
    steps = np.diff(moments.simulated_moments(path), axis=0)
    assert np.abs(np.diff(steps, axis=0)).max() < 0.2 * np.abs(steps).max()


def test_simulated_moments_at_the_truth_are_those_of_the_data(moments, linear):
    fit = moments.fit(linear.parameter_array(TRUTH)[0])
    assert fit["distance in standard errors"].abs().max() < 3
    assert list(fit.index) == list(MOMENTS)


@pytest.fixture(scope="module")
def estimate(posterior, moments):
    return minimise_distance(moments, FreeParameters.of_posterior(posterior), prior_candidates(posterior, 0))


def test_point_estimate_recovers_the_truth(estimate, posterior, moments):
    found = np.array([estimate.params[name] for name in TRUTH])
    np.testing.assert_allclose(found, list(TRUTH.values()), atol=0.3)
    assert estimate.distance < np.sum(moments.residuals(posterior.parameters(TRUTH)) ** 2)


def test_quasi_posterior_peaks_at_the_point_estimate_when_priors_are_flat(posterior, estimate):
    mode = find_mode(posterior, draws=64, climbs=1)
    np.testing.assert_allclose(mode.theta, list(estimate.params.values()), atol=0.03)


def test_quasi_likelihood_is_half_the_weighted_distance(moments, linear):
    parameters = linear.parameter_array({"rho": 0.5})
    fit = moments.fit(parameters[0])
    expected = -0.5 * np.sum(fit["distance in standard errors"] ** 2) / (1 + 1 / moments.replications)
    assert moments.log_likelihood(parameters)[0] == pytest.approx(expected)


def test_diagonal_weights_are_not_the_identity(linear, data, moments):
    identity = SimulatedMoments(linear, data, MOMENTS, weights="identity")
    parameters = linear.parameter_array({"rho": [0.3, 0.8]})
    assert not np.allclose(identity.residuals(parameters), moments.residuals(parameters), rtol=0.1)
    gap = identity.simulated_moments(parameters) - identity.target
    np.testing.assert_allclose(identity.residuals(parameters), np.sqrt(len(data)) * gap)


def test_rbc_with_ten_moments_takes_a_thousand_vectors_a_minute():
    distance = simulated_moments.target(simulated_moments.MOMENTS)
    theta = simulated_moments.vectors_near(distance.surrogate, 32)
    assert (len(distance.names), distance.periods, distance.replications) == (10, 200, 50)
    assert 60 / simulated_moments.fastest(lambda: distance.simulated_moments(theta), 32) > 1000


def share_of_positive(series):
    return (series["y0"] > 0).mean(axis=1)


def test_user_functions_reach_worker_processes(linear, data):
    moments = SimulatedMoments(linear, data, ["sd(y0)", Moment("share of y0 > 0", share_of_positive)])
    again = pickle.loads(pickle.dumps(moments))
    parameters = linear.parameter_array(TRUTH)
    assert np.array_equal(again.simulated_moments(parameters), moments.simulated_moments(parameters))


def test_nan_moment_of_the_data_is_one_clear_error(linear, data):
    gap = data.copy()
    gap.iloc[5, 0] = np.nan
    with pytest.raises(BadData, match=r"mean\(y0\) of the data is not a number"):
        SimulatedMoments(linear, gap, MOMENTS)


def test_nan_moment_of_a_sound_simulation_is_one_clear_error(linear, data):
    only_data = Moment(
        "only data",
        lambda series: np.where(len(series["y0"]) == 1, 1.0, np.nan) + 0 * share_of_positive(series),
    )
    with pytest.raises(BadData, match="only data of simulated data is not a number"):
        SimulatedMoments(linear, data, ["mean(y0)", only_data], weights="identity")


def spread_above_a_half(series):
    spread = series["y0"].std(axis=1)
    return np.where(spread > 0.5, spread, np.nan)


def test_a_moment_that_one_vector_lacks_leaves_the_others_their_likelihood(linear, data):
    moments = SimulatedMoments(linear, data, ["mean(y0)", Moment("spread", spread_above_a_half)])
    parameters = linear.parameter_array({"sigma": [1.0, 0.1, 1.2], "rho": 0.3})
    found = moments.log_likelihood(parameters)
    assert np.isfinite(found).tolist() == [True, False, True]
    assert found[2] == pytest.approx(moments.log_likelihood(parameters[2:])[0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"moments": ["sd(y9)"]}, UnknownName, "y9"),
        ({"moments": []}, BadConfiguration, "at least one moment"),
        ({"moments": ["sd(y0)", "sd(y0)"]}, BadConfiguration, "only once"),
        ({"moments": ["sd(y0)"], "weights": "best"}, UnknownName, "kind of weights"),
        ({"moments": ["sd(y0)"], "replications": 0}, BadConfiguration, "replications must be"),
    ],
)
def test_impossible_requests_are_one_clear_error(linear, data, arguments, error, message):
    with pytest.raises(error, match=message):
        SimulatedMoments(linear, data, **arguments)
