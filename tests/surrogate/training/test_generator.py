"""Residuals in continuous time: derivatives of the network, held against differences of three kinds."""

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate.models.krusell_smith_continuous import NODES, KrusellSmithContinuous
from surrogate.models.krusell_smith_continuous_household import Household
from surrogate.policy import PolicyNetwork, PopulationPolicy
from surrogate.training.generator import generator_residuals
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import look_ahead
from surrogate.training.sampling import draw_parameters, draw_states


@pytest.fixture
def policy() -> PopulationPolicy:
    """A network far from its anchor, so that all of its derivatives matter."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = PopulationPolicy(KrusellSmithContinuous(), (12, 12), 8)
        with torch.no_grad():
            for weight in network.household.layers[-1].parameters():
                weight.add_(0.05 * torch.randn_like(weight))
    return network


def households(model: Household, count: int) -> tuple[Tensor, Tensor]:
    """States [n, 5] and parameters [n, 6] all over the box."""
    generator = torch.Generator().manual_seed(2)
    theta = draw_parameters(model, count, generator)
    states = draw_states(model, theta, generator)
    states[:, 1] = (states[:, 1] > 0.5).double()
    states[:, 0] = states[:, 0].clamp_min(1e-3)
    return states, theta


def by_differences(network: PolicyNetwork, states: Tensor, theta: Tensor, moving: float) -> Tensor:
    """The master equation written out: differences of log consumption along each state, nothing shared with
    the generator but the policy.
    """
    gamma, rho, n1, lam, eta, sig = theta.T
    assets, lucky, capital, z, drift = states.T

    def log_consumption(**moves: Tensor | float) -> Tensor:
        names = ("assets", "lucky", "capital", "z", "drift")
        values = {"assets": assets, "lucky": lucky, "capital": capital, "z": z, "drift": drift} | moves
        return network(torch.stack([values[n] + 0 * assets for n in names], -1), theta)[:, 0].log()

    here = log_consumption()
    rental, wage = capital ** (-2 / 3) * z.exp() / 3, 2 / 3 * capital ** (1 / 3) * z.exp()
    saving = wage * (n1 + 2 * (1 - n1) * lucky) + (rental - 0.1) * assets - here.exp()
    h = 1e-4
    by_assets = (log_consumption(assets=assets * (1 + h)) - log_consumption(assets=assets * (1 - h))) / (
        2 * h * assets
    )
    by_capital = (log_consumption(capital=capital * (1 + h)) - log_consumption(capital=capital * (1 - h))) / (
        2 * h * capital
    )
    up, down = log_consumption(z=z + 1e-3), log_consumption(z=z - 1e-3)
    by_z, by_zz = (up - down) / 2e-3, (up - 2 * here + down) / 1e-6
    growth = saving * by_assets + moving * (drift * by_capital - eta * z * by_z)
    growth = growth + moving * sig**2 / 2 * (by_zz - gamma * by_z**2)
    jump = (gamma * (here - log_consumption(lucky=1 - lucky))).exp() - 1
    return (rental - 0.1 - rho + lam * jump) / gamma - growth


@pytest.mark.parametrize("moving", [1.0, 0.3, 0.0])
def test_the_generator_is_the_master_equation_by_differences(policy: PopulationPolicy, moving: float) -> None:
    states, theta = households(policy.model.household, 200)  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        found = generator_residuals(policy.household, states, theta, moving)[:, 0]
        expected = by_differences(policy.household, states, theta, moving)
    assert float(found.abs().mean()) > 0.02
    # differences err by up to 2e-6
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_it_is_the_limit_of_an_expected_change(policy: PopulationPolicy) -> None:
    """By quadrature over a step of a thousandth of a year, without jumps, whose rate is set apart."""
    model: Household = policy.model.household  # pyright: ignore[reportAssignmentType]
    states, theta = households(model, 50)
    states[:, 0] = states[:, 0].clamp_min(0.5)  # at the limit a step of any length is long
    points, weights = rule_for(model.shocks, 5)
    with torch.no_grad():
        p = model.name_parameters(theta.unsqueeze(-2))
        x = policy.household(states.unsqueeze(-2), p).squeeze(-2)
        ahead = look_ahead(policy.household, model, states, x, p, points, weights)
        expected = ahead.expected.marginal_utility[:, 0]
        change = (expected - 1) / 1e-3
        whole = generator_residuals(policy.household, states, theta)[:, 0]
        now = model.period(model.name_parameters(theta), states, x)
        (jump,) = model.jumps(now, model.name_parameters(theta))
        other = states.clone()
        other[:, 1] = jump.states["lucky"]
        ratio = (policy.household(other, theta)[:, 0] / x[:, 0]) ** -theta[:, 0]
        change = change + jump.rate * (ratio - 1)
    found = (now.interest - theta[:, 1] + change) / theta[:, 0]
    np.testing.assert_allclose(found, whole, atol=2e-3)


def test_where_aggregates_stand_still_nobody_cares_how_fast_capital_moves(policy: PopulationPolicy) -> None:
    states, theta = households(policy.model.household, 20)  # pyright: ignore[reportArgumentType]
    other = states.clone()
    other[:, -1] += 0.1
    with torch.no_grad():
        still = [generator_residuals(policy.household, at, theta, 0.0) for at in (states, other)]
        moving = [generator_residuals(policy.household, at, theta) for at in (states, other)]
    np.testing.assert_array_equal(still[0], still[1])
    assert float((moving[0] - moving[1]).abs().min()) > 1e-5


def test_residuals_at_nodes_are_those_of_the_network(policy: PopulationPolicy) -> None:
    """The certificate's residuals, which know the policy at nodes only, against derivatives: the worst of
    five economies is 4e-5 where errors are of the order of .1.
    """
    model, generator = policy.model, torch.Generator().manual_seed(3)
    assert isinstance(model, KrusellSmithContinuous)
    theta = draw_parameters(model, 5, generator)
    states = draw_states(model, theta, generator)
    points, weights = rule_for(model.shocks, 1)
    with torch.no_grad():
        p = model.name_parameters(theta.unsqueeze(-2))
        x = policy(states, theta)
        ahead = look_ahead(policy, model, states, x, p, points, weights)  # pyright: ignore[reportArgumentType]
        at_nodes = model.growth_errors(ahead.now, ahead.expected, p).squeeze(-2)
        now = model.period(model.name_parameters(theta), states, x)
        rows = now.of_households.clone()
        rows[..., -1] = now.capital_drift[:, None]
        rows[..., 0] = rows[..., 0].clamp_min(1e-7)
        found = generator_residuals(policy.household, rows, theta[:, None].expand(-1, 2 * NODES, -1))[..., 0]
    inner = [which for which in range(2 * NODES) if which % NODES]
    np.testing.assert_allclose(at_nodes[:, inner], found[:, inner], atol=2e-4)
