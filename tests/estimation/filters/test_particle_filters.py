"""Particle filters against exact likelihoods, and the traps of likelihood evaluation."""

import warnings

import numpy as np
import pytest

from estimation.filters import AuxiliaryFilter, BootstrapFilter, GuidedFilter, TemperedFilter, TwistedFilter
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M
from tests.estimation.filters.conftest import FILTERS, Sample
from tests.gaussian_economies import BoundedEconomy, an_schorfheide_economy
from tests.linear_artifact import example_economy, write_artifact

every_filter = pytest.mark.parametrize("filter_class", FILTERS)


def assert_unbiased(log_likelihoods, exact):
    """The mean of the likelihoods themselves is the exact one, within five standard errors."""
    ratios = np.exp(log_likelihoods - exact)
    standard_error = ratios.std(ddof=1) / np.sqrt(len(ratios))
    assert 0 < standard_error < 0.1
    assert abs(ratios.mean() - 1) < 5 * standard_error


@pytest.mark.parametrize("threshold", [0.2, 0.5, 1.0])
@pytest.mark.parametrize(
    ("filter_class", "particles"), [(BootstrapFilter, 200), (GuidedFilter, 20), (AuxiliaryFilter, 20)]
)
def test_likelihood_is_unbiased_under_adaptive_resampling(filter_class, particles, threshold, linear_sample):
    estimates = linear_sample.repeated(filter_class, particles, 1000, resample_threshold=threshold)
    assert_unbiased(estimates, linear_sample.exact)


@pytest.mark.parametrize(
    "threshold", [pytest.param(0.3, marks=pytest.mark.slow), 0.5, pytest.param(0.8, marks=pytest.mark.slow)]
)
def test_tempered_likelihood_is_unbiased_under_adaptive_tempering(threshold, linear_sample):
    estimates = linear_sample.repeated(TemperedFilter, 60, 700, resample_threshold=threshold)
    assert_unbiased(estimates, linear_sample.exact)


@pytest.mark.parametrize("threshold", [0.5, 1.0])
@pytest.mark.parametrize(
    ("filter_class", "particles"),
    [(BootstrapFilter, 100), (GuidedFilter, 10), (AuxiliaryFilter, 10), (TwistedFilter, 5)],
)
def test_likelihood_is_unbiased_where_the_linearisation_is_wrong(
    filter_class, particles, threshold, exponential_sample
):
    estimates = exponential_sample.repeated(filter_class, particles, 2000, resample_threshold=threshold)
    assert_unbiased(estimates, exponential_sample.exact)


@pytest.mark.parametrize(
    ("filter_class", "particles"),
    [
        (BootstrapFilter, 200),
        (GuidedFilter, 50),
        (AuxiliaryFilter, 50),
        pytest.param(TemperedFilter, 100, marks=pytest.mark.slow),
        (TwistedFilter, 50),
    ],
)
def test_likelihood_is_unbiased_where_a_bound_binds(filter_class, particles, bounded):
    economy, theta, sd = BoundedEconomy(), np.array([0.5]), 0.1
    data = economy.simulate(theta[0], sd, periods=20, seed=4)
    assert (data < 0.1).sum() == 15
    sample = Sample(StateSpace(bounded, ("y",), [sd], burn_in=20), theta, data, None)
    estimates = sample.repeated(filter_class, particles, 2000)
    assert_unbiased(estimates, economy.log_likelihood(data, theta[0], sd))
    assert estimates.std() < 0.9  # over ten seeds of the twisted filter .74 (sd .02), of the others less


def test_twisted_filter_has_no_variance_in_a_linear_economy(linear_sample):
    estimates = linear_sample.repeated(TwistedFilter, 5, 20)
    np.testing.assert_allclose(estimates, linear_sample.exact, atol=2e-4)


def test_lookahead_reduces_the_variance_of_the_guided_filter(exponential_sample):
    guided = exponential_sample.repeated(GuidedFilter, 20, 300)
    twisted = exponential_sample.repeated(TwistedFilter, 20, 300)
    bootstrap = exponential_sample.repeated(BootstrapFilter, 20, 300)
    auxiliary = exponential_sample.repeated(AuxiliaryFilter, 20, 300)
    assert twisted.std() < guided.std() / 1.5
    assert guided.std() < bootstrap.std() / 2
    assert auxiliary.std() < bootstrap.std() / 2


