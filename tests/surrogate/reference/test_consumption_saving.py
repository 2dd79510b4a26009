"""Endogenous grid points against the closed form without risk, the Euler equation, and other grids."""

import numpy as np
import pytest

from surrogate.errors import BadData, NoEquilibrium
from surrogate.reference.households import (
    SavingGrid as Grid,
)
from surrogate.reference.households import (
    SavingSolution,
    solve_consumption_saving,
    typical_assets,
)

USUAL = {"beta": 0.95, "r": 0.02, "gamma": 2.0, "rho": 0.9, "sigma": 0.1}
RISKY = {"beta": 0.96, "r": 0.01, "gamma": 3.0, "rho": 0.94, "sigma": 0.28}


def states(p: dict[str, float]) -> dict[str, np.ndarray]:
    """Assets [25, 1] from nothing to what is seldom exceeded, log income [13] within three sd."""
    sd = p["sigma"] / np.sqrt(1 - p["rho"] ** 2)
    return {
        "assets": typical_assets(p) * np.linspace(0, 1, 25)[:, None] ** 2,
        "income": np.linspace(-3, 3, 13) * sd,
    }


def euler_ratio(p: dict[str, float], solution: SavingSolution) -> tuple[np.ndarray, np.ndarray]:
    """beta (1 + r) E u'(C') / u'(C) in units of consumption, and the share of cash on hand consumed."""
    grid = states(p)
    income = np.broadcast_to(grid["income"], (25, 13))
    consumption = solution.controls(grid)["consumption"]
    resources = (1 + p["r"]) * grid["assets"] + np.exp(income)
    shocks = np.linspace(-6, 6, 401)
    weights = np.exp(-(shocks**2) / 2) / np.exp(-(shocks**2) / 2).sum()
    later = np.clip(p["rho"] * income[..., None] + p["sigma"] * shocks, *solution.income[[0, -1]])
    carried = np.maximum(resources - consumption, 0.0)[..., None]
    tomorrow = solution.controls({"assets": carried, "income": later})["consumption"]
    expected = p["beta"] * (1 + p["r"]) * (tomorrow ** -p["gamma"] @ weights)
    return expected ** (-1 / p["gamma"]) / consumption, consumption / resources


def without_risk(p: dict[str, float], assets: np.ndarray) -> np.ndarray:
    """Consumption when income is always one: it falls by (beta R)^(1/gamma) a year until, after T years,
    nothing is left; T is the least number of years after which the consumer would not want to borrow.
    """
    gross, growth = 1 + p["r"], (p["beta"] * (1 + p["r"])) ** (1 / p["gamma"])
    resources = gross * assets + 1
    best = resources.copy()
    for years in range(2, 200):
        dates = np.arange(years)
        wealth = resources + (gross ** -dates[1:].astype(float)).sum()
        best = np.minimum(best, wealth / ((growth / gross) ** dates).sum())
    return best


@pytest.fixture(scope="module")
def risky() -> SavingSolution:
    return solve_consumption_saving(RISKY)


def test_hardly_any_risk_is_the_closed_form_without_risk() -> None:
    p = {**USUAL, "sigma": 1e-6}
    assets = np.linspace(0.0, 1.0, 81)
    found = solve_consumption_saving(p, Grid(assets_points=1500, income_points=5)).controls(
        {"assets": assets, "income": 0.0}
    )
    np.testing.assert_allclose(found["consumption"], without_risk(p, assets), rtol=2e-4)


@pytest.mark.parametrize("p", [USUAL, RISKY], ids=["usual", "risky"])
def test_the_euler_equation_holds_off_the_limit_and_the_kink_is_where_it_begins(p: dict[str, float]) -> None:
    ratio, share = euler_ratio(p, solve_consumption_saving(p))
    binds = share == 1.0
    assert 0 < binds.sum() < binds.size
    assert np.abs(ratio[~binds] - 1).max() < 3e-4
    assert ratio[binds].min() > 1


@pytest.mark.parametrize(
    "finer", [Grid(assets_points=900), Grid(income_points=101), Grid(assets_most=3.0, income_width=6.0)]
)
def test_a_finer_or_wider_grid_changes_nothing(finer: Grid, risky: SavingSolution) -> None:
    again = solve_consumption_saving(RISKY, finer)
    grid = states(RISKY)
    np.testing.assert_allclose(
        again.controls(grid)["consumption"], risky.controls(grid)["consumption"], rtol=1e-3
    )
    np.testing.assert_allclose(again.kink(grid["income"]), risky.kink(grid["income"]), rtol=2e-4)


def test_consumption_rises_with_wealth_at_a_falling_rate(risky: SavingSolution) -> None:
    assets = np.linspace(0, typical_assets(RISKY), 200)
    slope = np.diff(risky.controls({"assets": assets, "income": 0.0})["consumption"]) / np.diff(assets)
    assert slope.min() > 0
    assert np.all(np.diff(slope) < 1e-6)


@pytest.mark.parametrize("state", [(-0.1, 0.0), (1e6, 0.0), (1.0, 9.0)])
def test_a_state_beyond_the_grid_is_refused(state: tuple[float, float], risky: SavingSolution) -> None:
    with pytest.raises(BadData, match="leaves the grid"):
        risky.controls(dict(zip(("assets", "income"), state, strict=True)))


def test_patience_beyond_the_interest_rate_has_no_solution() -> None:
    with pytest.raises(NoEquilibrium, match="less than one"):
        solve_consumption_saving({**USUAL, "beta": 0.98, "r": 0.03})


def test_an_iteration_cut_short_says_so() -> None:
    with pytest.raises(NoEquilibrium, match="after 3 rounds"):
        solve_consumption_saving(USUAL, iterations=3)
