"""Aiyagari's economy in continuous time: finite differences, foresight, linear expectations side by side."""

import numpy as np
import pytest

from surrogate.errors import BadData, NoEquilibrium, UnknownName
from surrogate.reference.continuous_time import (
    ALPHA,
    DELTA,
    Economy,
    Stationary,
    prices,
    solve_stationary,
    stationary_on,
)
from surrogate.reference.continuous_time_linear import LinearEconomy, solve_linear_economy, surrogate_nodes
from surrogate.reference.continuous_time_transition import (
    Transition,
    dates_of_transition,
    solve_transition,
    with_wealth_scaled,
)

DEFAULT = {"gamma": 2.1, "rho": 0.05, "n1": 0.3, "lam": 0.4, "eta": 0.5, "sig": 0.01}
YEARS = np.array([1.0, 5.0, 20.0])


@pytest.fixture(scope="module")
def linear() -> LinearEconomy:
    return solve_linear_economy(DEFAULT)


@pytest.fixture(scope="module")
def rest(linear: LinearEconomy) -> Stationary:
    return linear.fine.rest


def extrapolated_in_time(rest: Stationary, **start: object) -> np.ndarray:
    """log K over `YEARS`; halving the steps of time halves the error."""
    coarse, fine = (
        solve_transition(rest, dates=dates_of_transition(short), **start)  # pyright: ignore[reportArgumentType]
        for short in (0.05, 0.025)
    )
    return 2 * fine.log_capital(YEARS, rest.capital) - coarse.log_capital(YEARS, rest.capital)


def test_extrapolation_takes_the_first_order_away() -> None:
    """On 400 nodes capital is .3 per cent too high, and extrapolated with 799 within .005 per cent."""
    best = solve_stationary(DEFAULT, 1600).capital
    found = solve_stationary(DEFAULT, 400)
    assert 2e-3 < found.fine.capital / best - 1 < 5e-3
    assert found.coarse.capital / best - 1 == pytest.approx(2 * (found.fine.capital / best - 1), rel=0.05)
    assert abs(found.capital / best - 1) < 5e-5


@pytest.mark.parametrize("change", [{}, {"gamma": 1.5}, {"rho": 0.04, "n1": 0.6}, {"gamma": 1.0, "lam": 0.6}])
def test_the_economy_at_rest_satisfies_what_was_not_imposed(change: dict[str, float]) -> None:
    """Goods are eaten or replace capital; the poor with the low income eat it; half earn the low income; and
    inside the grid consumption grows as Euler's equation says.
    """
    found = solve_stationary(DEFAULT | change)
    economy, fine = found.fine.economy, found.fine
    output = fine.capital**ALPHA
    assert fine.consumption_of_all == pytest.approx(output - DELTA * fine.capital, rel=1e-6)
    assert fine.consumption[0, 0] == pytest.approx(prices(fine.capital)[1] * economy.n1, rel=1e-9)
    np.testing.assert_allclose(fine.masses.sum(0), [0.5, 0.5], atol=1e-6)
    r, w = found.prices
    inner = slice(60, 300)
    eaten, nodes = found.consumption, found.nodes
    saving = w * economy.labour + r * nodes[:, None] - eaten
    growth = saving * np.gradient(eaten, nodes, axis=0) / eaten
    jump = (eaten / eaten[:, ::-1]) ** economy.gamma - 1
    expected = (r - economy.rho + economy.lam * jump) / economy.gamma
    # the worst of these four is 1.1e-3 a year on 400 nodes
    np.testing.assert_allclose(growth[inner], expected[inner], atol=2.5e-3)


def test_saving_at_the_limit_falls_like_the_root_of_wealth() -> None:
    """s = -sqrt(2 nu a), nu = c (rho - r - lam ((c1 / c2)^gamma - 1)) / gamma at the limit."""
    found = solve_stationary(DEFAULT, 1600)
    economy, (r, w) = found.fine.economy, found.prices
    low, high = found.consumption[0]
    nu = low * (economy.rho - r - economy.lam * ((low / high) ** economy.gamma - 1)) / economy.gamma
    near = slice(8, 30)
    saving = w * economy.n1 + r * found.nodes[near] - found.consumption[near, 0]
    np.testing.assert_allclose(saving / -np.sqrt(2 * nu * found.nodes[near]), 1.0, atol=0.03)


def test_without_risk_it_is_the_representative_agents_economy() -> None:
    """K falls to K* as incomes come together, with the square of what they differ by."""
    unit = Economy.of(DEFAULT).representative_capital
    beyond = [solve_stationary(DEFAULT | {"n1": n1}).capital / unit - 1 for n1 in (0.8, 0.9)]
    assert 0 < beyond[1] < beyond[0] < 0.1
    assert beyond[1] < 0.35 * beyond[0]


