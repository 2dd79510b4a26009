import numpy as np
import pytest

from estimation.filters import TwistedFilter
from estimation.filters.state_space import StateSpace
from estimation.likelihoods import FilterLikelihood
from estimation.moments import SimulatedMoments
from estimation.priors import PriorSet, make_prior
from estimation.sampling.posterior import Posterior
from estimation.settings import measurement_error
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, OutsideBox, UnknownName
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import exact_state_space, linear_posterior, linear_priors, simulated_data
from tests.linear_artifact import example_economy, write_artifact


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy)


@pytest.fixture(scope="module")
def posterior(linear, data):
    return linear_posterior(linear, data, fixed={"mean": 0.3})


def exact(economy, data, posterior, theta):
    values = dict(zip(posterior.names, theta, strict=True))
    space = exact_state_space(economy, {"mean": 0.3, **values})
    return log_likelihood(space, data.to_numpy()) + posterior.log_prior(theta)[0]


def test_log_prob_is_prior_plus_exact_likelihood(linear, linear_economy, data):
    posterior = linear_posterior(linear, data, filter_class=TwistedFilter, fixed={"mean": 0.3})
    theta = np.array([[1.2, 0.7], [0.9, 0.5]])
    expected = [exact(linear_economy, data, posterior, row) for row in theta]
    np.testing.assert_allclose(posterior.log_prob(theta), expected, atol=0.01)


def test_parameters_are_matched_by_name_not_by_order(posterior, linear):
    parameters = posterior.parameters([1.2, 0.7])[0]
    assert dict(zip(linear.parameter_names, parameters, strict=True)) == {
        "rho": 0.7,
        "sigma": 1.2,
        "mean": 0.3,
    }


def test_order_of_the_priors_does_not_matter(linear, data, posterior):
    flipped = linear_posterior(linear, data, dict(reversed(linear_priors().items())), fixed={"mean": 0.3})
    assert flipped.log_prob([0.7, 1.2]) == posterior.log_prob([1.2, 0.7])


def test_dict_and_vector_theta_agree(posterior):
    by_name = posterior.log_prob({"rho": [0.7, 0.5], "sigma": 1.2})
    assert np.array_equal(by_name, posterior.log_prob([[1.2, 0.7], [1.2, 0.5]]))


def test_fixed_parameters_stay_fixed_and_free_ones_move(posterior, linear):
    drawn = posterior.parameters(posterior.draw_prior(50, np.random.default_rng(0)))
    spread = dict(zip(linear.parameter_names, np.ptp(drawn, axis=0), strict=True))
    assert spread["mean"] == 0.0
    assert min(spread["rho"], spread["sigma"]) > 0.1
    assert drawn[0, linear.parameter_names.index("mean")] == 0.3


def test_a_fixed_value_changes_the_likelihood(linear, data, posterior):
    moved = linear_posterior(linear, data, fixed={"mean": -1.5})  # five log points, of which noise is .7
    assert abs(moved.log_prob([1.2, 0.7]) - posterior.log_prob([1.2, 0.7])) > 1


def test_unlisted_parameter_takes_the_surrogates_default(linear, data):
    posterior = linear_posterior(linear, data)
    assert posterior.parameters([1.2, 0.7])[0, linear.parameter_names.index("mean")] == 0.5


def test_outside_box_prior_and_infinite_theta_have_zero_density(posterior):
    theta = [[1.2, 0.96], [3.1, 0.7], [np.nan, 0.7], [np.inf, 0.7], [1.2, 0.7]]
    values = posterior.log_prob(theta)
    assert np.all(np.isneginf(values[:4]))
    assert np.isfinite(values[4])
    assert np.array_equal(np.isneginf(posterior.log_likelihood(theta)), np.isneginf(values))


def test_outside_the_certified_region_the_density_is_zero(tmp_path, data):
    region = {
        "names": ["rho", "sigma", "mean"],
        "transforms": ["identity"] * 3,
        "center": [0.5, 1.0, 0.0],
        "scale": [0.2, 1.0, 1.0],
        "constant": 0.0,
        "linear": [1.0, 0.0, 0.0],
        "quadratic": [[0.0] * 3] * 3,
        "description": "rho below one half",
    }
    surrogate = Surrogate(write_artifact(example_economy(region=region), tmp_path / "artifact"))
    posterior = linear_posterior(surrogate, data, fixed={"mean": 0.3})
    values = posterior.log_prob([[1.2, 0.6], [1.2, 0.4]])
    assert np.isneginf(values[0])
    assert np.isfinite(values[1])
    assert posterior.draw_prior(30, np.random.default_rng(0))[:, 1].max() <= 0.5


