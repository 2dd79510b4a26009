"""Draws of states and shocks against the Kalman smoother and filter of statsmodels."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother

from estimation.filters import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    ParticleFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.filters.state_space import Paths, StateSpace
from surrogate.errors import BadConfiguration, BadData
from surrogate.reference.an_schorfheide_linear import LinearStateSpace
from tests.estimation.filters.conftest import Sample
from tests.gaussian_economies import BoundedEconomy, ExponentialEconomy, linear_state_space

DRAWS = 3000
# Particles, and how many draws of the paths are worth one independent draw, for few particles have weight:
# over ten seeds the largest of some seven hundred deviations was .3 (sd .1) of the bounds below
FILTERS = [
    (BootstrapFilter, 40_000, 40),
    (GuidedFilter, 400, 4),
    (AuxiliaryFilter, 400, 4),
    pytest.param(TemperedFilter, 1_000, 8, marks=pytest.mark.slow),
    (TwistedFilter, 50, 2),
]
every_filter = pytest.mark.parametrize(("filter_class", "particles", "per_independent"), FILTERS)


class Moments(NamedTuple):
    """Mean [T, k] and covariance [T, k, k] of (s_t, s_t-1, e_t) in deviations from the steady state."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def peer(model: LinearStateSpace, data: NDArray[np.float64]) -> tuple[Moments, Moments]:
    """Given the data up to each period, and given all of them, by statsmodels."""
    n_states, n_shocks = model.shock_impact.shape
    size = 2 * n_states + n_shocks
    smoother = KalmanSmoother(k_endog=data.shape[1], k_states=size, k_posdef=n_shocks)
    transition, selection = np.zeros((size, size)), np.zeros((size, n_shocks))
    transition[:n_states, :n_states] = model.transition
    transition[n_states : 2 * n_states, :n_states] = np.eye(n_states)
    selection[:n_states], selection[2 * n_states :] = model.shock_impact, np.eye(n_shocks)
    none = np.zeros_like(model.observation_state)
    smoother["transition"], smoother["selection"], smoother["state_cov"] = (
        transition,
        selection,
        np.eye(n_shocks),
    )
    smoother["design"] = np.hstack([none, model.observation_state, model.observation_shock])
    smoother["obs_intercept"] = model.observation_constant[:, None]
    smoother["obs_cov"] = model.measurement_covariance
    smoother.bind(data.copy())
    smoother.initialize_stationary()
    found: Any = smoother.smooth()
    filtered = Moments(found.filtered_state.T, np.moveaxis(found.filtered_state_cov, 2, 0))
    return filtered, Moments(found.smoothed_state.T, np.moveaxis(found.smoothed_state_cov, 2, 0))


def stacked(paths: Paths, vector: int, state_mean: NDArray[np.float64]) -> NDArray[np.floating]:
    """Draws [T, d, k] of (s_t, s_t-1, e_t) in deviations from the steady state."""
    states = paths.states[:, vector] - state_mean
    return np.concatenate([states[1:], states[:-1], paths.shocks[:, vector]], axis=2)


def assert_moments(draws: NDArray[np.floating], exact: Moments, independent: float) -> None:
    """Means and covariances of draws [T, d, k], worth so many independent ones, within 5 standard errors."""
    variance = np.diagonal(exact.covariance, axis1=1, axis2=2)
    errors = draws.mean(axis=1) - exact.mean
    assert (np.abs(errors) < 5 * np.sqrt(variance / independent) + 1e-4).all()
    centred = draws - exact.mean[:, None]
    covariance = np.einsum("tdi,tdj->tij", centred, centred) / draws.shape[1]
    spread = np.sqrt((variance[:, :, None] * variance[:, None] + exact.covariance**2) / independent)
    assert (np.abs(covariance - exact.covariance) < 5 * spread + 1e-4).all()


def three_vectors(sample: Sample) -> NDArray[np.float64]:
    """Parameter vectors [3, p] of the linear economy that differ in persistence, sd and mean."""
    return sample.theta + np.array([[0.0, 0.0, 0.0], [-0.3, 0.4, -0.3], [0.1, -0.2, 0.2]])


@pytest.fixture(scope="session")
def gappy(linear_sample: Sample) -> NDArray[np.float64]:
    """Twelve periods of which one is missing altogether and three in part."""
    data = linear_sample.data.copy()
    data[6], data[9, 0], data[10, 1] = np.nan, np.nan, np.nan
    return data


