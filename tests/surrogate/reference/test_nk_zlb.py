"""Time iteration at the zero lower bound against its equations, other grids, and linear theory."""

import numpy as np
import pytest

from surrogate.errors import BadData, NoEquilibrium
from surrogate.reference.new_keynesian import (
    BETA,
    CHI,
    EPSILON,
    LOG_STEADY_OUTPUT,
    LOG_STEADY_RATE,
    LOG_TARGET,
    NkZlbSolution,
    equilibrium_exists,
    solve_nk_zlb,
)
from surrogate.reference.new_keynesian import (
    PreferenceGrid as Grid,
)

TRUE = {"theta_pi": 2.0, "theta_y": 0.25, "phi": 1000.0, "rho_zeta": 0.7, "sigma_zeta": 0.02}
HARD = {"theta_pi": 2.5, "theta_y": 0.5, "phi": 1300.0, "rho_zeta": 0.8, "sigma_zeta": 0.02}
HOPELESS = {**TRUE, "rho_zeta": 0.9, "sigma_zeta": 0.025}


def preference(p: dict[str, float], width: float = 3.0) -> np.ndarray:
    return np.linspace(-width, width, 501) * p["sigma_zeta"] / np.sqrt(1 - p["rho_zeta"] ** 2)


def equation_errors(p: dict[str, float], solution: NkZlbSolution) -> np.ndarray:
    """Errors of the Euler equation (share of consumption) and the Phillips curve (inflation), as published,
    the expectation by the trapezoidal rule over eight standard deviations of the shock.
    """
    zeta, target = preference(p, 2.5), np.exp(LOG_TARGET)
    today = solution.controls({"preference": zeta})
    y, gross = today["labor"], today["inflation"] / target
    rate = np.maximum(
        1.0,
        np.exp(LOG_STEADY_RATE) * gross ** p["theta_pi"] * (y / np.exp(LOG_STEADY_OUTPUT)) ** p["theta_y"],
    )
    shocks = np.linspace(-8, 8, 4001)
    weights = np.exp(-(shocks**2) / 2) / np.exp(-(shocks**2) / 2).sum()
    edge = solution.preference[-1]
    later = np.clip(p["rho_zeta"] * zeta[:, None] + p["sigma_zeta"] * shocks, -edge, edge)
    tomorrow = solution.controls({"preference": later})
    y_next, inflation_next = tomorrow["labor"], tomorrow["inflation"]
    bond = BETA * rate * ((np.exp(later - zeta[:, None]) * y[:, None] / y_next / inflation_next) @ weights)
    future = (inflation_next * (inflation_next / target - 1) * inflation_next / target * y_next) @ weights
    cost = 1 - EPSILON + EPSILON * CHI * y**2 + p["phi"] * future / (rate * y)
    return np.stack([1 - 1 / bond, (cost - p["phi"] * (gross - 1) * gross) / p["phi"]])


@pytest.fixture(scope="module")
def hard() -> NkZlbSolution:
    return solve_nk_zlb(HARD)


@pytest.mark.parametrize("p", [TRUE, HARD], ids=["true values", "hard"])
def test_the_published_equations_hold_between_grid_points(p: dict[str, float]) -> None:
    assert np.abs(equation_errors(p, solve_nk_zlb(p))).max() < 2e-6


@pytest.mark.parametrize("finer", [Grid(points=1201), Grid(points=501, width=7.5)], ids=["finer", "wider"])
def test_a_finer_or_wider_grid_changes_nothing(finer: Grid, hard: NkZlbSolution) -> None:
    states = {"preference": preference(HARD)}
    again = solve_nk_zlb(HARD, finer).controls(states)
    for name, values in hard.controls(states).items():
        np.testing.assert_allclose(again[name], values, rtol=1e-5)


def test_small_shocks_have_the_linear_solution() -> None:
    """Undetermined coefficients of the linearised model, where the bound is never met."""
    p = {**TRUE, "sigma_zeta": 1e-5}
    kappa, rho = (EPSILON - 1) * 2 / p["phi"], p["rho_zeta"]
    per_output = kappa / (1 - BETA * rho)
    on_output = (1 - rho) / (1 - rho + p["theta_y"] + (p["theta_pi"] - rho) * per_output)
    zeta = preference(p)
    found = solve_nk_zlb(p).controls({"preference": zeta})
    np.testing.assert_allclose(np.log(found["labor"]) - LOG_STEADY_OUTPUT, on_output * zeta, atol=1e-8)
    np.testing.assert_allclose(
        np.log(found["inflation"]) - LOG_TARGET, on_output * per_output * zeta, atol=1e-8
    )


def test_the_bound_binds_exactly_and_only_below_the_kink(hard: NkZlbSolution) -> None:
    rate = hard.interest_rate({"preference": preference(HARD)})
    binds = rate == 1.0
    assert 0.2 < binds.mean() < 0.5
    assert np.all(np.diff(binds.astype(int)) <= 0)
    assert np.all(np.diff(rate[~binds]) > 0)


def test_the_bound_lowers_output_on_average(hard: NkZlbSolution) -> None:
    """In a bad state the rate cannot follow: output falls by more than it rises in the mirror state."""
    low, high = np.log(hard.controls({"preference": preference(HARD)[[0, -1]]})["labor"]) - LOG_STEADY_OUTPUT
    assert low < -1.5 * high


def test_where_there_is_no_equilibrium_it_says_so() -> None:
    with pytest.raises(NoEquilibrium, match=r"runs away.*rho_zeta = 0\.9, sigma_zeta = 0\.025.*smaller"):
        solve_nk_zlb(HOPELESS)


def test_many_calibrations_are_told_apart_side_by_side() -> None:
    calibrations = [TRUE, HOPELESS, HARD] * 50
    columns = {name: np.array([p[name] for p in calibrations]) for name in TRUE}
    np.testing.assert_array_equal(equilibrium_exists(columns), [True, False, True] * 50)


def test_an_iteration_cut_short_says_so() -> None:
    with pytest.raises(NoEquilibrium, match=r"after 3 rounds"):
        solve_nk_zlb(TRUE, iterations=3)


def test_a_state_beyond_the_grid_is_refused(hard: NkZlbSolution) -> None:
    with pytest.raises(BadData, match="preference from"):
        hard.controls({"preference": 1.0})
