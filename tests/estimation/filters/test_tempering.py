"""The stages of the tempered filter are as large as their target allows."""

import numpy as np
import pytest

from estimation.filters.proposals import largest_exponents


@pytest.mark.parametrize("target", [1.5, 2.0, 4.0])
def test_a_stage_leaves_the_dispersion_of_weights_at_its_target(target):
    misfit = np.random.default_rng(0).gamma(2.0, 20.0, (3, 400))
    before = np.array([0.0, 0.01, 0.1])
    after = largest_exponents(before, misfit, target)
    weights = np.exp((before - after)[:, None] * (misfit - misfit.min(axis=1, keepdims=True)))
    dispersion = np.mean(weights**2, axis=1) / np.mean(weights, axis=1) ** 2
    assert ((before < after) & (after < 1)).all()
    np.testing.assert_allclose(dispersion, target, rtol=1e-6)


def test_what_fits_well_needs_one_stage_and_what_fits_nowhere_gets_one():
    """Where no step is small enough, all at once is what is left."""
    small, hopeless = np.linspace(0, 0.1, 50), np.array([0.0, *np.full(49, 1e300)])
    np.testing.assert_array_equal(largest_exponents(np.zeros(2), np.array([small, hopeless]), 2.0), 1.0)