@every_filter
def test_two_pi_constant_is_included(filter_class, linear_sample):
    """A sample with one observed number has the density of that number."""
    data = np.array([[0.3, np.nan]])
    sample = linear_sample._replace(data=data)
    estimates = sample.repeated(filter_class, 4000, 10)
    assert np.mean(estimates) == pytest.approx(sample.exact, abs=0.02)


@every_filter
def test_weights_survive_an_outlier_of_fifty_standard_deviations(filter_class, linear_sample):
    model = linear_sample.model
    predicted = model.observation_state @ model.stationary_distribution()[1] @ model.observation_state.T
    spread = predicted + model.observation_shock @ model.observation_shock.T + model.measurement_covariance
    data = linear_sample.data.copy()
    data[6, 0] += 50 * np.sqrt(spread[0, 0])
    sample = linear_sample._replace(data=data)
    estimates = sample.repeated(filter_class, 1000, 4)
    assert np.isfinite(estimates).all()
    if filter_class is TwistedFilter:
        np.testing.assert_allclose(estimates, sample.exact, atol=0.05)


@every_filter
def test_all_missing_period_adds_zero(filter_class, linear_sample):
    data = linear_sample.data
    longer = np.concatenate([data, np.full((4, 2), np.nan)])
    particle_filter = filter_class(linear_sample.space, 50)
    values = [
        particle_filter.log_likelihood(linear_sample.theta, sample, np.random.default_rng(2))
        for sample in (data, longer)
    ]
    np.testing.assert_allclose(values[0], values[1], atol=1e-4 if filter_class is TwistedFilter else 1e-10)


@every_filter
def test_sample_without_any_observation_has_log_likelihood_zero(filter_class, linear_sample):
    sample = linear_sample._replace(data=np.full((6, 2), np.nan))
    np.testing.assert_allclose(sample.repeated(filter_class, 20, 3), 0.0, atol=1e-12)


@every_filter
def test_nan_is_missing_and_not_a_number_that_was_observed(filter_class, linear_sample):
    filled = linear_sample.data.copy()
    filled[3, 1] = -0.3
    observed = linear_sample._replace(data=filled)
    difference = (
        observed.repeated(filter_class, 2000, 5).mean() - linear_sample.repeated(filter_class, 2000, 5).mean()
    )
    expected = observed.exact - linear_sample.exact
    assert difference == pytest.approx(expected, abs=0.45)  # over ten seeds of the bootstrap filter sd .08
    assert abs(expected) > 1


@every_filter
def test_infinity_is_an_error(filter_class, linear_sample):
    data = linear_sample.data.copy()
    data[2, 0] = np.inf
    with pytest.raises(BadData, match="infinite"):
        linear_sample._replace(data=data).repeated(filter_class, 10, 1)


def test_wrong_number_of_columns_is_an_error(linear_sample):
    with pytest.raises(BadData, match="y0, y1"):
        linear_sample._replace(data=np.zeros((5, 3))).repeated(GuidedFilter, 10, 1)


