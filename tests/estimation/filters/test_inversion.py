"""The inversion filter against exact likelihoods, and against the shocks that made the data."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from estimation.filters import Bound, InversionFilter, path_solver
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.errors import BadConfiguration, BadData, StochasticSingularity, UnknownName
from surrogate.reference import an_schorfheide_linear
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M, LinearStateSpace, log_likelihood
from tests.gaussian_economies import an_schorfheide_economy, linear_state_space
from tests.linear_artifact import example_economy, write_artifact

FLOAT32_SHOCKS = 5e-4  # standard deviations
LOW_RATE = {
    **THETA_M,
    **{"rho_z": 0.4, "r_a": 0.3, "pi_a": 1.0, "gamma_q": 0.1, "sigma_r": 0.3, "sigma_z": 0.6},
}
"""An equilibrium with the bound exists here, which loose policy reaches."""
ZERO_BOUND = Bound("interest_rate", "monetary", 1e-3)
AT_BOUND, AFTER_BOUND = 0.15, 0.02
"""Standard deviations by which shocks may be off where a policy is not quite the same wherever the bound
binds, and in the quarters between. Over eight seeds at most .06 and .007.
"""


class KnownStart(LinearStateSpace):
    """A linear economy that starts at its steady state."""

    def stationary_distribution(self) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Zero, without variance."""
        n_states = len(self.transition)
        return np.zeros(n_states), np.zeros((n_states, n_states))


def known_start(model: LinearStateSpace) -> KnownStart:
    """The economy without measurement error, from its steady state."""
    return KnownStart(
        **{**vars(model), "measurement_covariance": np.zeros_like(model.measurement_covariance)}
    )


def inversion(surrogate: Surrogate, bound: Bound | None = None) -> InversionFilter:
    """The filter with all observables of an economy."""
    return InversionFilter(StateSpace(surrogate, surrogate.observable_names), bound)


@pytest.fixture(scope="module")
def linear_exact(linear: Surrogate, linear_economy) -> KnownStart:
    return known_start(linear_state_space(linear_economy, linear.default, np.zeros(2)))


@pytest.fixture(scope="module")
def linear_data(linear_exact: KnownStart) -> NDArray[np.float64]:
    return linear_exact.simulate(15, np.random.default_rng(0))[1]


