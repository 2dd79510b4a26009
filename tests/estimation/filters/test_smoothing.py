"""Gains of the backward information filter where the economy is well behaved and where it overflows."""

import numpy as np

from estimation.filters.linearisation import Stages, farsighted_gains


def stages(growth: float) -> Stages:
    """Costs [3, 1, ...] of a scalar economy s' = growth s + e', z = (1, s), seen with unit error."""
    motion = np.tile([[1.0, 0.0, 0.0], [0.0, growth, 1.0]], (3, 1, 1, 1))
    error = np.array([0.0, growth, 1.0])
    own = np.tile(np.outer(error, error) + np.diag([0.0, 0.0, 1.0]), (3, 1, 1, 1))
    return Stages(own, motion)


def test_the_last_shock_is_the_regression_on_its_own_observation():
    """Of y = growth s + e + noise, both of unit variance: e is -growth s / 2 with variance one half."""
    gains = farsighted_gains(stages(0.9))
    np.testing.assert_allclose(gains.response[-1, 0], [[0.0, -0.45]], atol=1e-14)
    np.testing.assert_allclose(gains.precision[-1, 0], [[2.0]])
    np.testing.assert_allclose(gains.lookahead[-1, 0], 0.0)
    np.testing.assert_allclose(gains.lookahead[-2, 0], [[0.0, 0.0], [0.0, 0.81 / 2]], atol=1e-14)


def test_gains_that_overflow_give_way_to_prior_shocks_and_leave_the_others_alone():
    with np.errstate(all="ignore"):
        sound, broken = stages(0.9), stages(1e200)
        both = Stages(*(np.concatenate(pair, axis=1) for pair in zip(broken, sound, strict=True)))
        found, alone = farsighted_gains(both), farsighted_gains(sound)
    assert (found.response[:, 0] == 0).all()
    assert (found.precision[:, 0] == 1).all()
    assert (found.lookahead[:, 0] == 0).all()
    for part, expected in zip(found, alone, strict=True):
        np.testing.assert_allclose(part[:, 1], expected[:, 0], rtol=1e-12)
