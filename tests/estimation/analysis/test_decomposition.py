"""Contributions add up, are exact in the linear economy, and fair where shocks interact."""

from itertools import permutations

import numpy as np
import pytest

from estimation.analysis.shocks import contributions, decompositions, shapley_weights
from estimation.analysis.simulation import PosteriorPaths
from estimation.filters.state_space import Paths
from surrogate.errors import UnknownName


def given(states: np.ndarray, shocks: np.ndarray) -> PosteriorPaths:
    """Initial states [w, d, n_s] and shocks [T, w, d, n_e] as if they had been smoothed."""
    nothing = np.empty(0)
    return PosteriorPaths(np.arange(len(states)), nothing, Paths(states[None], nothing, shocks, nothing))


def test_linear_contributions_are_the_usual_ones(linear, linear_economy) -> None:
    generator = np.random.default_rng(0)
    theta = np.array([[0.7, 1.2, 0.3], [0.9, 0.5, -1.0]])
    states, shocks = generator.normal(size=(2, 3, 2)), generator.normal(size=(9, 2, 3, 2))
    found = contributions(linear, theta, given(states, shocks))
    for w, parameters in enumerate(theta):
        m = linear_economy.at(parameters)
        for d in range(3):
            starts = [states[w, d] - m.state_mean, np.zeros(2), np.zeros(2)]
            masks = np.array([[0, 0], [1, 0], [0, 1]])
            for player, (start, mask) in enumerate(zip(starts, masks, strict=True)):
                exact, state = [], start
                for shock in shocks[:, w, d] * mask:
                    following = m.transition @ state + m.shock_loading @ shock
                    exact.append(m.observation @ following + m.lagged_observation @ state)
                    state = following
                np.testing.assert_allclose(found.shapley[player, :, w, d], exact, atol=1e-5)
                np.testing.assert_allclose(found.alone[player, :, w, d], exact, atol=1e-5)


def test_interaction_is_shared_fairly(bounded) -> None:
    """From s = 1 a shock of -2 takes .8 back and lets y = max(0, .8 s + e) fall no further."""
    sampled = given(np.ones((1, 1, 1)), np.full((1, 1, 1, 1), -2.0))
    found = contributions(bounded.posterior.surrogate, np.ones((1, 1)), sampled)
    np.testing.assert_allclose(found.rest.ravel(), 0.0, atol=1e-6)
    np.testing.assert_allclose(found.shapley.ravel(), [0.4, -0.4], atol=1e-6)
    np.testing.assert_allclose(found.alone.ravel(), [0.8, 0.0], atol=1e-6)


def test_shapley_values_are_means_over_orders() -> None:
    values = np.random.default_rng(0).normal(size=2**4)
    expected = np.zeros(4)
    for order in permutations(range(4)):
        coalition = 0
        for player in order:
            expected[player] += (values[coalition | 1 << player] - values[coalition]) / 24
            coalition |= 1 << player
    np.testing.assert_allclose(shapley_weights(4) @ values, expected)


@pytest.mark.parametrize("economy", ["results", "bounded"])
def test_parts_add_up_to_the_data(economy, request) -> None:
    results = request.getfixturevalue(economy)
    for finding, name in zip(decompositions(results, draws=6), results.data, strict=True):
        parts = finding.table["mean"].unstack("part").loc[[str(quarter) for quarter in results.data.index]]
        np.testing.assert_allclose(parts.sum(axis=1, skipna=False), results.data[name], atol=1e-9)
        assert finding.name == f"decomposition_{name}"
        assert finding.draw is not None
        assert len(finding.draw().axes) == 1


def test_unknown_series_are_named(results) -> None:
    with pytest.raises(UnknownName, match="y7"):
        decompositions(results, ["y7"])