@every_filter
def test_a_row_without_measurement_sd_leaves_the_others_their_likelihood(filter_class, linear_sample):
    space = StateSpace(linear_sample.space.surrogate, ("y0", "y1"))
    particle_filter = filter_class(space, 20, common_random_numbers=True)
    theta = np.tile(linear_sample.theta, (5, 1))
    sds = np.array([[0.4, 0.5], [-0.1, 0.5], [0.4, np.nan], [0.0, 0.5], [1e-200, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = particle_filter.log_likelihood(theta, linear_sample.data, np.random.default_rng(0), sds)
    alone = particle_filter.log_likelihood(theta[0], linear_sample.data, np.random.default_rng(0), sds[0])
    assert found[0] == pytest.approx(alone[0], abs=1e-3)
    assert found[1:].tolist() == [-np.inf] * 4


@pytest.mark.parametrize("sd", [[0.0, 0.5], [0.5, np.nan], [-1.0, 0.5]])
@every_filter
def test_stochastic_singularity_raises(filter_class, sd, linear_sample):
    particle_filter = filter_class(StateSpace(linear_sample.space.surrogate, ("y0", "y1")), 10)
    with pytest.raises(BadConfiguration, match=r"singularity|positive"):
        particle_filter.log_likelihood(
            linear_sample.theta, linear_sample.data, np.random.default_rng(0), measurement_sd=sd
        )


@every_filter
def test_filter_reads_the_data_it_was_given(filter_class, linear_sample):
    changed = linear_sample.data.copy()
    changed[-1, 0] += 1.0
    particle_filter = filter_class(linear_sample.space, 200)
    before, after = (
        particle_filter.log_likelihood(linear_sample.theta, data, np.random.default_rng(4))
        for data in (linear_sample.data, changed)
    )
    assert abs(before - after) > 0.05


@every_filter
def test_observables_are_matched_by_name(filter_class, linear_sample):
    surrogate, sd = linear_sample.space.surrogate, linear_sample.space.measurement_sd
    swapped = StateSpace(surrogate, ("y1", "y0"), sd[::-1], burn_in=5)
    particle_filter = filter_class(swapped, 5000)
    value = particle_filter.log_likelihood(
        linear_sample.theta, linear_sample.data[:, ::-1], np.random.default_rng(5)
    )
    assert value[0] == pytest.approx(linear_sample.exact, abs=1.0)  # over ten seeds sd .2, names swapped 8


@every_filter
def test_measurement_sd_of_each_vector(filter_class, linear_sample):
    """Two vectors with different measurement sd get the likelihoods that each would get alone."""
    particle_filter = filter_class(linear_sample.space, 100, common_random_numbers=True)
    theta, sd = np.tile(linear_sample.theta, (2, 1)), np.array([[0.4, 0.5], [3.0, 3.0]])
    together = particle_filter.log_likelihood(
        theta, linear_sample.data, np.random.default_rng(6), measurement_sd=sd
    )
    alone = [
        particle_filter.log_likelihood(
            theta[:1], linear_sample.data, np.random.default_rng(6), measurement_sd=row
        )[0]
        for row in sd
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert together[0] - together[1] > 1  # exactly 17; over ten seeds of the bootstrap filter sd 2


def vectors_around(sample, count: int) -> np.ndarray:
    """Parameter vectors [count, p] near the sample's own."""
    spread = np.linspace(0.9, 1.1, count)
    return sample.theta * spread[:, None]


@every_filter
def test_same_seed_same_answer(filter_class, linear_sample):
    first, second = (linear_sample.repeated(filter_class, 30, 4, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    if filter_class is not TwistedFilter:
        assert len(np.unique(first)) == 4


@every_filter
def test_common_random_numbers_make_a_function_of_the_parameters_alone(filter_class, exponential_sample):
    """Whatever the batch size and the order of the vectors, up to the rounding of float32."""
    particle_filter = filter_class(exponential_sample.space, 33, common_random_numbers=True)
    theta = vectors_around(exponential_sample, 7)

    def evaluate(rows):
        return particle_filter.log_likelihood(theta[rows], exponential_sample.data, np.random.default_rng(8))

    together = evaluate(np.arange(7))
    np.testing.assert_allclose(evaluate(np.arange(7)[::-1]), together[::-1], rtol=1e-5)
    np.testing.assert_allclose(np.concatenate([evaluate([row]) for row in range(7)]), together, rtol=1e-5)


def test_filters_agree_where_the_linearisation_is_wrong(exponential_sample):
    bootstrap = exponential_sample.repeated(BootstrapFilter, 5000, 8)
    guided = exponential_sample.repeated(GuidedFilter, 1000, 8)
    twisted = exponential_sample.repeated(TwistedFilter, 200, 8)
    assert guided.mean() == pytest.approx(bootstrap.mean(), abs=0.25)  # over ten seeds sd .04
    assert twisted.mean() == pytest.approx(bootstrap.mean(), abs=0.25)


@pytest.mark.parametrize(("calibration", "exact"), [(THETA_M, -306.21), (THETA_L, -313.90)])
@pytest.mark.parametrize(
    ("filter_class", "particles", "largest_sd"),
    [(GuidedFilter, 400, 1.0), (AuxiliaryFilter, 400, 1.0), (TwistedFilter, 10, 0.01)],
)
def test_log_linear_an_schorfheide_economy_agrees_with_the_kalman_filter(
    filter_class, particles, largest_sd, calibration, exact, us_data, tmp_path
):
    surrogate = Surrogate(write_artifact(an_schorfheide_economy(calibration), tmp_path / "economy"))
    space = StateSpace(surrogate, surrogate.observable_names, 0.2 * us_data.std(axis=0, ddof=1), burn_in=5)
    theta = np.tile(surrogate.default, (32, 1))
    estimates = filter_class(space, particles).log_likelihood(theta, us_data, np.random.default_rng(9))
    sd = estimates.std(ddof=1)
    assert sd < largest_sd  # over ten seeds up to .66; its own standard error is an eighth
    assert np.log(np.exp(estimates - exact).mean()) == pytest.approx(0, abs=6 * sd / np.sqrt(32) + 0.006)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("calibration", "exact", "bias", "sd"), [(THETA_M, -306.21, -0.9, 1.4), (THETA_L, -313.90, -2.1, 2.1)]
)
def test_tempered_filter_is_as_good_as_published_with_fewer_particles(
    calibration, exact, bias, sd, us_data, tmp_path
):
    """Herbst and Schorfheide (2015, table 8.2) have 4,000; half of them do here."""
    surrogate = Surrogate(write_artifact(an_schorfheide_economy(calibration), tmp_path / "economy"))
    space = StateSpace(surrogate, surrogate.observable_names, 0.2 * us_data.std(axis=0, ddof=1))
    theta = np.tile(surrogate.default, (20, 1))
    estimates = TemperedFilter(space, 2000).log_likelihood(theta, us_data, np.random.default_rng(9))
    assert estimates.std(ddof=1) < sd
    assert bias < estimates.mean() - exact < 0.5


@every_filter
def test_burn_in_matters(filter_class, exponential_sample):
    """A first observation in the tail, where the level is log-normal and its linear approximation normal."""
    sample = exponential_sample._replace(data=np.array([[0.6]]))

    def bias(burn_in):
        space = StateSpace(sample.space.surrogate, ("y",), [0.1], burn_in)
        estimates = sample._replace(space=space).repeated(filter_class, 2000, 50)
        return abs(np.log(np.exp(estimates - sample.exact).mean()))

    assert bias(30) < 0.06
    assert bias(0) > 0.3


@every_filter
def test_vectors_outside_the_box_have_no_likelihood_and_leave_the_others_alone(filter_class, linear_sample):
    particle_filter = filter_class(linear_sample.space, 50)
    theta = np.array([linear_sample.theta, [0.96, 1.0, 0.5], linear_sample.theta, [0.5, 1.0, 7.0]])
    mixed = particle_filter.log_likelihood(theta, linear_sample.data, np.random.default_rng(10))
    inside = particle_filter.log_likelihood(theta[[0, 2]], linear_sample.data, np.random.default_rng(10))
    assert np.isneginf(mixed[[1, 3]]).all()
    np.testing.assert_array_equal(mixed[[0, 2]], inside)


def test_vectors_outside_the_region_have_no_likelihood(linear_sample, tmp_path):
    region = {
        "center": [0.0, 0.0, 0.0],
        "scale": [1.0, 1.0, 1.0],
        "constant": -0.5,
        "linear": [1.0, 0.0, 0.0],
        "quadratic": np.zeros((3, 3)).tolist(),
        "transforms": ["identity"] * 3,
        "description": "rho below one half",
    }
    surrogate = Surrogate(write_artifact(example_economy(region=region), tmp_path / "economy"))
    space = StateSpace(surrogate, surrogate.observable_names, [0.4, 0.5])
    theta = np.array([[0.4, 1.0, 0.5], [0.8, 1.0, 0.5]])
    values = TwistedFilter(space, 10).log_likelihood(theta, linear_sample.data, np.random.default_rng(0))
    assert np.isfinite(values[0])
    assert np.isneginf(values[1])


@every_filter
def test_exploding_economy_has_no_likelihood_and_never_nan(filter_class, exponential_sample):
    particle_filter = filter_class(exponential_sample.space, 50)
    theta = np.array([[0.15], [99.0], [0.15]])
    values = particle_filter.log_likelihood(theta, exponential_sample.data, np.random.default_rng(11))
    assert not np.isnan(values).any()
    assert np.isfinite(values[[0, 2]]).all()
    assert np.isneginf(values[1])


def test_settings_that_make_no_sense_are_refused(linear_sample):
    with pytest.raises(BadConfiguration, match="two or more"):
        GuidedFilter(linear_sample.space, 1)
    with pytest.raises(BadConfiguration, match="between 0 and 1"):
        GuidedFilter(linear_sample.space, 10, resample_threshold=1.5)
    with pytest.raises(BadConfiguration, match="no stage keeps all weights equal"):
        TemperedFilter(linear_sample.space, 10, resample_threshold=1.0)
