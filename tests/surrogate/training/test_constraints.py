"""Complementarities: a small economy with a known solution, by either way of solving them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from surrogate.errors import BadConfiguration, UnknownName
from surrogate.models import Control, Model, ParameterRange, Variable, get, unpack
from surrogate.models.consumption_saving import ConsumptionSaving
from surrogate.models.utility import fischer_burmeister
from surrogate.policy import PolicyNetwork
from surrogate.training import Settings, load_policy, train
from surrogate.training.by_equations import EulerResiduals, with_multipliers
from surrogate.training.sampling import draw_parameters, draw_states

SMALL = Settings(hidden=(12, 12), trunk=4, nodes=3, batch=512, adam_steps=20, steps=60)


class Store(Model):
    """A shop orders what it expects to sell tomorrow, but cannot send goods back: order = max(0, rho demand).

    order >= 0, order >= E[demand'], one of them with equality.
    """

    name = "store"
    parameters = (ParameterRange("rho", 0.5, 0.9, 0.8), ParameterRange("sigma", 0.1, 0.3, 0.2))
    states = (Variable("demand"),)
    controls = (Control("order"),)
    shocks = (Variable("news"),)
    observables = (Variable("sales"),)
    equations = (Variable("no_return"),)

    def steady_state(self, p):
        return {"demand": 0 * p.rho}, {"order": 0 * p.rho}

    def state_bounds(self, p):
        return {"demand": (0 * p.rho - 1, 0 * p.rho + 1)}

    def transition(self, now, e, p):
        return {"demand": p.rho * now.demand + p.sigma * e.news}

    def inside(self, now, then, p):
        return {"demand": then.demand}

    def residuals(self, now, expected, p):
        return {}

    def complementarities(self, now, expected, p):
        return {"no_return": (now.order, now.order - expected.demand)}

    def observe(self, now, then, p):
        return {"sales": then.demand}


class Stores(Store):
    """Two of them, as a group."""

    states = (Variable("demand", size=2),)
    controls = (Control("order", size=2),)
    shocks = (Variable("news", size=2),)
    equations = (Variable("no_return", size=2),)
    observables = (Variable("sales", size=2),)

    def steady_state(self, p):
        zero = 0 * torch.stack([p.rho, p.rho], dim=-1)
        return {"demand": zero}, {"order": zero}

    def state_bounds(self, p):
        zero = self.steady_state(p)[0]["demand"]
        return {"demand": (zero - 1, zero + 1)}

    def transition(self, now, e, p):
        return {"demand": p.rho[..., None] * now.demand + p.sigma[..., None] * e.news}


def points(model: Model) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    parameters = draw_parameters(model, 500, generator)
    return draw_states(model, parameters, generator), parameters


def test_the_residual_is_zero_exactly_where_the_complementarity_holds() -> None:
    a = torch.tensor([0.0, 0.3, 0.0, 0.2, -0.1, 0.5], dtype=torch.float64)
    b = torch.tensor([0.7, 0.0, 0.0, 0.1, 0.0, -0.2], dtype=torch.float64)
    phi = fischer_burmeister(a, b)
    assert torch.all(phi[:3].abs() < 1e-14)
    assert torch.all(phi[3:].abs() > 0.01)


def test_its_derivative_is_a_number_at_the_kink() -> None:
    a = torch.zeros((), dtype=torch.float64, requires_grad=True)
    fischer_burmeister(a, torch.zeros((), dtype=torch.float64)).backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad)


@pytest.mark.parametrize("constraints", ["fischer_burmeister", "multipliers"])
def test_both_ways_find_the_constrained_choice(tmp_path: Path, constraints: str) -> None:
    settings = dataclasses.replace(SMALL, constraints=constraints)
    train(Store(), settings, tmp_path / "store.pt")
    policy, _ = load_policy(tmp_path / "store.pt", Store())
    states, parameters = points(policy.model)
    found = unpack(policy(states, parameters).detach(), policy.model.controls)
    wanted = parameters[:, 0] * states[:, 0]
    error = (found.order - wanted.clamp(min=0)).abs()
    assert error.max() < 0.06
    assert error.mean() < 0.01
    if constraints == "multipliers":
        assert torch.all(found.no_return_multiplier > 0)
        assert (found.no_return_multiplier - (-wanted).clamp(min=0)).abs().mean() < 0.01
    names = {"no_return"} if constraints == "fischer_burmeister" else {"no_return", "no_return_multiplier"}
    assert {equation.name for equation in policy.model.equations} == names


def test_multipliers_and_regimes_together(tmp_path: Path) -> None:
    """Where the limit binds the multiplier is what saving less would be worth, and elsewhere nothing."""
    economy = ConsumptionSaving()
    settings = Settings(
        hidden=(12, 12), trunk=8, batch=512, adam_steps=0, steps=40, constraints="multipliers"
    )
    train(economy, settings, tmp_path / "saving.pt")
    policy, _ = load_policy(tmp_path / "saving.pt", economy)
    states, parameters = points(policy.model)
    states[::2, 0] = 0.0
    found = unpack(policy(states, parameters).detach(), policy.model.controls)
    resources = economy.period(economy.name_parameters(parameters), states).resources
    binds = found.consumption >= resources * (1 - 1e-9)
    assert 50 < binds.sum() < 400
    assert found.saving_multiplier[~binds].abs().mean() < 0.01
    wanted = Settings(nodes=25)
    errors = EulerResiduals(policy, wanted, torch.Generator())(states, parameters).detach().abs()
    assert errors.mean() < 0.02
    assert found.saving_multiplier[binds].mean() > 5 * found.saving_multiplier[~binds].mean()


def test_multipliers_are_as_many_as_constraints() -> None:
    told = with_multipliers(Stores())
    assert [control.size for control in told.controls] == [2, 2]
    states, parameters = points(told)
    p = told.name_parameters(parameters)
    anchor = told.anchor(told.period(p, states), p)
    assert anchor["no_return_multiplier"].shape == (500, 2)
    assert PolicyNetwork(told, (4,), 2)(states, parameters).shape == (500, 4)
    assert told.steady_state(p)[1]["no_return_multiplier"].shape == (500, 2)


def test_an_economy_without_constraints_has_no_multipliers(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="leave out constraints=multipliers"):
        train(get("rbc"), dataclasses.replace(SMALL, constraints="multipliers"), tmp_path / "rbc.pt")
    assert not (tmp_path / "rbc.pt").exists()


def test_a_misspelt_way_is_named() -> None:
    with pytest.raises(UnknownName, match="fischer_burmeister"):
        Settings(constraints="fisher_burmeister")
