"""Krusell and Smith's economy against accounting, and against the classical solution's equations."""

from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate.models import Parameters, pack
from surrogate.models.krusell_smith import GRID, NODES, KrusellSmith, by_job
from surrogate.models.krusell_smith_household import Household
from surrogate.policy import PolicyNetwork, policy_of
from surrogate.reference.krusell_smith import solve_krusell_smith
from surrogate.reference.krusell_smith_economy import Chain, Economy
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import equilibrium_residuals, euler_residuals
from surrogate.training.sampling import advance, draw_parameters, draw_shocks, draw_states

CALIBRATION = {"beta": 0.985, "gamma": 2.0, "alpha": 0.33, "delta": 0.02, "mu": 0.3, "dz": 0.012}


@pytest.fixture(scope="module")
def model() -> KrusellSmith:
    return KrusellSmith()


@pytest.fixture(scope="module")
def policy(model: KrusellSmith) -> PolicyNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return policy_of(model, (24, 24), 24)


@pytest.fixture(scope="module")
def economies(model: KrusellSmith, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
    """States and parameters after some quarters."""
    generator = torch.Generator().manual_seed(0)
    parameters = draw_parameters(model, 20, generator)
    states = draw_states(model, parameters, generator)
    with torch.no_grad():
        for _ in range(30):
            states = advance(policy, states, parameters, draw_shocks(model, 20, generator))
    return states, parameters


def theta() -> Tensor:
    return torch.tensor(list(CALIBRATION.values()), dtype=torch.float64)


def test_parameters_are_in_the_order_of_the_calibration() -> None:
    assert [each.name for each in KrusellSmith.parameters] == list(CALIBRATION)


@pytest.mark.parametrize("boom", [0, 1])
@pytest.mark.parametrize("employed", [0, 1])
def test_chances_are_those_of_den_haan_judd_and_juillard(boom: int, employed: int) -> None:
    household = Household()
    p = household.name_parameters(theta())
    values = torch.tensor([10.0, employed, 30.0, boom, 30.0], dtype=torch.float64)
    now = household.period(p, values)
    nodes, _ = rule_for(household.shocks, 1)
    chances = household.likelihood(now, nodes, p)
    joint = Chain().joint[boom, employed]
    for (stays, works), chance in zip(nodes.long().tolist(), np.asarray(chances), strict=True):
        then = boom if stays else 1 - boom
        assert chance == pytest.approx(joint[then, works], abs=1e-12)


def test_prices_and_incomes_are_those_of_the_classical_solution() -> None:
    household, economy = Household(), Economy(CALIBRATION)
    p = household.name_parameters(theta())
    assert float(p.steady_capital) == pytest.approx(economy.steady_capital)
    for boom in (0, 1):
        for employed in (0, 1):
            states = torch.tensor([10.0, employed, 33.0, boom, 33.0], dtype=torch.float64)
            now = household.period(p, states)
            gross, wage = economy.prices(boom, 33.0)
            assert float(now.gross_return) == pytest.approx(float(gross), rel=1e-12)
            assert float(now.income) == pytest.approx(economy.incomes(boom, wage)[employed], rel=1e-12)


def test_the_classical_policy_solves_the_household_s_equation() -> None:
    """With the classical law in the place of what all save: between its nodes it is off by 1e-5."""
    solution = solve_krusell_smith(CALIBRATION)
    household, generator = Household(), np.random.default_rng(0)
    count = 500
    boom, employed = generator.integers(2, size=(2, count))
    capital = np.exp(np.log(29.4) + 0.06 * generator.uniform(-1, 1, count))
    assets = 29.4 * generator.uniform(0.05, 3, count)
    intercept, slope = (np.choose(boom, each) for each in (solution.law.intercept, solution.law.slope))
    following = np.exp(intercept + slope * np.log(capital))
    states = torch.from_numpy(np.stack([assets, employed, capital, boom, following], axis=1).astype(float))

    class Classical:
        model = household

        @staticmethod
        def candidates(states: Tensor, p: Parameters) -> dict[tuple[bool, ...], Tensor]:
            return {(): Classical()(states, p)}

        def __call__(self, states: Tensor, p: Parameters) -> Tensor:
            names = {"wealth": 0, "employed": 1, "capital": 2, "good": 3}
            columns = {name: states[..., column].numpy() for name, column in names.items()}
            return torch.from_numpy(solution.controls(columns)["consumption"])[..., None]

    rule, policy = rule_for(household.shocks, 1), cast(PolicyNetwork, Classical())
    residuals = euler_residuals(policy, states, theta().expand(count, -1), *rule)
    assert residuals.abs().max() < 1e-3
    assert residuals.abs().mean() < 3e-5


def test_households_and_goods_add_up(model, policy, economies) -> None:
    states, parameters = economies
    p = model.name_parameters(parameters)
    now = model.period(p, states, policy(states, p))
    for stays in (0.0, 1.0):
        following = model.period(p, model.after(now, torch.full((20, 1), stays, dtype=torch.float64), p))
        mass = by_job(following.wealth).sum(-1)
        unemployment = torch.where(following.boom > 0.5, 0.04, 0.10).double()
        torch.testing.assert_close(mass, torch.stack([unemployment, 1 - unemployment], -1))
        torch.testing.assert_close(following.capital, now.told_tomorrow)
    goods = now.output + (1 - p.delta) * now.capital - now.consumption_of_all
    torch.testing.assert_close(goods, now.told_tomorrow)


def test_at_its_nodes_the_population_errs_as_its_household_does(model, policy, economies) -> None:
    """Up to what is lost between nodes: the same equation by way of the grid, and by the network itself."""
    states, parameters = economies
    with torch.no_grad():
        by_grid = equilibrium_residuals(policy, states, parameters, *rule_for(model.shocks, 1))
        p = model.name_parameters(parameters)
        now = model.period(p, states, policy(states, p))
        households = now.of_households.clone()
        households[..., -1] = now.told_tomorrow[:, None]
        rule = rule_for(model.household.shocks, 1)
        errors = euler_residuals(policy.household, households, parameters[:, None], *rule)[..., 0]
    own = (now.wealth.clamp_min(0) * errors**2).sum(-1) ** 0.5
    torch.testing.assert_close(by_grid[:, 0], own, rtol=0.05, atol=1e-5)
    torch.testing.assert_close(by_grid[:, 1], (now.wealth * errors).sum(-1), rtol=0.05, atol=1e-5)


def test_nobody_saves_less_than_nothing_or_consumes_more_than_there_is(model, policy, economies) -> None:
    states, parameters = economies
    p = model.name_parameters(parameters)
    at_nodes = model.period(p, states, 3 * policy(states, p)).at_nodes
    assert (at_nodes.savings >= 0).all()
    assert (at_nodes.savings == 0).any()
    torch.testing.assert_close(at_nodes.eaten + at_nodes.savings, at_nodes.resources)


def test_productivity_switches_where_the_shock_is_below_its_quantile(model, policy, economies) -> None:
    states, parameters = economies
    quantile = float(torch.special.ndtri(torch.tensor(0.125, dtype=torch.float64)))
    before = states[:, -1] > 1
    for shock, switches in ((quantile - 1e-6, True), (quantile + 1e-6, False)):
        shocks = torch.full((20, 1), shock, dtype=torch.float64)
        after = advance(policy, states, parameters, shocks)[:, -1] > 1
        assert ((after != before) == switches).all()


def test_observables_are_those_of_the_distribution(model, policy) -> None:
    """Two thirds own nothing, one third as much as a node says."""
    p = model.name_parameters(theta()[None])
    wealth = torch.zeros(1, 2 * NODES, dtype=torch.float64)
    wealth[0, 0], wealth[0, NODES], wealth[0, NODES + 40] = 0.1, 2 / 3 - 0.1, 1 / 3
    states = pack({"wealth": wealth, "productivity": 1 + p.dz}, model.states)
    now = model.period(p, states, policy(states, p))
    seen = model.observe(now, now, p)
    capital = float(p.unit) * float(GRID.points[40]) / 3
    assert float(seen["log_capital"]) == pytest.approx(np.log(capital))
    assert float(seen["at_limit"]) == pytest.approx(2 / 3)
    assert float(seen["gini"]) == pytest.approx(2 / 3)
    assert float(seen["bottom_half"]) == pytest.approx(0.0)
    assert float(seen["top_tenth"]) == pytest.approx(0.3)
