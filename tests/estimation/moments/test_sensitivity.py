import copy

import numpy as np
import pytest
from estimagic import msm_sensitivity as peer
from estimagic.msm_covs import cov_optimal, cov_robust

from estimation.moments import SimulatedMoments, minimise_distance
from estimation.moments import result as sensitivity
from estimation.moments.estimate import FreeParameters
from surrogate.errors import UnknownName
from tests.estimation.moments.first_order import MOMENTS, TRUTH, simulated

MORE = (*MOMENTS, "autocorr(y, 2)")


@pytest.fixture(scope="module")
def problem():
    generator = np.random.default_rng(0)
    root, other = generator.standard_normal((2, 5, 5))
    return generator.standard_normal((5, 2)), other @ other.T + np.eye(5), root @ root.T + 0.5 * np.eye(5)


def expected(kind, derivatives, weights, covariance):
    optimal = np.linalg.inv(covariance)
    robust, best = cov_robust(derivatives, weights, covariance), cov_optimal(derivatives, optimal)
    return {
        "bias": lambda: -peer.calculate_sensitivity_to_bias(derivatives, weights),
        "noise_fundamental": lambda: peer.calculate_fundamental_sensitivity_to_noise(
            derivatives, optimal, covariance, best
        ),
        "noise": lambda: peer.calculate_actual_sensitivity_to_noise(
            -peer.calculate_sensitivity_to_bias(derivatives, weights), weights, covariance, robust
        ),
        "removal": lambda: peer.calculate_actual_sensitivity_to_removal(
            derivatives, weights, covariance, robust
        ),
        "removal_fundamental": lambda: peer.calculate_fundamental_sensitivity_to_removal(
            derivatives, covariance, best
        ),
        "weighting": lambda: peer.calculate_sensitivity_to_weighting(
            derivatives, weights, covariance, robust
        ),
    }[kind]()


@pytest.mark.parametrize("kind", sensitivity.KINDS)
def test_measures_are_those_of_estimagic(problem, kind):
    np.testing.assert_allclose(sensitivity.KINDS[kind](*problem), expected(kind, *problem), rtol=1e-8)


def test_sandwich_is_that_of_estimagic(problem):
    np.testing.assert_allclose(sensitivity.sandwich(*problem), cov_robust(*problem), rtol=1e-8)


def test_removing_a_moment_without_which_nothing_is_identified_is_not_a_number(problem):
    derivatives, weights, covariance = (matrix[:2] for matrix in problem)
    lost = sensitivity.removal(derivatives, weights[:, :2], covariance[:, :2])
    assert np.isnan(lost).all()


def test_estimates_move_with_the_moments_as_the_sensitivity_says(first_order):
    """Against estimating again after each moment of the data has moved by a tenth of its standard error."""
    target = SimulatedMoments(first_order, simulated(400), MORE, "optimal", replications=20)
    free = FreeParameters.of_bounds(first_order, TRUTH, {}, {})
    exactly = {"ftol": 1e-12, "xtol": 1e-12, "gtol": 1e-12}
    start = np.array([list(TRUTH.values())])
    result = minimise_distance(target, free, start, exactly)
    predicted, se = result.sensitivity(), result.se()
    for name in MORE[1:3]:
        column = MORE.index(name)
        step = 0.1 * target.standard_errors[column]
        moved = []
        for sign in (1, -1):
            other = copy.copy(target)
            other.target = target.target + sign * step * (np.arange(len(MORE)) == column)
            moved.append(minimise_distance(other, free, start, exactly).params)
        for parameter, error in se.items():
            difference = (moved[0][parameter] - moved[1][parameter]) / (2 * step)
            scale = error / target.standard_errors[column]
            assert difference / scale == pytest.approx(predicted.loc[parameter, name] / scale, abs=0.05)


def test_unknown_kind_is_one_clear_error(first_order):
    target = SimulatedMoments(first_order, simulated(100), MORE, replications=2)
    free = FreeParameters.of_bounds(first_order, TRUTH, {}, {})
    result = minimise_distance(target, free, np.array([list(TRUTH.values())]))
    with pytest.raises(UnknownName, match="kind of sensitivity"):
        result.sensitivity("biased")
