"""Krusell and Smith's economy with AR(1) productivity against accounting, and against the classical solution
of the economy of booms and busts that has the same productivity.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from surrogate.models import get, pack
from surrogate.models.interface import Period
from surrogate.models.krusell_smith import KrusellSmith, by_job
from surrogate.models.krusell_smith_ar1 import (
    PARAMETERS,
    STILL_UNEMPLOYED,
    HouseholdWithAr1,
    KrusellSmithAr1,
    spread_of_productivity,
)
from surrogate.reference.krusell_smith import solve_krusell_smith
from surrogate.reference.krusell_smith_economy import Chain, Economy
from surrogate.training import Settings
from surrogate.training.checks import check_economy
from surrogate.training.run import Run
from surrogate.training.sampling import draw_parameters, draw_shocks, draw_states

ALWAYS = (STILL_UNEMPLOYED, STILL_UNEMPLOYED)
CHAIN = Chain(unemployment=(0.07, 0.07), remaining=(ALWAYS, ALWAYS))
CALIBRATION = {each.name: each.default for each in KrusellSmith.parameters}
POINT = tuple(replace(each, lower=each.default, upper=each.default) for each in PARAMETERS)
QUICK = Settings(method="population", hidden=(16, 16), trunk=1, nodes=3, batch=1024, adam_steps=0, steps=80)
QUICK = replace(QUICK, robust_quantile=0.9, robust_loss="huber", memory=0.93, lasting_memory=0.25)
QUICK = replace(QUICK, hopeless_share=0.0)


class HouseholdHere(HouseholdWithAr1):
    """A household at the default."""

    parameters = POINT


class Here(KrusellSmithAr1):
    """The economy at the default."""

    parameters = POINT
    household = HouseholdHere()


def test_it_is_known_by_its_name_and_passes_the_check_of_an_author_s_economy() -> None:
    assert isinstance(get("krusell_smith_ar1"), KrusellSmithAr1)
    assert not [check for check in check_economy(KrusellSmithAr1()) if not check.passed]


@pytest.mark.parametrize("employed", [0, 1])
def test_households_live_as_in_the_classical_economy_without_changes_of_unemployment(employed: int) -> None:
    """The same income, return and chances of a job where productivity is the same."""
    household, classical = HouseholdWithAr1(), Economy(CALIBRATION, CHAIN)
    p = household.name_parameters(household.default_parameters())
    for boom, technology in enumerate(classical.technology):
        values = {"assets": 10.0, "employed": employed, "capital": 33.0}
        values |= {"log_productivity": np.log(technology), "next_capital": 33.0}
        states = {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}
        now = Period(household, p, states)
        gross, wage = classical.prices(boom, 33.0)
        assert float(now.gross_return) == pytest.approx(float(gross), rel=1e-12)
        assert float(now.income) == pytest.approx(classical.incomes(boom, wage)[employed], rel=1e-12)
        chances = CHAIN.employment[boom, boom, employed]
        np.testing.assert_allclose(household.chances(now, None, p)["employed"], chances, atol=1e-12)


def test_households_and_goods_add_up() -> None:
    model = KrusellSmithAr1()
    policy, generator = Run(model, replace(QUICK, batch=64)).policy, torch.Generator().manual_seed(0)
    parameters = draw_parameters(model, 5, generator)
    p = model.name_parameters(parameters)
    states = draw_states(model, parameters, generator)
    for _ in range(5):
        now = model.period(p, states, policy(states, p).detach())
        shocks = draw_shocks(model, 5, generator)
        states = model.tomorrow(now, shocks, p)
        then = model.period(p, states)
        rates = by_job(then.wealth).sum(-1)
        torch.testing.assert_close(rates, torch.tensor([[0.07, 0.93]] * 5, dtype=torch.float64))
        torch.testing.assert_close(then.capital, now.told_tomorrow)
        goods = now.output + (1 - p.delta) * now.capital - now.consumption_of_all
        torch.testing.assert_close(goods, now.told_tomorrow)
        law = p.rho * now.log_productivity + p.sigma * shocks[:, 0]
        torch.testing.assert_close(then.log_productivity, law)


def test_a_short_run_follows_the_classical_path() -> None:
    """Innovations such that productivity is that of a chain of booms and busts in every quarter: households
    expect another spread of it, which matters in second order only. Over five seeds mean capital is
    at most .13 % off and no quarter more than .15 %.
    """
    model = Here()
    run = Run(model, QUICK)
    while run.step < run.total:
        run.advance()
    policy = run.policy
    p = model.name_parameters(model.default_parameters()[None])
    dz = float(spread_of_productivity(p))
    shocks = np.random.default_rng(1).standard_normal(1_500)
    path = np.log1p(dz * (2 * np.concatenate([[1], CHAIN.states(shocks)]) - 1))
    innovations = (path[1:] - float(p.rho) * path[:-1]) / float(p.sigma)
    states = pack(model.start(p) | {"log_productivity": torch.tensor([path[0]])}, model.states)
    log_capital = []
    with torch.no_grad():
        for innovation in innovations:
            now = model.period(p, states, policy(states, p))
            states = model.tomorrow(now, torch.tensor([[innovation]]), p)
            log_capital.append(float(model.period(p, states).capital.log()))
    classical = solve_krusell_smith(CALIBRATION | {"dz": dz}, chain=CHAIN).simulate(shocks)
    gaps = np.array(log_capital[500:]) - np.log(classical.capital[500:])
    assert abs(gaps.mean()) < 3e-3
    assert np.abs(gaps).max() < 4e-3
