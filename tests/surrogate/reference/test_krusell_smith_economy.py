"""Chain, prices and incomes of Krusell and Smith's economy against published numbers and accounts."""

import numpy as np
import pytest

from surrogate.errors import BadConfiguration, BadData, UnknownName
from surrogate.reference.krusell_smith_economy import DEFAULT, RANGES, Chain, Economy

PUBLISHED = [
    [0.525, 0.35, 0.03125, 0.09375],
    [0.038889, 0.836111, 0.002083, 0.122917],
    [0.09375, 0.03125, 0.291667, 0.583333],
    [0.009115, 0.115885, 0.024306, 0.850694],
]
"""Den Haan, Judd and Juillard (2010): bad unemployed, bad employed, good unemployed, good employed."""


def test_the_joint_chain_is_the_published_one() -> None:
    np.testing.assert_allclose(Chain().joint.reshape(4, 4), PUBLISHED, atol=6e-7)


@pytest.mark.parametrize("chain", [Chain(), Chain((0.12, 0.05), 0.2, ((0.55, 0.3), (0.7, 0.25)))])
def test_unemployment_depends_on_the_state_only(chain: Chain) -> None:
    unemployed = np.array(chain.unemployment)
    for today in range(2):
        people = np.array([unemployed[today], 1 - unemployed[today]])
        for tomorrow in range(2):
            after = people @ chain.employment[today, tomorrow]
            np.testing.assert_allclose(after, [unemployed[tomorrow], 1 - unemployed[tomorrow]], atol=1e-15)
    np.testing.assert_allclose(chain.joint.sum(axis=(2, 3)), 1.0, atol=1e-15)


@pytest.mark.parametrize("state", [0, 1])
def test_incomes_and_returns_exhaust_output(state: int) -> None:
    economy, capital = Economy(DEFAULT), np.array([20.0, 39.0, 60.0])
    gross, wage = economy.prices(state, capital)
    unemployed = economy.chain.unemployment[state]
    earned = economy.incomes(state, wage) @ [unemployed, 1 - unemployed]
    np.testing.assert_allclose(earned, wage * economy.labour[state])
    undepreciated = (1 - DEFAULT["delta"]) * capital
    np.testing.assert_allclose(gross * capital + earned, economy.output(state, capital) + undepreciated)


def test_factors_are_paid_what_they_add() -> None:
    economy, capital, step = Economy(DEFAULT), np.array([39.0]), 1e-4
    gross, _ = economy.prices(1, capital)
    added = (economy.output(1, capital + step) - economy.output(1, capital - step)) / (2 * step)
    np.testing.assert_allclose(gross, 1 - DEFAULT["delta"] + added, rtol=1e-9)


def test_steady_capital_pays_the_rate_of_impatience() -> None:
    economy = Economy({**DEFAULT, "dz": 0.0}, Chain((0.07, 0.07), 0.125, ((0.5, 0.5), (0.5, 0.5))))
    gross, _ = economy.prices(0, economy.steady_capital)
    assert gross == pytest.approx(1 / DEFAULT["beta"], rel=1e-12)


def test_the_state_switches_where_a_draw_is_low() -> None:
    assert Chain().states([2.0, -1.2, 0.0, -1.1, -3.0]).tolist() == [1, 0, 0, 0, 1]
    assert Chain().states([2.0, -1.2], before=0).tolist() == [0, 1]


def test_the_state_switches_as_often_as_it_should() -> None:
    """100,000 draws: the share has a standard deviation of .001, the bound is five of them."""
    states = Chain().states(np.random.default_rng(0).standard_normal(100_000))
    assert np.mean(np.diff(states) != 0) == pytest.approx(0.125, abs=0.005)


@pytest.mark.parametrize("name", list(RANGES))
@pytest.mark.parametrize("value", [-1.0, 25.0, np.nan])
def test_a_parameter_outside_of_its_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(BadData, match=f"^{name} = .*is outside of"):
        Economy({**DEFAULT, name: value})


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(UnknownName, match="parameter mu is missing: give beta"):
        Economy({name: value for name, value in DEFAULT.items() if name != "mu"})


def test_a_chain_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadConfiguration, match=r"outside of \[0, 1\]"):
        Chain(unemployment=(0.5, 0.04), remaining=((0.01, 0.9), (0.01, 0.3)))


@pytest.mark.parametrize("shocks", [[], [[0.0]], [0.0, np.nan], [np.inf]])
def test_shocks_that_cannot_be_used_are_refused(shocks: list) -> None:
    with pytest.raises(BadData, match="finite standard normal"):
        Chain().states(shocks)