@pytest.fixture(scope="module")
def new_keynesian() -> tuple[Surrogate, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The shipped economy, eight parameter vectors, shocks [80, 8, 3] and the data they make [80, 8, 3]."""
    surrogate, generator = load("an_schorfheide"), np.random.default_rng(0)
    spread = np.exp(0.05 * generator.standard_normal((100, surrogate.n_parameters)))
    theta = surrogate.parameter_array(THETA_M) * spread
    theta = theta[surrogate.inside(theta)][:8]
    shocks = generator.standard_normal((80, 8, 3))
    return surrogate, theta, shocks, surrogate.simulate(theta, shocks).observables.astype(float)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("float64", 1e-9)])
@pytest.mark.parametrize("calibration", [THETA_M, THETA_L])
def test_log_likelihood_of_the_log_linear_economy_is_that_of_the_kalman_filter(
    calibration, dtype, tolerance, us_data, tmp_path
):
    economy = dataclasses.replace(an_schorfheide_economy(calibration), dtype=dtype)
    surrogate = Surrogate(write_artifact(economy, tmp_path / "linear"))
    model = known_start(an_schorfheide_linear.state_space(calibration, np.ones(3)))
    value = inversion(surrogate).log_likelihood(surrogate.default, us_data)
    np.testing.assert_allclose(value, log_likelihood(model, us_data), atol=tolerance)


def test_with_a_presample_the_likelihood_is_conditional_on_it(us_data):
    chosen = load("an_schorfheide")
    theta = chosen.parameter_array(THETA_M)
    space = StateSpace(chosen, chosen.observable_names)
    whole, first = (InversionFilter(space).log_likelihood(theta, part) for part in (us_data, us_data[:12]))
    rest = InversionFilter(space, presample=12).log_likelihood(theta, us_data)
    np.testing.assert_allclose(rest, whole - first, atol=2e-2)


def test_with_a_presample_it_hardly_matters_where_the_economy_started(us_data, tmp_path):
    """Against the exact likelihood from the ergodic distribution, a tiny measurement error apart."""
    economy = dataclasses.replace(an_schorfheide_economy(THETA_M), dtype="float64")
    surrogate = Surrogate(write_artifact(economy, tmp_path / "linear"))
    ergodic = an_schorfheide_linear.state_space(THETA_M, np.full(3, 1e-6))
    whole, first = (log_likelihood(ergodic, part) for part in (us_data, us_data[:8]))
    space = StateSpace(surrogate, surrogate.observable_names)
    value = InversionFilter(space, presample=8).log_likelihood(surrogate.default, us_data)
    assert abs(InversionFilter(space).log_likelihood(surrogate.default, us_data) - whole) > 10
    np.testing.assert_allclose(value, whole - first, atol=0.3)


def test_two_pi_constant_is_included(linear, linear_exact):
    """A sample with one observed number has the density of that number."""
    impact = linear_exact.observation_shock[0]
    expected = norm.logpdf(0.3, linear_exact.observation_constant[0], np.sqrt(impact @ impact))
    value = inversion(linear).log_likelihood(linear.default, [[0.3, np.nan]])
    np.testing.assert_allclose(value, expected, atol=1e-5)


def test_density_of_a_nonlinear_observable_integrates_to_one():
    surrogate = load("rbc")
    theta = surrogate.parameter_array({"sigma": 0.04, "gamma": 1.5})
    chosen = InversionFilter(StateSpace(surrogate, ["investment_growth"]))
    impulses = np.linspace(-5, 5, 81)
    rest = np.zeros((1, len(impulses), 1)) + impulses[:, None]
    growth = surrogate.simulate(theta, rest).observables[0, :, 2].astype(float)
    density = np.exp([chosen.log_likelihood(theta, [[value]])[0] for value in growth])
    slopes = np.diff(growth) / np.diff(impulses)
    assert slopes.max() > 1.3 * slopes.min()
    assert np.trapezoid(density, growth) == pytest.approx(1.0, abs=1e-3)


def test_shocks_of_a_shipped_economy_are_recovered(new_keynesian):
    surrogate, theta, shocks, data = new_keynesian
    for column in range(3):
        found = inversion(surrogate).invert(theta[column], data[:, column])
        assert found.found.all()
        np.testing.assert_allclose(found.shocks[:, 0], shocks[:, column], atol=FLOAT32_SHOCKS)


def test_all_periods_at_once_and_one_after_the_other_find_the_same_shocks(new_keynesian, us_data):
    """A gap at the end makes the filter go period by period."""
    surrogate, theta, _, _ = new_keynesian
    gap = np.concatenate([us_data, np.full((1, 3), np.nan)])
    together, in_turn = (inversion(surrogate).invert(theta, data) for data in (us_data, gap))
    assert together.found.all()
    np.testing.assert_allclose(together.shocks, in_turn.shocks[:-1], atol=FLOAT32_SHOCKS)
    np.testing.assert_allclose(together.states, in_turn.states[:-1], atol=2e-5)
    np.testing.assert_allclose(together.log_density, in_turn.log_density[:-1], atol=5e-3)


def test_what_has_not_settled_at_once_goes_on_period_by_period(new_keynesian, us_data, monkeypatch):
    surrogate, theta, _, _ = new_keynesian
    expected = inversion(surrogate).invert(theta, us_data)
    monkeypatch.setattr(path_solver, "MOST_SWEEPS", 2)
    path, settled = path_solver.find_path(
        StateSpace(surrogate, surrogate.observable_names), theta.astype(np.float32), us_data
    )
    assert not path.found.any()
    assert settled.max() > 0
    for vector, periods in enumerate(settled):
        known = expected.shocks[:periods, vector]
        np.testing.assert_allclose(path.shocks[vector, :periods], known, atol=2 * FLOAT32_SHOCKS)
    found = inversion(surrogate).invert(theta, us_data)
    assert found.found.all()
    np.testing.assert_allclose(found.shocks, expected.shocks, atol=2 * FLOAT32_SHOCKS)


def test_a_batch_gives_the_numbers_of_one_by_one(new_keynesian, us_data):
    surrogate, theta, _, _ = new_keynesian
    chosen = inversion(surrogate)
    together = chosen.log_likelihood(theta, us_data)
    alone = np.concatenate([chosen.log_likelihood(vector, us_data) for vector in theta])
    assert np.isfinite(together).all()
    assert together.std() > 1
    np.testing.assert_allclose(together, alone, atol=0.02)


@pytest.fixture(scope="module")
def spell() -> tuple[Surrogate, NDArray[np.float64], NDArray[np.float64]]:
    """The economy with the bound, shocks [60, 3] and data [60, 3]; loose policy for fifteen quarters."""
    surrogate, shocks = load("an_schorfheide_zlb"), np.random.default_rng(1).standard_normal((60, 3))
    shocks[20:35, 0] = -3 - np.abs(shocks[20:35, 0])
    data = surrogate.simulate(surrogate.parameter_array(LOW_RATE), shocks).observables[:, 0]
    return surrogate, shocks, data.astype(float)


def test_shocks_around_and_during_a_spell_at_the_bound_are_recovered(spell):
    """But the one that the bound hides: of that only, that it is no lower than it has to be."""
    surrogate, shocks, data = spell
    at_bound = data[:, 2] < ZERO_BOUND.floor
    assert at_bound.sum() >= 15
    found = inversion(surrogate, ZERO_BOUND).invert(surrogate.parameter_array(LOW_RATE), data)
    errors = found.shocks[:, 0] - shocks
    assert np.abs(errors[~at_bound]).max() < AFTER_BOUND
    assert np.abs(errors[at_bound, 1:]).max() < AT_BOUND
    assert (errors[at_bound, 0] > 0).all()
    assert (found.shocks[at_bound, 0, 0] <= 0).all()
    assert np.isfinite(found.log_density).all()


def test_the_hidden_shock_is_the_nearest_to_zero_with_which_the_data_are_reproduced(spell):
    surrogate, _, data = spell
    theta = surrogate.parameter_array(LOW_RATE)
    found = inversion(surrogate, ZERO_BOUND).invert(theta, data)
    again = surrogate.simulate(theta, found.shocks[:, 0]).observables[:, 0]
    np.testing.assert_allclose(again, data, atol=2 * ZERO_BOUND.floor)
    at_bound = np.flatnonzero(data[:, 2] < ZERO_BOUND.floor)
    for quarter in at_bound[found.shocks[at_bound, 0, 0] < 0]:
        higher = found.shocks[: quarter + 1, 0].copy()
        higher[quarter, 0] += 0.7
        rate = surrogate.simulate(theta, higher).observables[quarter, 0, 2]
        assert rate > ZERO_BOUND.floor


def test_a_batch_at_the_bound_gives_the_numbers_of_one_by_one(spell):
    surrogate, _, data = spell
    theta = surrogate.parameter_array({**LOW_RATE, "sigma_r": [0.3, 0.35, 0.3], "psi2": [0.65, 0.65, 0.7]})
    chosen = inversion(surrogate, ZERO_BOUND)
    together, alone = (
        chosen.log_likelihood(theta, data),
        [chosen.log_likelihood(row, data)[0] for row in theta],
    )
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together, alone, atol=0.05)


def test_without_its_bound_the_filter_finds_no_shocks_for_a_spell(spell):
    surrogate, _, data = spell
    chosen = inversion(surrogate)
    assert chosen.log_likelihood(surrogate.parameter_array(LOW_RATE), data - [0, 0, 0.1]) == -np.inf
    assert chosen.failures == 1


def test_missing_observations_take_the_most_likely_shocks(linear, linear_exact):
    """The last period is then exact, and its shocks are a multiple of the observation's response to them."""
    data = np.array([[0.9, -0.4], [0.1, 0.3], [-0.2, np.nan]])
    found = inversion(linear).invert(linear.default, data)
    total = found.log_density.sum()
    assert total == pytest.approx(log_likelihood(linear_exact, data), abs=1e-4)
    response = linear_exact.observation_shock[0]
    shocks = found.shocks[2, 0]
    np.testing.assert_allclose(shocks, response * (response @ shocks) / (response @ response), atol=1e-4)


def test_all_missing_period_adds_zero(linear, linear_data):
    chosen = inversion(linear)
    longer = np.concatenate([linear_data, np.full((3, 2), np.nan)])
    found = chosen.invert(linear.default, longer)
    assert (found.log_density[-3:] == 0).all()
    assert (found.shocks[-3:] == 0).all()
    np.testing.assert_allclose(
        found.log_density.sum(axis=0), chosen.log_likelihood(linear.default, linear_data), atol=1e-3
    )


def test_data_that_no_shocks_reproduce_have_likelihood_zero_for_that_vector_only(bounded):
    """An observable that is never negative cannot be minus one; the other sample is as before."""
    chosen = inversion(bounded)
    good, bad = np.array([[0.3], [0.2]]), np.array([[0.3], [-1.0]])
    assert np.isfinite(chosen.log_likelihood([[0.5], [0.7]], good)).all()
    assert (chosen.log_likelihood([[0.5], [0.7]], bad) == -np.inf).all()
    assert chosen.failures == 2


def test_outside_the_box_the_likelihood_is_zero(linear, linear_data):
    theta = np.stack([linear.default, linear.upper + 1])
    values = inversion(linear).log_likelihood(theta, linear_data)
    assert np.isfinite(values[0])
    assert values[1] == -np.inf


def test_series_never_seen_in_the_same_period_need_one_shock_only(tmp_path):
    """Two series of an economy with one shock, which each of them reveals."""
    economy = example_economy("float64")
    economy = dataclasses.replace(economy, shock_loading=economy.shock_loading[:, :, :1])
    surrogate = Surrogate(write_artifact(economy, tmp_path / "one_shock"))
    model = known_start(linear_state_space(economy, surrogate.default, np.zeros(2)))
    _, data = model.simulate(30, np.random.default_rng(1))
    with pytest.raises(StochasticSingularity, match=r"period 1 observes y0, y1, and .* has 1 shock"):
        inversion(surrogate).log_likelihood(surrogate.default, data)
    data[::2, 0] = data[1::2, 1] = np.nan
    found = inversion(surrogate).log_likelihood(surrogate.default, data)
    assert found == pytest.approx([log_likelihood(model, data)], abs=1e-6)


def test_infinity_is_an_error(linear):
    with pytest.raises(BadData, match="infinite"):
        inversion(linear).log_likelihood(linear.default, [[np.inf, 0.0]])


def test_another_number_of_observables_than_shocks_is_an_error(linear):
    with pytest.raises(BadConfiguration, match=r"as many observables as shocks: linear has 2.*Choose 2"):
        InversionFilter(StateSpace(linear, ["y0"]))


def test_measurement_error_is_an_error(linear):
    with pytest.raises(BadConfiguration, match="no measurement error: leave it out"):
        InversionFilter(StateSpace(linear, ["y0", "y1"], [0.1, 0.1]))


@pytest.mark.parametrize(
    ("bound", "error", "message"),
    [
        (Bound("y3", "e0", 0.0), UnknownName, "observable with a bound 'y3'"),
        (Bound("y0", "e3", 0.0), UnknownName, "shock behind the bound 'e3'"),
        (Bound("y0", "e0", np.nan), BadConfiguration, "floor of y0 must be a finite number"),
    ],
)
def test_a_bound_that_does_not_fit_the_economy_is_an_error(bound, error, message, linear):
    with pytest.raises(error, match=message):
        inversion(linear, bound)


def test_float64_economies_are_inverted_in_float64(tmp_path: Path):
    surrogate = Surrogate(write_artifact(example_economy("float64"), tmp_path / "linear"))
    shocks = np.random.default_rng(0).standard_normal((10, 1, 2))
    data = surrogate.simulate(surrogate.default, shocks).observables[:, 0]
    found = inversion(surrogate).invert(surrogate.default, data)
    np.testing.assert_allclose(found.shocks, shocks, atol=1e-10)


def test_smoothed_and_filtered_paths_are_the_one_path_behind_the_data(new_keynesian):
    surrogate, theta, shocks, data = new_keynesian
    outside = theta[0] + 1e3
    for kind in (InversionFilter.smoothed_paths, InversionFilter.filtered_paths):
        paths = kind(inversion(surrogate), [theta[0], outside], data[:, 0])
        assert paths.states.shape == (81, 2, 1, surrogate.n_states)
        np.testing.assert_allclose(paths.shocks[:, 0, 0], shocks[:, 0], atol=5e-3)
        np.testing.assert_allclose(paths.observables[:, 0, 0], data[:, 0], atol=1e-3)
        policy = surrogate.policy(paths.states[:, 0, 0], theta[0])
        np.testing.assert_allclose(paths.controls[:, 0, 0], policy, atol=1e-6)
        assert all(np.isnan(block[:, 1]).all() for block in paths)
