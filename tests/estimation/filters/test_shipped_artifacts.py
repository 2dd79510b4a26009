"""The filters on the surrogates that ship."""

import numpy as np
import pytest

from estimation.filters import GuidedFilter, KalmanFilter, TwistedFilter
from estimation.filters.state_space import StateSpace
from surrogate import load
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M


@pytest.mark.parametrize("calibration", [THETA_M, THETA_L])
def test_log_likelihood_of_an_schorfheide_is_as_precise_as_promised(calibration, us_data):
    """The sd is at most .2 with fifty particles, and the lookahead does not move the likelihood."""
    surrogate = load("an_schorfheide")
    space = StateSpace(surrogate, surrogate.observable_names, 0.2 * us_data.std(axis=0, ddof=1))
    theta = np.tile(surrogate.parameter_array(calibration), (32, 1))
    twisted = TwistedFilter(space, 50).log_likelihood(theta, us_data, np.random.default_rng(1))
    guided = GuidedFilter(space, 400).log_likelihood(theta, us_data, np.random.default_rng(2))
    assert twisted.std(ddof=1) < 0.2
    ratios = np.exp(guided - twisted.mean())
    assert abs(ratios.mean() - 1) < 6 * ratios.std(ddof=1) / np.sqrt(32)  # over ten seeds up to 3.9


@pytest.mark.parametrize("name", ["hank_reduced", "hank_zlb_reduced"])
def test_fitted_moments_of_households_return_to_rest(name):
    """A linear economy has an ergodic distribution, with which the Kalman filter begins, only if they do."""
    surrogate = load(name)
    drawn = np.random.default_rng(4).uniform(surrogate.lower, surrogate.upper, (60, len(surrogate.lower)))
    theta = drawn[surrogate.inside(drawn)][:30]
    assert len(theta) == 30
    data = surrogate.simulate(theta[:1], np.zeros((8, 1, 3))).observables[:, 0].astype(float)
    space = StateSpace(surrogate, surrogate.observable_names, np.array([0.2, 0.2, 0.2]))
    assert np.isfinite(KalmanFilter(space).log_likelihood(theta, data)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["an_schorfheide", "an_schorfheide_zlb"])
def test_smoothed_draws_are_as_far_from_the_truth_as_they_say(name):
    """Of the shocks, 90 in 100 lie between the quantiles of 5 and 95 % that the draws have."""
    surrogate, generator = load(name), np.random.default_rng(3)
    theta = surrogate.parameter_array({**THETA_M, "pi_a": 2.0})
    shocks = generator.standard_normal((90, 8, 3))
    simulated = surrogate.simulate(theta, shocks)
    sd = 0.2 * simulated.observables.std(axis=(0, 1))
    data = simulated.observables + sd * generator.standard_normal(simulated.observables.shape)
    space, inside = StateSpace(surrogate, surrogate.observable_names, sd), []
    for sample in range(8):
        paths = TwistedFilter(space, 100).smoothed_paths(theta, data[40:, sample], generator, draws=100)
        low, high = np.quantile(paths.shocks[:, 0], [0.05, 0.95], axis=1)
        truth = shocks[40:, sample]
        inside.append(((truth > low) & (truth < high)).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.04)