def exact_moments(sample, economy, theta, data) -> tuple[Moments, Moments]:
    """See `peer`, at one parameter vector."""
    return peer(linear_state_space(economy, theta, sample.space.measurement_sd), data)


@every_filter
def test_smoothed_draws_have_the_means_and_covariances_of_the_kalman_smoother(
    filter_class: type[ParticleFilter], particles, per_independent, linear_sample, linear_economy, gappy
):
    theta = three_vectors(linear_sample)
    paths = filter_class(linear_sample.space, particles).smoothed_paths(
        theta, gappy, np.random.default_rng(1), DRAWS
    )
    for vector, parameters in enumerate(theta):
        draws = stacked(paths, vector, linear_economy.state_mean)
        assert_moments(
            draws, exact_moments(linear_sample, linear_economy, parameters, gappy)[1], DRAWS / per_independent
        )


@every_filter
def test_filtered_draws_have_the_means_and_covariances_of_the_kalman_filter(
    filter_class, particles, per_independent, linear_sample, linear_economy, gappy
):
    theta = three_vectors(linear_sample)
    paths = filter_class(linear_sample.space, particles).filtered_paths(
        theta, gappy, np.random.default_rng(2), DRAWS
    )
    n_states = paths.states.shape[3]
    for vector, parameters in enumerate(theta):
        draws = stacked(paths, vector, linear_economy.state_mean)
        mean, covariance = exact_moments(linear_sample, linear_economy, parameters, gappy)[0]
        kept = [*range(n_states), *range(2 * n_states, draws.shape[2])]
        exact = Moments(mean[:, kept], covariance[:, kept][:, :, kept])
        assert_moments(draws[:, :, kept], exact, DRAWS / per_independent)


def test_smoothed_draws_are_exact_where_the_linearisation_is_wrong(exponential_sample):
    """The logs of the state follow a linear economy, whatever the approximation of the level."""
    data = exponential_sample.data.copy()
    data[5] = np.nan
    model = ExponentialEconomy().state_space(exponential_sample.theta[0], 0.1)
    paths = TwistedFilter(exponential_sample.space, 200).smoothed_paths(
        exponential_sample.theta, data, np.random.default_rng(3), DRAWS
    )
    logs = paths._replace(states=np.log(paths.states))
    assert_moments(stacked(logs, 0, np.zeros(1)), peer(model, data)[1], DRAWS / 3)


@pytest.mark.parametrize(
    ("filter_class", "particles", "tolerance"),
    [(TwistedFilter, 200, 0.25), (GuidedFilter, 1_000, 0.12), (BootstrapFilter, 20_000, 0.12)],
)
def test_smoothed_draws_are_exact_where_a_bound_binds(filter_class, particles, tolerance, bounded):
    """The largest error of the means in standard deviations, and of the standard deviations in themselves, is
    over ten seeds .08 (sd .03) with the twisted filter, whose weights have fat tails here, and .05 (sd .01)
    with the others.
    """
    economy, sd = BoundedEconomy(), 0.1
    data = economy.simulate(0.5, sd, periods=20, seed=4)
    mean, variance = economy.smoothed(data, 0.5, sd)
    space = StateSpace(bounded, ("y",), [sd])
    paths = filter_class(space, particles).smoothed_paths(
        np.array([0.5]), data, np.random.default_rng(4), DRAWS
    )
    states = paths.states[1:, 0, :, 0]
    np.testing.assert_allclose(states.mean(axis=1), mean, atol=tolerance * np.sqrt(variance.max()))
    np.testing.assert_allclose(states.std(axis=1), np.sqrt(variance), rtol=tolerance)


def test_filters_agree_on_the_filtered_states_where_a_bound_binds(bounded):
    data = BoundedEconomy().simulate(0.5, 0.1, periods=20, seed=4)
    space = StateSpace(bounded, ("y",), [0.1])
    many = BootstrapFilter(space, 100_000).filtered_paths([0.5], data, np.random.default_rng(5), 20_000)
    few = TwistedFilter(space, 50).filtered_paths([0.5], data, np.random.default_rng(6), DRAWS)
    spread = many.states.std(axis=2)
    assert (np.abs(many.states.mean(axis=2) - few.states.mean(axis=2)) < 0.1 * spread).all()
    np.testing.assert_allclose(few.states.std(axis=2), spread, rtol=0.15)  # over ten seeds .05 (sd .012)


