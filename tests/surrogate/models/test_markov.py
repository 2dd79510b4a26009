"""Shocks with a few outcomes: what is drawn, and what is expected."""

import dataclasses

import pytest
import torch
from torch import Tensor

from surrogate.errors import BadConfiguration
from surrogate.models import (
    Control,
    Markov,
    Model,
    Named,
    ParameterRange,
    Parameters,
    Period,
    Values,
    Variable,
)
from surrogate.models.olg_analytic import AnalyticOverlappingGenerations
from surrogate.policy import PolicyNetwork
from surrogate.training import Settings
from surrogate.training.checks import check_economy
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.run import formulation


class Weather(Model):
    """Rain is likelier after rain and after wind, and its last outcome is a flood."""

    name = "weather"
    parameters = (ParameterRange("stay", 0.5, 0.9, 0.7),)
    states = (Variable("rain"), Variable("wind"), Variable("level"))
    controls = (Control("expected"),)
    shocks = (Markov("wind"), Variable("level"), Markov("rain", outcomes=3))
    observables = (Variable("rain"),)
    equations = (Variable("expectation"),)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        zero = torch.zeros_like(p.stay)
        return {"rain": zero, "wind": zero, "level": zero}, {"expected": zero}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        one = torch.ones_like(p.stay)
        return {"rain": (0 * one, 2 * one), "wind": (0 * one, one), "level": (-one, one)}

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        wet = torch.where(now.rain > 0.5, p.stay, 1 - p.stay) * (1 - 0.2 * e.wind)
        windy = 0.3 + 0 * wet
        return {
            "wind": torch.stack([1 - windy, windy], -1),
            "rain": torch.stack([1 - wet, 0.75 * wet, 0.25 * wet], -1),
        }

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        return {"rain": e.rain, "wind": e.wind, "level": 0.5 * now.level + e.level * (1 + e.rain)}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        return {"level": then.level**2 + 10 * then.rain + 100 * then.wind}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        return {"expectation": now.expected - expected.level}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        return {"rain": then.rain}


@pytest.fixture
def states() -> Tensor:
    return torch.tensor([[0.0, 0.0, 0.3], [1.0, 1.0, -0.2], [2.0, 0.0, 0.0]], dtype=torch.float64)


def by_hand(states: Tensor, stay: float) -> Tensor:
    """E[level'^2 + 10 rain' + 100 wind'] from the transition as one would write it down."""
    expected = []
    for rain, _, level in states.tolist():
        total = 0.0
        for wind, windy in ((0, 0.7), (1, 0.3)):
            wet = (stay if rain > 0 else 1 - stay) * (1 - 0.2 * wind)
            for after, chance in ((0, 1 - wet), (1, 0.75 * wet), (2, 0.25 * wet)):
                second_moment = (0.5 * level) ** 2 + (1 + after) ** 2
                total += windy * chance * (second_moment + 10 * after + 100 * wind)
        expected.append(total)
    return torch.tensor(expected, dtype=torch.float64)


def test_expectations_are_exact_sums_over_outcomes(states):
    model = Weather()
    policy = PolicyNetwork(model, (4,), 4)
    parameters = torch.tensor([[0.7]], dtype=torch.float64).expand(3, 1)
    residuals = equilibrium_residuals(policy, states, parameters, *rule_for(model.shocks, 3))[:, 0]
    expected = policy(states, parameters)[:, 0] - by_hand(states, 0.7)
    torch.testing.assert_close(residuals, expected, rtol=1e-12, atol=1e-12)


def test_drawn_outcomes_have_their_chances_and_the_order_of_the_normal(states):
    """Evenly spaced quantiles fall into each outcome in proportion to its chance."""
    model, count = Weather(), 4000
    p = model.name_parameters(torch.tensor([0.7], dtype=torch.float64))
    quantiles = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    normals = torch.special.ndtri(quantiles)
    for state in states:
        now = model.period(p, state.expand(count, 3), torch.zeros(count, 1, dtype=torch.float64))
        for windy, wind_normal in ((0.0, -3.0), (1.0, 3.0)):
            shocks = torch.stack([torch.full_like(normals, wind_normal), 0 * normals, normals], dim=1)
            rain, wind = model.tomorrow(now, shocks, p)[:, :2].T
            assert (wind == windy).all()
            assert (rain.diff() >= 0).all()
            wet = (0.7 if state[0] > 0 else 0.3) * (1 - 0.2 * windy)
            shares = torch.bincount(rain.long(), minlength=3) / count
            expected = torch.tensor([1 - wet, 0.75 * wet, 0.25 * wet])
            torch.testing.assert_close(shares, expected, rtol=0, atol=1.01 / count)


def test_nodes_are_every_combination_in_the_order_of_the_columns():
    nodes, weights = rule_for(Weather.shocks, (3,))
    assert nodes.shape == (2 * 3 * 3, 3)
    assert {tuple(row) for row in nodes[:, [0, 2]].tolist()} == {(w, r) for w in (0, 1) for r in (0, 1, 2)}
    assert float(weights.sum()) == pytest.approx(6.0)
    assert float((weights * nodes[:, 1] ** 2).sum()) == pytest.approx(6.0)


def test_shifted_nodes_leave_outcomes_where_they_are():
    generator = torch.Generator().manual_seed(0)
    nodes, weights = rule_for(Weather.shocks, 11, generator)
    assert set(nodes[:, 0].tolist()) == {0.0, 1.0}
    assert float((weights * nodes[:, 1] ** 2).sum()) == pytest.approx(6.0, rel=1e-3)


def test_two_draws_of_the_shocks_cannot_stand_for_outcomes():
    with pytest.raises(BadConfiguration, match="wind, rain"):
        formulation(Weather(), dataclasses.replace(Settings(), method="all_in_one"))


class Leaky(AnalyticOverlappingGenerations):
    """Some outcomes are half as likely as they should be."""

    name = "leaky"

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        chances = super().chances(now, e, p)
        return {**chances, "productivity": chances["productivity"] * torch.tensor([1.0, 0.5])}


def test_chances_that_do_not_add_up_are_found_before_training():
    name = "chances are none below zero and add up to one"
    sound, leaky = (
        {check.name: check for check in check_economy(model)}[name]
        for model in (AnalyticOverlappingGenerations(), Leaky())
    )
    assert sound.passed
    assert not leaky.passed
    assert leaky.detail == "not those of productivity"


@pytest.mark.parametrize("wrong", [{"outcomes": 1}, {"size": 2}])
def test_what_is_no_scalar_with_outcomes_is_refused(wrong):
    with pytest.raises(ValueError, match="two or more outcomes"):
        Markov("rain", **wrong)
