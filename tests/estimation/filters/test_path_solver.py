"""Paths of vectors whose shocks the data cannot tell apart, beside others."""

from dataclasses import replace

import numpy as np

from estimation.filters.path_solver import find_path
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate
from tests.linear_artifact import example_economy, write_artifact


def test_a_shock_without_effect_leaves_its_vector_without_a_path_and_the_others_theirs(tmp_path):
    economy = example_economy(dtype="float64")
    rho, sigma, mean = economy.parameters
    still = replace(economy, parameters=(rho, replace(sigma, lower=0.0), mean))
    surrogate = Surrogate(write_artifact(still, tmp_path / "still"))
    theta = np.array([[0.8, 0.0, 0.5], [0.8, 1.2, 0.5]])
    shocks = np.random.default_rng(0).normal(size=(6, 2))
    data = surrogate.simulate(theta[1], shocks).observables[:, 0]
    path, settled = find_path(StateSpace(surrogate, surrogate.observable_names), theta, data)
    assert path.found.tolist() == [False, True]
    assert settled.tolist() == [0, 6]
    np.testing.assert_allclose(path.shocks[1], shocks, atol=1e-9)