@pytest.mark.parametrize("filter_class", [GuidedFilter, TwistedFilter])
def test_smoothed_states_controls_shocks_and_observables_follow_each_other(filter_class, linear_sample):
    """Also where the filter sees one observable only: paths have all."""
    surrogate = linear_sample.space.surrogate
    space = StateSpace(surrogate, ("y1",), [0.5], burn_in=5)
    data, theta = linear_sample.data[:, [1]], three_vectors(linear_sample)
    paths = filter_class(space, 40).smoothed_paths(theta, data, np.random.default_rng(7), 15)
    assert paths.observables.shape == (12, 3, 15, 2)
    for t in range(12):
        before = (block[t].reshape(45, -1) for block in (paths.states, paths.controls, paths.shocks))
        after = (paths.states[t + 1], paths.controls[t + 1], paths.observables[t])
        for found, expected in zip(after, surrogate.step(*before, theta), strict=True):
            np.testing.assert_allclose(found.reshape(45, -1), expected, atol=1e-4)


def test_filtered_observables_belong_to_their_shocks_and_states(linear_sample, linear_economy):
    """In levels y1 = d + s1' + .5 s0' - .5 s0: what the shock and lagged state of a draw have led to."""
    paths = GuidedFilter(linear_sample.space, 40).filtered_paths(
        linear_sample.theta, linear_sample.data, np.random.default_rng(7), 15
    )
    m = linear_economy.at(linear_sample.theta)
    now = paths.states[1:] - m.state_mean
    lagged = np.linalg.solve(m.transition, (now - paths.shocks @ m.shock_loading.T)[..., None])[..., 0]
    y = m.observable_mean + (now + m.state_mean) @ m.observation.T
    y += (lagged + m.state_mean) @ m.lagged_observation.T
    np.testing.assert_allclose(paths.observables, y, atol=1e-4)
    rows = paths.states.reshape(-1, 2)
    controls = linear_sample.space.surrogate.policy(rows, linear_sample.theta)
    np.testing.assert_allclose(paths.controls.reshape(-1, 1), controls, atol=1e-5)


@pytest.mark.parametrize("kind", ["smoothed_paths", "filtered_paths"])
def test_same_seed_same_paths_and_other_vectors_make_no_number_nan(kind, linear_sample):
    """Vectors outside the box have no likelihood, hence no paths."""
    theta = np.array([[0.5, 1.0, 7.0], *three_vectors(linear_sample)])
    particle_filter = TwistedFilter(linear_sample.space, 20)
    first, second = (
        getattr(particle_filter, kind)(theta, linear_sample.data, np.random.default_rng(8), 7)
        for _ in range(2)
    )
    for block, same in zip(first, second, strict=True):
        np.testing.assert_array_equal(block, same)
        assert np.isnan(block[:, 0]).all()
        assert np.isfinite(block[:, 1:]).all()
        assert len(np.unique(block[2, 1:, :, 0])) > 10


def test_exploding_economy_has_no_paths(exponential_sample):
    paths = GuidedFilter(exponential_sample.space, 50).smoothed_paths(
        [[0.15], [99.0]], exponential_sample.data, np.random.default_rng(9), 3
    )
    assert np.isfinite(paths.states[:, 0]).all()
    assert np.isnan(paths.states[:, 1]).all()


def test_every_vector_has_the_measurement_sd_it_is_given(linear_sample):
    """Paths keep closer to the observable that is measured better."""
    theta, sd = np.tile(linear_sample.theta, (2, 1)), np.array([[0.05, 5.0], [5.0, 0.05]])
    data = np.where(np.isnan(linear_sample.data), 0.0, linear_sample.data)
    paths = TwistedFilter(linear_sample.space, 50).smoothed_paths(
        theta, data, np.random.default_rng(10), 50, measurement_sd=sd
    )
    missed = np.abs(paths.observables - data[:, None, None]).mean(axis=(0, 2))
    assert missed[0, 0] < 0.1 < 0.3 < missed[0, 1]
    assert missed[1, 1] < 0.1 < 0.3 < missed[1, 0]


def test_infinity_and_no_draws_are_errors(linear_sample):
    particle_filter, generator = TwistedFilter(linear_sample.space, 20), np.random.default_rng(0)
    with pytest.raises(BadData, match="infinite"):
        particle_filter.smoothed_paths(linear_sample.theta, np.full((3, 2), np.inf), generator)
    with pytest.raises(BadConfiguration, match="One or more draws"):
        particle_filter.smoothed_paths(linear_sample.theta, linear_sample.data, generator, draws=0)
