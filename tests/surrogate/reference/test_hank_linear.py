"""Sequence-space Jacobians of households, by brute force and by the package of the method's authors."""

import numpy as np
import pytest

from surrogate.reference.hank_household import (
    BETA,
    BONDS,
    ELASTICITY,
    GROWTH,
    INFLATION_TARGET,
    Households,
    Prices,
)
from surrogate.reference.hank_jacobian import household_responses
from surrogate.reference.hank_linear import SHOCKS, linear_responses
from surrogate.reference.hank_steady_state import moved, solve_steady_state
from surrogate.reference.lottery import WealthGrid

PARAMETERS = {
    "phi": 100.0,
    "theta_pi": 2.25,
    "theta_y": 1.0,
    "rho_z": 0.4,
    "rho_m": 0.9,
    "sigma_zeta": 0.015,
    "sigma_z": 0.004,
    "sigma_m": 0.0006,
}
PERIODS = 150


@pytest.fixture(scope="module")
def rest():
    return solve_steady_state(0.05, -0.5, WealthGrid(40, 20.0, 2.5))


@pytest.fixture(scope="module")
def households(rest):
    return household_responses(rest, PERIODS, {"expected": rest.choices.consumption})


@pytest.mark.parametrize("name", ["rate", "wage", "tax", "dividends"])
def test_jacobian_by_brute_force(rest, households, name):
    """A price that is a little different in one period, foreseen: households choose backwards from the end
    and their distribution moves forwards."""
    when, ahead, change = 6, 20, 1e-4 * getattr(rest.prices, name)
    paths = []
    for side in (1, -1):
        prices = [rest.prices] * ahead
        prices[when] = rest.prices._replace(**{name: getattr(rest.prices, name) + side * change})
        worth, choices = rest.worth, []
        for each in reversed(prices):
            choices.insert(0, rest.households.choose(worth, each))
            worth = BETA * rest.households.worth_of_saving(choices[0].consumption, each.rate)
        mass, found = rest.mass, []
        for each in choices:
            found.append([(mass * each.savings).sum(), (mass * each.consumption).sum()])
            mass = moved(rest.households, each.savings, mass)
        paths.append(np.array(found))
    slopes = (paths[0] - paths[1]) / (2 * change)
    for column, output in enumerate(("savings", "consumption")):
        jacobian = households.jacobians[output][name][:ahead, when]
        assert np.abs(jacobian - slopes[:, column]).max() < 2e-3 * np.abs(jacobian).max()


def test_goods_clear_along_the_responses(rest, households):
    """Walras' law, which no equation of the system uses."""
    responses = linear_responses(rest, households, PARAMETERS)
    for path in responses.paths.values():
        consumed = path["consumption"] / rest.output
        assert np.abs(consumed - path["output"])[:40].max() < 1e-3 * np.abs(path["output"]).max()


def test_moments_are_integrals_over_the_distribution_at_the_start(rest, households):
    """Nothing moves them in the period of a shock, and afterwards savings do."""
    path = linear_responses(rest, households, PARAMETERS).paths["preference"]
    assert path["expected"][0] == 0
    assert np.abs(path["expected"][1:5]).max() > 1e-6


@pytest.mark.slow
def test_responses_of_the_package_of_the_method_s_authors(rest):
    """The same economy in `sequence_jacobian`, with a household of the test's own, linear between 150 nodes
    (measured: .2 % of the peak apart; the bound leaves room for the interpolation of either)."""
    sj = pytest.importorskip(
        "sequence_jacobian", reason="the package sequence-jacobian is not installed (extra `references`)"
    )
    fine = solve_steady_state(0.05, -0.5, WealthGrid(150, 20.0, 2.5), guess=rest)
    ours = linear_responses(fine, household_responses(fine, 200, {}), PARAMETERS)
    theirs = _by_package(sj, fine, 200)
    for shock, short in zip(SHOCKS, ("zeta", "z", "mp"), strict=True):
        exogenous = ours.paths[shock][shock]
        for name, level in (("inflation", "Pi"), ("wage", "W"), ("output", "Y")):
            scale = {"Pi": INFLATION_TARGET, "W": fine.prices.wage, "Y": fine.output}[level]
            path = theirs[level][short] @ exogenous / scale
            apart = np.abs(path - ours.paths[shock][name])[:40].max()
            assert apart < 0.01 * np.abs(ours.paths[shock][name]).max(), (shock, name)


