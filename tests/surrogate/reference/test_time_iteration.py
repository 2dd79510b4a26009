"""Time iteration against a closed form, against itself on finer grids, and against its own Euler equation."""

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from surrogate.errors import BadData, SurrogateError
from surrogate.reference.growth import RbcGrid, RbcSolution, solve_rbc, steady_capital

PATIENT = {"alpha": 0.36, "beta": 0.99, "delta": 0.025, "gamma": 2.0, "rho": 0.95, "sigma": 0.01}
EXTREME = {"alpha": 0.25, "beta": 0.995, "delta": 0.01, "gamma": 5.0, "rho": 0.98, "sigma": 0.03}
BROCK_MIRMAN = {"alpha": 0.36, "beta": 0.95, "delta": 1.0, "gamma": 1.0, "rho": 0.9, "sigma": 0.02}


def states(parameters: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Capital and productivity, each [21, 13]: half a log point and three standard deviations either side."""
    capital = steady_capital(parameters) * np.exp(np.linspace(-0.5, 0.5, 21))
    sd = parameters["sigma"] / np.sqrt(1 - parameters["rho"] ** 2)
    k, z = np.meshgrid(capital, np.linspace(-3, 3, 13) * sd, indexing="ij")
    return k, z


def euler_error(p: dict[str, float], solution: RbcSolution) -> float:
    """Largest Euler error, in units of consumption, at states near those of the ergodic set."""
    k, z = states(p)
    k, z = k[4:-4], z[4:-4]
    shocks, weights = hermegauss(15)
    consumption = solution.consumption(k, z)
    next_k = (np.exp(z) * k ** p["alpha"] + (1 - p["delta"]) * k - consumption)[..., None]
    next_z = np.clip(p["rho"] * z[..., None] + p["sigma"] * shocks, *solution.productivity[[0, -1]])
    gross_return = p["alpha"] * np.exp(next_z) * next_k ** (p["alpha"] - 1) + 1 - p["delta"]
    marginal_utility = solution.consumption(np.broadcast_to(next_k, next_z.shape), next_z) ** -p["gamma"]
    expected = p["beta"] * (marginal_utility * gross_return) @ (weights / weights.sum())
    return float(np.abs(1 - expected ** (-1 / p["gamma"]) / consumption).max())


@pytest.fixture(scope="module")
def extreme() -> RbcSolution:
    return solve_rbc(EXTREME)


def test_brock_mirman_has_the_closed_form() -> None:
    p = BROCK_MIRMAN
    k, z = states(p)
    exact = (1 - p["alpha"] * p["beta"]) * np.exp(z) * k ** p["alpha"]
    np.testing.assert_allclose(solve_rbc(p).consumption(k, z), exact, rtol=1e-8)


@pytest.mark.parametrize(
    "finer",
    [
        RbcGrid(capital_points=121),
        pytest.param(RbcGrid(productivity_points=29), marks=pytest.mark.slow),
        pytest.param(RbcGrid(shock_points=15), marks=pytest.mark.slow),
        pytest.param(RbcGrid(capital_points=81, capital_width=1.6), marks=pytest.mark.slow),
        RbcGrid(productivity_points=21, productivity_width=5.5),
    ],
    ids=["capital", "productivity", "shock", "wider capital", "wider productivity"],
)
def test_a_finer_or_wider_grid_changes_nothing(finer: RbcGrid, extreme: RbcSolution) -> None:
    k, z = states(EXTREME)
    np.testing.assert_allclose(
        extreme.consumption(k, z), solve_rbc(EXTREME, finer).consumption(k, z), rtol=1e-6
    )


def test_the_euler_equation_holds_between_grid_points(extreme: RbcSolution) -> None:
    assert euler_error(EXTREME, extreme) < 2e-6


def test_consumption_rises_with_capital_and_productivity() -> None:
    consumption = solve_rbc(PATIENT).consumption(*states(PATIENT))
    assert np.all(np.diff(consumption, axis=0) > 0)
    assert np.all(np.diff(consumption, axis=1) > 0)


def test_a_state_beyond_the_grid_is_refused() -> None:
    solution = solve_rbc(BROCK_MIRMAN)
    with pytest.raises(BadData, match="log capital from"):
        solution.consumption(100 * steady_capital(BROCK_MIRMAN), 0.0)


def test_senseless_parameters_say_so() -> None:
    with pytest.raises(SurrogateError, match="sensible"):
        solve_rbc({**PATIENT, "beta": 1.2})
