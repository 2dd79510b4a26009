"""The steady state of heterogeneous households: another solution's figures, Walras' law, known limits."""

import numpy as np
import pytest

from surrogate.errors import NotSolved
from surrogate.reference.hank_household import BETA, Households, Prices
from surrogate.reference.hank_steady_state import (
    GRID,
    WAGE,
    moved,
    representative_output,
    representative_rate,
    solve_households,
    solve_steady_state,
)
from surrogate.reference.lottery import WealthGrid


def annual(gross_rate: float) -> float:
    return 400 * (gross_rate - 1)


@pytest.fixture(scope="module")
def rest():
    return solve_steady_state(0.05, -0.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sigma", "limit", "rate", "output", "tax", "at_limit", "gini"),
    [
        (0.05, -0.50, 4.275, 1.01310, 0.98609, 0.113, 0.844),
        (0.025, -0.65, 4.726, 1.00562, 0.98220, 0.053, 0.786),
        (0.1, -0.35, 2.499, 1.03994, 0.99986, 0.193, 0.886),
    ],
)
def test_figures_of_a_solution_by_time_iteration(sigma, limit, rate, output, tax, at_limit, gini):
    """Seven states and 400 knots up to 40, linear between them: what a program of its own found."""
    rest = solve_steady_state(sigma, limit, WealthGrid(400, 40.0, 2.5), states=7)
    assert annual(rest.gross_rate) == pytest.approx(rate, abs=2e-3)
    assert rest.output == pytest.approx(output, abs=1e-5)
    assert rest.prices.tax == pytest.approx(tax, abs=1e-5)
    assert rest.share_at_limit == pytest.approx(at_limit, abs=3e-3)
    assert rest.gini == pytest.approx(gini, abs=3e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "limit"), [(0.05, -0.5), (0.025, -0.35), (0.1, -0.65)])
def test_fifty_nodes_are_enough(sigma, limit):
    coarse = solve_steady_state(sigma, limit)
    fine = solve_steady_state(sigma, limit, WealthGrid(400, 40.0, 2.5))
    assert annual(coarse.gross_rate) == pytest.approx(annual(fine.gross_rate), abs=1e-3)
    assert coarse.output == pytest.approx(fine.output, abs=5e-6)


def test_goods_clear_by_walras_law(rest):
    assert (rest.mass * rest.choices.consumption).sum() == pytest.approx(rest.output, abs=1e-8)


def test_the_histogram_stays_where_it_is(rest):
    after = moved(rest.households, rest.choices.savings, rest.mass)
    assert np.abs(after - rest.mass).max() < 1e-12
    assert rest.mass.sum(1) == pytest.approx(rest.households.chain[1], abs=1e-12)


def test_the_budget_holds_at_every_node_and_the_limit_binds_exactly(rest):
    choices, households, prices = rest.choices, rest.households, rest.prices
    cash = prices.rate * households.bonds + prices.tax * choices.taxed
    cash = cash + households.dividend_shares[:, None] * prices.dividends
    assert np.abs(choices.consumption + choices.savings - cash).max() < 1e-10
    bound = choices.savings == households.limit
    assert bound[0].sum() > 2
    assert bound[:, 0].any()
    # At the limit marginal utility exceeds what a unit saved is worth.
    marginal = 1 / choices.consumption
    worth = np.broadcast_to(rest.worth[:, :1], marginal.shape)
    assert (marginal[bound] >= worth[bound] * (1 - 1e-9)).all()


def test_euler_equation_holds_between_nodes(rest):
    """Consumption of who saves b', by the cubic between nodes, against its definition: the budget at a point
    of the endogenous grid."""
    choices, households, prices = rest.choices, rest.households, rest.prices
    today = 1 / rest.worth
    income = prices.tax * households.taxed(today, prices)
    fixed = households.dividend_shares[:, None] * prices.dividends
    held = (today + households.bonds - income - fixed) / prices.rate
    inside = (held > households.bonds[1]) & (held < households.bonds[-2])
    interpolated = np.stack(
        [np.interp(x, households.bonds, c) for x, c in zip(held, choices.consumption, strict=True)]
    )
    assert np.abs(np.log(interpolated / today))[inside].max() < 2e-3


def test_without_risk_the_rate_is_that_of_the_representative_household():
    """The rate falls short by a precautionary motive that vanishes with the variance of risk."""
    some = solve_steady_state(0.025, -0.5)
    less = solve_steady_state(0.018, -0.5, guess=some)
    gaps = [representative_rate() - each.gross_rate for each in (some, less)]
    assert gaps[0] > gaps[1] > 0
    assert gaps[1] / gaps[0] < (0.018 / 0.025) ** 2 * 1.05
    assert some.output - representative_output() > less.output - representative_output() > 0


def test_a_rate_above_impatience_has_no_steady_households():
    households = Households(0.05, -0.5, GRID)
    prices = Prices(1.01 / BETA, WAGE, 0.98, 0.09)
    with pytest.raises(NotSolved, match="beta times the rate"):
        solve_households(households, prices, np.tile(1 / (0.9 + 0.02 * GRID.nodes), (5, 1)))