def _by_package(sj, rest, periods):
    """General-equilibrium Jacobians by the package."""
    households: Households = rest.households
    start = rest.prices.rate / rest.choices.consumption

    @sj.het(exogenous="Pi_s", policy="b", backward="Va", backward_init=lambda b_grid: start.copy())
    def hh(Va_p, b_grid, r, W, tau, div, patience):
        c, b, hours, taxed = _choose(households, BETA * patience * Va_p, Prices(r, W, tau, div))
        nn, inc, Va = households.productivity[:, None] * hours, taxed, r / c
        return Va, b, c, nn, inc

    @sj.simple
    def firms(Pi, W, Y, zeta, phi):
        cost = (Pi / INFLATION_TARGET - 1) * Pi / INFLATION_TARGET
        later = (Pi(1) / INFLATION_TARGET - 1) * Pi(1) / INFLATION_TARGET * (1 + zeta(1) - zeta)
        phillips = phi * cost - 1 + ELASTICITY - ELASTICITY * W - BETA * phi * later
        div = Y * (1 - W)
        patience = 1 + zeta(1) - zeta
        return phillips, div, patience

    @sj.simple
    def bank(Pi, Y, mp, z, R_ss, Y_ss, theta_pi, theta_y):
        R = R_ss * (Pi / INFLATION_TARGET) ** theta_pi * (Y / Y_ss) ** theta_y * (1 + mp)
        r = R(-1) / (Pi * GROWTH * (1 + z))
        return R, r

    @sj.simple
    def markets(NN, INC, B, W, tau, r, Y):
        hours = NN - Y
        budget = W * NN - tau * INC - (r - 1) * BONDS
        bonds = B - BONDS
        return hours, budget, bonds

    model = sj.create_model([hh, firms, bank, markets])
    known = {"Pi": INFLATION_TARGET, "W": rest.prices.wage, "tau": rest.prices.tax, "Y": rest.output}
    known |= {"zeta": 0.0, "z": 0.0, "mp": 0.0, "R_ss": rest.gross_rate, "Y_ss": rest.output}
    known |= {"b_grid": households.bonds, "Pi_s": households.chain[0]}
    known |= {name: PARAMETERS[name] for name in ("phi", "theta_pi", "theta_y")}
    steady = model.steady_state(known)
    assert float(steady["B"]) == pytest.approx(BONDS, abs=1e-2)
    targets = ["phillips", "hours", "budget", "bonds"]
    return model.solve_jacobian(steady, ["Pi", "W", "tau", "Y"], targets, ["zeta", "z", "mp"], T=periods)


def _choose(households, worth, prices):
    """Choices by endogenous grid points, linear between them; consumption at the limit by bisection."""
    today = 1 / worth
    fixed = households.dividend_shares[:, None] * prices.dividends
    held = (today + households.bonds - prices.tax * households.taxed(today, prices) - fixed) / prices.rate
    pairs = zip(held, today, strict=True)
    consumption = np.stack([np.interp(households.bonds, xs, ys) for xs, ys in pairs])
    cash = prices.rate * households.bonds + fixed - households.limit
    low, high = 0.01 * consumption, 4 * consumption
    for _ in range(50):
        middle = (low + high) / 2
        short = middle - prices.tax * households.taxed(middle, prices) < cash
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    at_limit = households.bonds < held[:, :1]
    consumption = np.where(at_limit, low, consumption)
    taxed = households.taxed(consumption, prices)
    savings = cash + households.limit + prices.tax * taxed - consumption
    savings = np.where(at_limit, households.limit, savings)
    return consumption, savings, households.hours(consumption, prices), taxed
