from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from estimation.filters import TwistedFilter
from estimation.priors import PriorSet, make_prior
from estimation.sampling.mode import (
    Mode,
    PriorCoordinates,
    climb,
    find_mode,
    improved_mode,
    response_surface,
    start_walkers,
)
from estimation.sampling.posterior import Posterior
from surrogate import Surrogate
from surrogate.errors import BadConfiguration
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import (
    NormalLikelihood,
    exact_state_space,
    linear_posterior,
    linear_priors,
    simulated_data,
)
from tests.linear_artifact import example_economy, write_artifact


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy)


@pytest.fixture(scope="module")
def posterior(linear, data):
    return linear_posterior(linear, data, fixed={"mean": 0.3}, particles=50)


@pytest.fixture(scope="module")
def mode(posterior):
    return find_mode(posterior, seed=3, draws=64, climbs=1)


@pytest.fixture(scope="module")
def exact_mode(posterior, linear_economy, data):
    def minus_log_posterior(theta):
        values = {"mean": 0.3, **dict(zip(posterior.names, theta, strict=True))}
        likelihood = log_likelihood(exact_state_space(linear_economy, values), data.to_numpy())
        return -likelihood - posterior.log_prior(theta)[0]

    bounds = [(0.2, 2.9), (0.05, 0.94)]
    return minimize(minus_log_posterior, [1.0, 0.6], method="Nelder-Mead", bounds=bounds).x


def test_mode_without_noise_is_the_exact_mode(linear, data, exact_mode):
    posterior = linear_posterior(linear, data, filter_class=TwistedFilter, fixed={"mean": 0.3})
    np.testing.assert_allclose(find_mode(posterior, draws=64).theta, exact_mode, atol=0.01)


def test_mode_with_a_noisy_filter_is_near_the_exact_mode(posterior, mode, exact_mode):
    np.testing.assert_allclose(mode.theta, exact_mode, atol=0.15)  # over twelve seeds at most .054
    assert mode.log_prob == pytest.approx(posterior.log_prob(mode.theta)[0])


def test_covariance_is_that_of_the_posterior(linear, data):
    posterior = linear_posterior(linear, data, filter_class=TwistedFilter, fixed={"mean": 0.3}, particles=2)
    mode = find_mode(posterior, draws=64)
    grid = np.linspace(-2.5, 3.5, 25)
    z = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    density = PriorCoordinates(posterior).log_density(z)
    weight = np.exp(density - density.max())
    exact = np.cov(z.T, aweights=weight)
    np.testing.assert_allclose(mode.covariance, exact, rtol=0.5, atol=0.05)
    np.testing.assert_allclose(mode.centre, weight @ z / weight.sum(), atol=0.4)


def test_same_seed_gives_the_same_answer(posterior, mode):
    again = find_mode(posterior, seed=3, draws=64, climbs=1)
    assert np.array_equal(again.theta, mode.theta)
    assert np.array_equal(again.covariance, mode.covariance)


def test_mode_survives_json_exactly(mode):
    again = Mode.from_dict(mode.to_dict())
    assert np.array_equal(again.theta, mode.theta)
    assert np.array_equal(again.covariance, mode.covariance)


def test_a_mode_at_the_edge_of_the_box_is_found(linear, data):
    priors = {**linear_priors(), "sigma": make_prior("uniform", lower=0.1, upper=0.6)}
    posterior = linear_posterior(linear, data, priors, filter_class=TwistedFilter, fixed={"mean": 0.3})
    assert find_mode(posterior, draws=64).theta[0] == pytest.approx(0.6, abs=1e-3)


@pytest.fixture(scope="module")
def disagreeing(linear):
    """Normal priors and a normal likelihood with mean .8 and sd .1: eight and eleven prior sds apart."""
    priors = {"sigma": make_prior("normal", 2.5, 0.15), "mean": make_prior("normal", -1.5, 0.15)}
    return Posterior(linear, NormalLikelihood(), PriorSet(priors), {"rho": 0.8}, common_random_numbers=True)


