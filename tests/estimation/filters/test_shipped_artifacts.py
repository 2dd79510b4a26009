"""The filters on the surrogates that ship."""

import numpy as np
import pytest

from estimation.filters import GuidedFilter, TwistedFilter
from estimation.state_space import StateSpace
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
    assert abs(ratios.mean() - 1) < 4 * ratios.std(ddof=1) / np.sqrt(32)
