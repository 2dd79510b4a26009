"""The shipped economy of many households, and its reduced one, beside the classical solution, under the same
shocks.
"""

import numpy as np
import pytest

from surrogate import load
from surrogate.reference.krusell_smith import solve_krusell_smith

BURN_IN, PERIODS = 2_000, 3_000
MEAN, LARGEST = 0.0015, 0.005
"""Of mean capital and of log capital in any quarter. Over three paths at these two calibrations at most .0005
and .0016, and of the reduced economy .0007 and .0022; anywhere in the box docs/krusell-smith.md has more.
"""


@pytest.mark.parametrize(
    "changes", [{}, {"beta": 0.985, "gamma": 2.0, "alpha": 0.33, "delta": 0.02, "mu": 0.3}]
)
def test_capital_follows_the_path_of_the_classical_solution(changes: dict[str, float]) -> None:
    economies = [load("krusell_smith"), load("krusell_smith_reduced")]
    theta = {**dict(zip(economies[0].parameter_names, economies[0].default, strict=True)), **changes}
    shocks = np.random.default_rng(7).standard_normal(BURN_IN + PERIODS)
    classical = solve_krusell_smith(theta).simulate(shocks).after(BURN_IN)
    for economy in economies:
        seen = economy.simulate(theta, shocks[:, None]).observables[BURN_IN:, 0].astype(float)
        log_capital, log_output, log_consumption = seen[:, :3].T
        assert economy.observable_names[:3] == ("log_capital", "log_output", "log_consumption")
        assert np.exp(log_capital).mean() == pytest.approx(classical.capital.mean(), rel=MEAN)
        assert np.abs(log_capital - np.log(classical.capital)).max() < LARGEST
        assert np.abs(log_output - np.log(classical.output)).max() < LARGEST
        assert np.abs(log_consumption - np.log(classical.consumption)).max() < LARGEST


def test_distributions_keep_adding_up() -> None:
    """Over a thousand quarters in single precision, at corners of the box."""
    economy = load("krusell_smith")
    corners = np.random.default_rng(0).choice([0, 1], (8, economy.n_parameters))
    theta = np.where(corners, economy.upper, economy.lower)
    shocks = np.random.default_rng(1).standard_normal((1_000, 8, 1))
    path = economy.simulate(theta, shocks)
    masses = path.states[:, :, :-1].astype(float)
    np.testing.assert_allclose(masses.sum(axis=2), 1.0, atol=1e-4)
    assert masses.min() > -1e-4
    jobless = masses[:, :, :60].sum(axis=2)
    boom = path.states[:, :, -1] > 1
    np.testing.assert_allclose(jobless, np.where(boom, 0.04, 0.10), atol=1e-5)