def test_common_random_numbers_depend_on_theta_alone(linear, data):
    posterior = linear_posterior(linear, data, common_random_numbers=True)
    theta = posterior.draw_prior(5, np.random.default_rng(2))
    together = posterior.log_prob(theta, np.random.default_rng(7))
    alone = np.concatenate([posterior.log_prob(row) for row in theta[::-1]])[::-1]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_fresh_random_numbers_differ_and_a_seed_repeats_them(posterior):
    generator = np.random.default_rng(1)
    first, second = posterior.log_prob([1.2, 0.7], generator), posterior.log_prob([1.2, 0.7], generator)
    assert first != second
    assert first == posterior.log_prob([1.2, 0.7], np.random.default_rng(1))


def test_estimated_measurement_error_moves_the_likelihood_by_name(linear, linear_economy, data):
    error = measurement_error(data, sd={"y0": 0.4}, estimated=["measurement_sd_y1"])
    priors = PriorSet({"measurement_sd_y1": make_prior("inv_gamma_pdf", 0.3, 0.1), **linear_priors()})
    particle_filter = TwistedFilter(StateSpace(linear, ["y0", "y1"]), 20)
    likelihood = FilterLikelihood(particle_filter, data)
    posterior = Posterior(linear, likelihood, priors, {"mean": 0.3}, error)
    theta = {"rho": 0.7, "sigma": 1.2, "measurement_sd_y1": [0.3, 1.0]}
    values = posterior.log_likelihood(theta)
    space = exact_state_space(linear_economy, {"rho": 0.7, "sigma": 1.2, "mean": 0.3})
    assert values[0] == pytest.approx(log_likelihood(space, data.to_numpy()), abs=0.01)
    assert values[1] < values[0] - 5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"priors": {"roh": make_prior("beta", 0.5, 0.1)}}, UnknownName, "rho"),
        ({"fixed": {"maen": 0.1}}, UnknownName, "mean"),
        ({"fixed": {"rho": 0.5}}, BadConfiguration, "prior and a fixed value"),
        ({"fixed": {"mean": 5.0}}, OutsideBox, r"mean is fixed at 5, outside .*\[-2, 2\]"),
        ({"fixed": {"measurement_sd_y0": 0.1}}, BadConfiguration, "measurement error's sd"),
    ],
)
def test_wrong_names_and_values_are_one_clear_error(linear, data, change, error, message):
    with pytest.raises(error, match=message):
        linear_posterior(linear, data, **change)


def test_wrong_theta_is_one_clear_error(posterior):
    with pytest.raises(BadData, match="shape"):
        posterior.log_prob([1.0, 0.5, 0.3])
    with pytest.raises(BadData, match="No value is given for the free parameter rho"):
        posterior.log_prob({"sigma": 1.0})
    with pytest.raises(UnknownName, match="rho"):
        posterior.log_prob({"sigma": 1.0, "roh": 0.5})


@pytest.mark.parametrize("smoothed", [True, False])
def test_paths_follow_the_sample_and_the_measurement_error_at_theta(linear, data, smoothed):
    """The smaller the estimated measurement error, the closer to the data."""
    error = measurement_error(data, sd={"y0": 0.4}, estimated=["measurement_sd_y1"])
    priors = PriorSet({"measurement_sd_y1": make_prior("inv_gamma_pdf", 0.3, 0.1), **linear_priors()})
    likelihood = FilterLikelihood(TwistedFilter(StateSpace(linear, ["y0", "y1"]), 20), data)
    posterior = Posterior(linear, likelihood, priors, {"mean": 0.3}, error)
    theta = {"rho": 0.7, "sigma": 1.2, "measurement_sd_y1": [0.02, 1.0]}
    paths = posterior.paths(theta, np.random.default_rng(0), 10, smoothed)
    assert paths.states.shape == (41, 2, 10, 2)
    missed = np.nanmean(np.abs(paths.observables - data.to_numpy()[:, None, None]), axis=(0, 2))[:, 1]
    assert missed[0] < 0.03 < 0.2 < missed[1]


def test_paths_without_states_are_one_clear_error(linear, data, posterior):
    moments = SimulatedMoments(linear, data, ["mean(y0)", "sd(y0)"])
    without = Posterior(linear, moments, posterior.priors, {"mean": 0.3})
    with pytest.raises(BadConfiguration, match="no states"):
        without.paths([1.2, 0.7], np.random.default_rng(0))