def ramsey(economy: Economy, years: np.ndarray, z: float) -> np.ndarray:
    """log K - log K* in the representative agent's economy, to first order, in closed form: eigenvectors."""
    unit = economy.representative_capital
    output = unit**ALPHA
    eaten = output - DELTA * unit
    slope_r = ALPHA * (ALPHA - 1) * output / unit**2
    system = np.array(
        [
            [economy.rho, -1.0, output],
            [eaten * slope_r / economy.gamma, 0.0, eaten * (economy.rho + DELTA) / economy.gamma],
            [0.0, 0.0, -economy.eta],
        ]
    )
    roots, vectors = np.linalg.eig(system)
    stable = vectors[:, roots < 0]
    weights = np.linalg.solve(stable[[0, 2]], [0.0, z])
    return ((stable[0] * weights) @ np.exp(np.outer(roots[roots < 0], years))) / unit


def test_with_little_risk_shocks_do_what_they_do_to_a_representative_agent() -> None:
    """The more alike incomes are the closer; where they are within a tenth of the mean, within 1.5 per cent
    for five years (.9 and 1.3 per cent on 80 nodes and on 120).
    """
    gaps = []
    for n1 in (0.7, 0.9):
        economy = DEFAULT | {"n1": n1}
        found = solve_linear_economy(economy).log_capital(YEARS, 0.01)
        gaps.append(np.abs(found / ramsey(Economy.of(economy), YEARS, 0.01) - 1))
    assert np.all(gaps[1] < 0.5 * gaps[0])
    assert gaps[1][:2].max() < 0.015


def test_linear_expectations_are_foresight_after_a_small_shock(
    linear: LinearEconomy, rest: Stationary
) -> None:
    """Two methods, one grid: the rest of the difference is that of the steps of time."""
    found = linear.fine.log_capital(YEARS, linear.fine.after_productivity(0.001))
    np.testing.assert_allclose(extrapolated_in_time(rest, productivity=0.001), found, rtol=0.006)


def test_linear_expectations_are_foresight_where_all_are_richer(
    linear: LinearEconomy, rest: Stationary
) -> None:
    masses = with_wealth_scaled(rest, 1.002)
    assert rest.grid.nodes @ masses.sum(1) == pytest.approx(1.002 * rest.capital, rel=1e-9)
    found = linear.fine.log_capital(YEARS, linear.fine.after_masses(masses))
    np.testing.assert_allclose(extrapolated_in_time(rest, masses=masses), found, rtol=0.006)


def test_what_households_eat_at_once_is_the_same(linear: LinearEconomy, rest: Stationary) -> None:
    transition: Transition = solve_transition(rest, 0.001, dates=dates_of_transition(0.0125))
    found = np.log(transition.consumption / rest.consumption) / 0.001
    exact = (linear.fine.consumption[:, -1] / rest.consumption.ravel()).reshape(-1, 2)
    # the worst, next to the limit, is .0044, and half of that with half the steps of time
    np.testing.assert_allclose(found[1:120], exact[1:120], atol=7e-3)
    assert exact[0, 0] == pytest.approx(1.0, rel=1e-6)  # who owns nothing eats the wage


def test_grids_agree(linear: LinearEconomy) -> None:
    """Half as many nodes move the extrapolated response and its sd by less than half a per cent; capital has
    an error that is then a quarter.
    """
    coarse = solve_linear_economy(DEFAULT, 41)
    np.testing.assert_allclose(coarse.log_capital(YEARS, 0.01), linear.log_capital(YEARS, 0.01), rtol=5e-3)
    assert coarse.sd_log_capital == pytest.approx(linear.sd_log_capital, rel=5e-3)
    errors = [
        abs((2 * each.fine.rest.capital - each.coarse.rest.capital) / linear.capital - 1)
        for each in (linear, coarse)
    ]
    assert errors[0] < 0.35 * errors[1] < 1.5e-3


def test_controls_are_those_at_rest_and_move_with_productivity(linear: LinearEconomy) -> None:
    nodes = surrogate_nodes(linear.economy, 80)
    found = solve_stationary(DEFAULT)
    densities = [
        np.interp(nodes, found.nodes, column) * np.gradient(nodes) for column in found.fine.masses[::2].T
    ]
    masses = np.concatenate(densities)
    masses *= np.tile(found.capital / (masses @ np.tile(nodes, 2)) * masses.sum(), 160) / masses.sum()
    rows = np.stack([masses / masses.sum()] * 2)
    eaten = linear.controls({"wealth": rows, "productivity": [0.0, 0.01]})["consumption"]
    assert eaten.shape == (2, 160)
    change = (np.log(eaten[1] / eaten[0]) / 0.01).reshape(2, 80).T
    poor = nodes < 5 * linear.economy.representative_capital  # beyond, nobody saves, and responses jump
    np.testing.assert_allclose(change[poor], linear.consumption_by_productivity(nodes)[poor], atol=5e-3)
    with pytest.raises(BadData):
        linear.controls({"wealth": rows, "productivity": [0.0]})


def test_parameters_that_cannot_be_are_refused() -> None:
    with pytest.raises(UnknownName, match="sig"):
        Economy.of({name: value for name, value in DEFAULT.items() if name != "sig"})
    with pytest.raises(BadData):
        solve_stationary(DEFAULT | {"n1": 1.2})
    with pytest.raises(NoEquilibrium):
        stationary_on(Economy.of(DEFAULT | {"n1": 0.02, "gamma": 9.0}), 100)
