"""Every filter that ``[likelihood]`` can name, as an estimation uses it."""

import numpy as np
import pytest

from estimation.filters import BootstrapFilter
from estimation.filters.state_space import StateSpace
from estimation.likelihoods import Ingredients, likelihood_settings
from estimation.likelihoods.inversion import InversionSettings
from estimation.likelihoods.particle import FILTERS, FilterSettings
from estimation.priors import PriorSet, make_prior
from estimation.sampling.posterior import Posterior
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import exact_state_space, linear_priors, simulated_data

PARTICLES = {"bootstrap": 2_000, "tempered": 400, "guided": 400, "auxiliary": 400, "twisted": 50}
every_method = pytest.mark.parametrize("method", FILTERS)


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy, periods=12)


def posterior_by(method, surrogate, data, **measurement_error) -> Posterior:
    """Posterior with `measurement_sd_y1` estimated and that of y0 as given."""
    priors = PriorSet({"measurement_sd_y1": make_prior("inv_gamma_pdf", 0.3, 0.1), **linear_priors()})
    settings = likelihood_settings({"method": method, "particles": PARTICLES[method]})
    return settings.posterior(Ingredients(surrogate, data, priors, {"mean": 0.3}, measurement_error, seed=1))


@every_method
def test_estimated_and_fixed_measurement_error_with_every_filter(method, linear, linear_economy, data):
    posterior = posterior_by(method, linear, data, sd={"y0": 0.4})
    theta = {"rho": 0.7, "sigma": 1.2, "measurement_sd_y1": np.repeat([0.3, 0.9], 40)}
    found = posterior.log_likelihood(theta, np.random.default_rng(0)).reshape(2, 40)
    for sd, values in zip((0.3, 0.9), found, strict=True):
        space = exact_state_space(linear_economy, {"rho": 0.7, "sigma": 1.2, "mean": 0.3})
        space.measurement_covariance[1, 1] = sd**2
        ratios = np.exp(values - log_likelihood(space, data.to_numpy()))
        assert ratios.mean() == pytest.approx(1, abs=5 * ratios.std() / np.sqrt(40) + 2e-3)
        assert ratios.std() < 1.0


@every_method
def test_paths_with_estimated_measurement_error_with_every_filter(method, linear, data):
    posterior = posterior_by(method, linear, data, sd={"y0": 0.4})
    theta = {"rho": 0.7, "sigma": 1.2, "measurement_sd_y1": [0.1, 0.9]}
    for smoothed in (True, False):
        paths = posterior.paths(theta, np.random.default_rng(0), 20, smoothed)
        missed = np.nanmean(np.abs(paths.observables[..., 1] - data["y1"].to_numpy()[:, None, None]), (0, 2))
        assert missed[0] < 0.15 < missed[1]


def test_filtered_draws_do_not_know_what_comes_later_and_smoothed_ones_do(linear, data):
    other = data.copy()
    other.iloc[4:, 0] += 5.0
    theta = {"rho": 0.7, "sigma": 1.2, "measurement_sd_y1": 0.3}
    for smoothed in (True, False):
        known, moved = (
            posterior_by("guided", linear, sample, sd={"y0": 0.4}).paths(
                theta, np.random.default_rng(0), 20, smoothed
            )
            for sample in (data, other)
        )
        assert np.allclose(known.states[:5], moved.states[:5], atol=1e-3) != smoothed
        assert not np.allclose(known.states[5], moved.states[5], atol=1.0)


@pytest.mark.parametrize(
    ("method", "particles"),
    [("twisted", 50), ("guided", 400), ("auxiliary", 400), ("tempered", 1_000), ("bootstrap", 10_000)],
)
def test_filters_have_the_particles_that_the_reference_promises(method, particles):
    assert likelihood_settings({"method": method}) == FilterSettings(particles, method, "fresh", 0.5, 20)


def test_a_burn_in_is_the_filter_s(linear, data):
    """The likelihood is that of the filter itself with so long a burn-in, to the last bit."""
    given = Ingredients(linear, data, PriorSet(linear_priors()), {"mean": 0.3}, {"sd": 0.4}, seed=1)
    theta = linear.parameter_array({"rho": 0.7, "sigma": 1.2, "mean": 0.3})
    found = {}
    for burn_in in (1, 60):
        settings = likelihood_settings({"method": "bootstrap", "particles": 50, "burn_in": burn_in})
        posterior = settings.posterior(given)
        space = StateSpace(linear, tuple(data.columns), [0.4, 0.4], burn_in)
        expected = BootstrapFilter(space, 50).log_likelihood(theta, data, np.random.default_rng(3))
        found[burn_in] = posterior.log_likelihood({"rho": 0.7, "sigma": 1.2}, np.random.default_rng(3))
        np.testing.assert_array_equal(found[burn_in], expected)
    assert found[1] != found[60]


def test_the_usual_burn_in_leaves_runs_what_they_were(linear, data):
    usual, longer = (likelihood_settings({"method": "guided", **given}) for given in ({}, {"burn_in": 300}))
    posterior = posterior_by("guided", linear, data, sd={"y0": 0.4})
    assert "burn_in" not in usual.ingredients(posterior)[0]
    assert longer.ingredients(posterior)[0]["burn_in"] == 300


def test_without_a_presample_every_quarter_counts():
    assert likelihood_settings({"method": "inversion"}) == InversionSettings(bound=None, presample=0)
