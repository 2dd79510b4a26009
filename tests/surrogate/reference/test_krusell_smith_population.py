"""The classical household at the surrogate's nodes."""

import numpy as np
import pytest

from surrogate import economies, load
from surrogate.errors import BadData
from surrogate.reference.krusell_smith_population import PopulationSolution


@pytest.fixture(scope="module")
def solution() -> PopulationSolution:
    economy = load("krusell_smith")
    found = economies.solve(
        "krusell_smith", dict(zip(economy.parameter_names, economy.default.tolist(), strict=True))
    )
    assert isinstance(found, PopulationSolution)
    return found


def states() -> tuple[np.ndarray, np.ndarray]:
    """Masses and productivity in a few quarters of the surrogate's economy, in both states."""
    economy = load("krusell_smith")
    path = (
        economy.simulate({}, np.random.default_rng(1).standard_normal((60, 1))).states[::6, 0].astype(float)
    )
    return path[:, :-1], path[:, -1]


def test_nodes_and_capital_are_those_of_the_surrogate(solution: PopulationSolution) -> None:
    economy = load("krusell_smith")
    path = economy.simulate({}, np.random.default_rng(1).standard_normal((60, 1)))
    log_capital = path.observables[:, 0, economy.observable_names.index("log_capital")]
    found = np.log(solution.capital(path.states[:, 0, :-1].astype(float)))
    np.testing.assert_allclose(found, log_capital, atol=1e-5)


def test_households_at_nodes_do_what_the_household_does(solution: PopulationSolution) -> None:
    masses, productivity = states()
    good = (productivity > 1).astype(int)
    assert set(good) == {0, 1}
    found = solution.controls({"wealth": masses, "productivity": productivity})["consumption"]
    assert found.shape == masses.shape
    for row in range(len(masses)):
        expected = solution.of_household.controls(
            {
                "wealth": np.tile(solution.nodes, 2),
                "employed": np.repeat([0, 1], 60),
                "good": good[row],
                "capital": solution.capital(masses)[row],
            }
        )
        np.testing.assert_allclose(found[row], expected["consumption"], rtol=1e-12)
    resources = solution.resources(masses, good)
    assert np.all(found <= resources * (1 + 1e-12))
    np.testing.assert_allclose(found[:, 0], resources[:, 0], rtol=1e-12)  # unemployed and without wealth


def test_the_surrogate_eats_nearly_the_same(solution: PopulationSolution) -> None:
    """Up to three times the representative agent's wealth. The largest difference over six seeds is .014, at
    the node next to the limit.
    """
    masses, productivity = states()
    chosen = load("krusell_smith").policy(np.column_stack([masses, productivity]), {}).astype(float)
    eaten = np.minimum(chosen, solution.resources(masses, (productivity > 1).astype(int)))
    exact = solution.controls({"wealth": masses, "productivity": productivity})["consumption"]
    poorer = np.tile(solution.nodes < 3 * solution.of_household.household.economy.steady_capital, 2)
    gap = np.abs(eaten / exact - 1)[:, poorer]
    assert gap.max() < 0.03
    assert np.median(gap) < 2e-3


def test_capital_beyond_the_grid_is_refused(solution: PopulationSolution) -> None:
    masses = np.zeros((1, 120))
    masses[0, [0, 119]] = 0.5
    with pytest.raises(BadData, match="leaves the range"):
        solution.controls({"wealth": masses, "productivity": np.ones(1)})