def test_the_mode_is_the_highest_point_where_data_and_prior_disagree(disagreeing):
    weight = 0.1**-2 / (0.1**-2 + 0.15**-2)
    exact = weight * 0.8 + (1 - weight) * np.array([2.5, -1.5])
    assert np.all(np.abs(exact - [2.5, -1.5]) / 0.15 > 7)
    found = find_mode(disagreeing, draws=64)
    np.testing.assert_allclose(found.theta, exact, atol=1e-3)
    walkers = start_walkers(disagreeing, found, 200, np.random.default_rng(0))
    np.testing.assert_allclose(walkers.mean(axis=0), exact, atol=0.1)
    assert len(np.unique(walkers[:, 0])) == 200


def test_coordinates_go_on_to_the_ends_of_the_support_and_back(disagreeing):
    coordinates = PriorCoordinates(disagreeing)
    theta = np.array([[0.1, 2.0], [0.3, 1.9], [2.5, -1.5], [2.9, -2.0], [1.75, -0.75], [1.7499, -0.7499]])
    z = coordinates.z(theta)
    np.testing.assert_allclose(coordinates.theta(z), theta, atol=1e-8)
    assert (np.diff(z[[0, 1, 5, 4, 2, 3], 0]) > 0).all()
    np.testing.assert_allclose(z[0], [coordinates.lower[0], coordinates.upper[1]])
    steps = np.linspace(-5.001, -4.999, 3)[:, None] * [1, 0] + [0, 5.0]
    assert np.ptp(coordinates.log_density(steps)) < 0.3


def test_walkers_start_inside_the_support(posterior, mode):
    theta = start_walkers(posterior, mode, 100, np.random.default_rng(0))
    assert np.isfinite(posterior.log_prob(theta)).all()
    assert np.linalg.matrix_rank(np.cov(theta.T)) == 2


def test_climb_goes_up_from_far_away(posterior):
    coordinates = PriorCoordinates(posterior)
    start = np.array([2.0, -2.0])
    gain = coordinates.log_density(climb(posterior, start)[None]) - coordinates.log_density(start[None])
    assert gain > 10


def test_a_better_draw_improves_the_mode(posterior, mode):
    poor = replace(mode, theta=np.array([2.5, 0.2]), log_prob=posterior.log_prob([2.5, 0.2])[0])
    draws = np.array([[1.0, 0.6], [2.0, 0.1]])
    found = improved_mode(posterior, poor, draws, posterior.log_prob(draws))
    assert found.log_prob == pytest.approx(mode.log_prob, abs=1.0)  # over twelve seeds within .36
    assert improved_mode(posterior, mode, draws, posterior.log_prob(draws)) is mode


def test_climb_slides_along_the_edge_of_the_certified_region(tmp_path, data):
    region = {
        "transforms": ["identity"] * 3,
        "center": [0.0] * 3,
        "scale": [1.0] * 3,
        "constant": -1.75,
        "linear": [1.0, 1.0, 0.0],
        "quadratic": [[0.0] * 3] * 3,
        "description": "rho + sigma below 1.75, where the posterior is highest beyond",
    }
    surrogate = Surrogate(write_artifact(example_economy(region=region), tmp_path / "artifact"))
    posterior = linear_posterior(surrogate, data, fixed={"mean": 0.3}, filter_class=TwistedFilter)
    grid = np.stack(np.meshgrid(np.linspace(0.4, 1.6, 60), np.linspace(0.1, 0.9, 60)), axis=-1).reshape(-1, 2)
    highest = posterior.log_prob(grid).max()
    assert find_mode(posterior, draws=32).log_prob > highest - 0.3


def test_response_surface_returns_a_proper_covariance(posterior):
    _, covariance = response_surface(posterior, np.zeros(2), seed=0)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_no_finite_likelihood_is_one_clear_error(linear, data):
    impossible = data * 1e30
    with pytest.raises(BadConfiguration, match="units"):
        find_mode(linear_posterior(linear, impossible), draws=8)
