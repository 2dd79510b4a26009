"""Two constraints that bear on each other, in an economy whose answer is known in all four regimes."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from surrogate.errors import BadConfiguration
from surrogate.models import Control, Model, ParameterRange, Variable
from surrogate.models.interface import Constraint, where
from surrogate.policy import PolicyNetwork
from surrogate.training import Settings, load_policy, train
from surrogate.training.checks import require_sound
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import draw_parameters, draw_states


class TwoShops(Model):
    """Each orders what it expects to sell, less a share of what the other one orders, and sends nothing back.

    x = max(0, rho s - c y),   y = max(0, rho t - c x)
    """

    name = "two_shops"
    parameters = (ParameterRange("rho", 0.5, 0.9, 0.8), ParameterRange("rivalry", 0.2, 0.7, 0.5))
    states = (Variable("here"), Variable("there"))
    controls = (Control("order_here"), Control("order_there"))
    shocks = (Variable("here"), Variable("there"))
    observables = (Variable("sales"),)
    equations = (Variable("here"), Variable("there"))
    constraints = (Constraint("here"), Constraint("there"))

    def steady_state(self, p):
        zero = 0 * p.rho
        return {"here": zero, "there": zero}, {"order_here": zero, "order_there": zero}

    def state_bounds(self, p):
        return dict.fromkeys(("here", "there"), (0 * p.rho - 1, 0 * p.rho + 1))

    def transition(self, now, e, p):
        return {"here": p.rho * now.here + 0.1 * e.here, "there": p.rho * now.there + 0.1 * e.there}

    def inside(self, now, then, p):
        return {"here": then.here, "there": then.there}

    def slack(self, now, p):
        return {
            "here": p.rho * now.here - p.rivalry * now.order_there,
            "there": p.rho * now.there - p.rivalry * now.order_here,
        }

    def residuals(self, now, expected, p):
        here = expected.here - p.rivalry * now.order_there
        there = expected.there - p.rivalry * now.order_here
        return {
            "here": now.order_here - where(now.binds("here"), 0 * here, here),
            "there": now.order_there - where(now.binds("there"), 0 * there, there),
        }

    def observe(self, now, then, p):
        return {"sales": then.here + then.there}


class Shops(Model):
    """The same two as a group, each element on its own side of one constraint."""

    name = "shops"
    parameters = TwoShops.parameters
    states = (Variable("demand", size=2),)
    controls = (Control("order", size=2),)
    shocks = (Variable("demand", size=2),)
    observables = (Variable("sales"),)
    equations = (Variable("order", size=2),)
    constraints = (Constraint("nothing_back", size=2),)

    def steady_state(self, p):
        zero = 0 * torch.stack([p.rho, p.rho], -1)
        return {"demand": zero}, {"order": zero}

    def state_bounds(self, p):
        zero = 0 * torch.stack([p.rho, p.rho], -1)
        return {"demand": (zero - 1, zero + 1)}

    def transition(self, now, e, p):
        return {"demand": p.rho[..., None] * now.demand + 0.1 * e.demand}

    def inside(self, now, then, p):
        return {"demand": then.demand}

    def slack(self, now, p):
        return {"nothing_back": p.rho[..., None] * now.demand - p.rivalry[..., None] * now.order.flip(-1)}

    def residuals(self, now, expected, p):
        wanted = expected.demand - p.rivalry[..., None] * now.order.flip(-1)
        return {"order": now.order - where(now.binds("nothing_back"), 0 * wanted, wanted)}

    def observe(self, now, then, p):
        return {"sales": then.demand.sum(-1)}


ECONOMIES = [TwoShops(), Shops()]


def answers(states: NDArray[np.float64], parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orders [n, 2]: of the four regimes the one in which nobody sends back and nobody wants more."""
    rho, rivalry = parameters.T
    wanted = rho[:, None] * states
    found = np.full_like(states, np.nan)
    for active in itertools.product((False, True), repeat=2):
        order = np.where(active, wanted, 0.0)
        if all(active):
            order = (wanted - rivalry[:, None] * wanted[:, ::-1]) / (1 - rivalry[:, None] ** 2)
        lacking = wanted - rivalry[:, None] * order[:, ::-1] - order
        right = ((order >= 0) & (lacking <= 1e-12)).all(-1)
        found[right] = order[right]
    return found


@pytest.mark.parametrize("economy", ECONOMIES, ids=lambda economy: economy.name)
def test_two_constraints_have_four_regimes_and_one_answer(economy: Model, tmp_path: Path) -> None:
    """Over eight seeds the mean error is .0003 to .0011, and the same where both are elements of a group."""
    generator = torch.Generator().manual_seed(4)
    assert economy.regimes() == [(False, False), (False, True), (True, False), (True, True)]
    settings = Settings(hidden=(8, 8), trunk=4, nodes=2, batch=512, adam_steps=0, steps=40)
    train(economy, settings, tmp_path / "shops.pt")
    policy, _ = load_policy(tmp_path / "shops.pt", economy)
    parameters = draw_parameters(economy, 2_000, generator)
    states = draw_states(economy, parameters, generator)
    exact = answers(states.numpy(), parameters.numpy())
    assert np.isfinite(exact).all()
    regimes = np.unique(exact > 0, axis=0, return_counts=True)[1]
    assert len(regimes) == 4
    assert regimes.min() > 100
    error = np.abs(policy(states, parameters).detach().numpy() - exact)
    assert error.mean() < 0.005


def test_a_period_may_be_told_the_sides_of_some_of_a_group() -> None:
    economy, nothing = Shops(), torch.zeros(3, 2, dtype=torch.float64)
    p = economy.name_parameters(economy.default_parameters().expand(3, -1))
    states = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    free, first, both = (
        economy.given(told).period(p, states, nothing) for told in ((), (True,), (True, False))
    )
    assert free.told("nothing_back") is None
    assert first.told("nothing_back") is None
    np.testing.assert_array_equal(both.told("nothing_back"), [True, False])
    np.testing.assert_array_equal(free.binds("nothing_back"), [[False, False], [True, False], [True, True]])
    np.testing.assert_array_equal(first.binds("nothing_back"), [[True, False], [True, False], [True, True]])
    np.testing.assert_array_equal(both.binds("nothing_back"), [True, False])


def test_too_many_regimes_are_refused() -> None:
    class Market(Shops):
        constraints = (Constraint("nothing_back", size=40),)

    with pytest.raises(BadConfiguration, match=r"40 constraints, .* write more than 6 as complementarities"):
        require_sound(Market())


def test_where_it_is_not_told_the_economy_knows_which_constraints_bind() -> None:
    """Whatever the network: the chosen regime is one whose own equations the residuals are taken from."""
    economy, generator = TwoShops(), torch.Generator().manual_seed(4)
    policy = PolicyNetwork(economy, (4,), 2)
    parameters = draw_parameters(economy, 500, generator)
    states = draw_states(economy, parameters, generator)
    p = economy.name_parameters(parameters)
    now = economy.period(p, states, policy(states, p))
    nodes, weights = torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    residuals = equilibrium_residuals(policy, states, parameters, nodes, weights)
    for column, (name, order) in enumerate([("here", now.order_here), ("there", now.order_there)]):
        wanted = torch.where(now.slack[name] < 0, 0.0, now.slack[name])
        torch.testing.assert_close(residuals[:, column], order - wanted)
