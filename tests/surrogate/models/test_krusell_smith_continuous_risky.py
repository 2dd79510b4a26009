"""Wealth with risk of its own: finite differences, the generator, and how masses move."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch

from surrogate.artifact.validation import objection_at_rest
from surrogate.models import get
from surrogate.models.interface import Period
from surrogate.models.krusell_smith_continuous import GRID, NODES, by_income
from surrogate.models.krusell_smith_continuous_risky import KrusellSmithRiskyWealth, RiskyHousehold
from surrogate.policy import PolicyNetwork, PopulationPolicy
from surrogate.reference.continuous_time import ALPHA, DELTA, prices, solve_stationary
from surrogate.reference.continuous_time_linear import solve_linear_economy
from surrogate.reference.continuous_time_transition import dates_of_transition, solve_transition
from surrogate.training import recipe
from surrogate.training.at_rest import beside_reference
from surrogate.training.distributions import at_default
from surrogate.training.generator import generator_residuals
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import look_ahead
from surrogate.training.run import Run, torch_threads
from surrogate.training.sampling import draw_parameters, draw_states

DEFAULT = {"gamma": 2.1, "rho": 0.05, "n1": 0.3, "lam": 0.4, "eta": 0.5, "sig": 0.01}


@pytest.fixture
def policy() -> PopulationPolicy:
    """A network far from its anchor, so that all of its derivatives matter."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = PopulationPolicy(KrusellSmithRiskyWealth(), (12, 12), 8)
        with torch.no_grad():
            for weight in network.household.layers[-1].parameters():
                weight.add_(0.05 * torch.randn_like(weight))
    return network


def test_wealth_has_the_tail_that_the_closed_form_says() -> None:
    """The rich consume as in Merton's problem, so that wealth is Pareto there: the exponent between four and
    seven times K* is 11.8, and 12.0 far out. Goods are eaten or replace capital although nobody asked for it.
    """
    fine = solve_stationary(DEFAULT | {"sigma_w": 0.05}, 400).fine
    interest = float(prices(fine.capital)[0])
    exponent = 2 - DEFAULT["gamma"] + 2 * (DEFAULT["rho"] - interest) / (DEFAULT["gamma"] * 0.05**2)
    above = fine.masses.sum(1)[::-1].cumsum()[::-1]
    low, high = np.searchsorted(fine.grid.nodes / fine.economy.representative_capital, [4, 7])
    slope = np.log(above[high] / above[low]) / np.log(fine.grid.nodes[high] / fine.grid.nodes[low])
    assert -slope == pytest.approx(exponent, rel=0.1)
    assert fine.consumption_of_all == pytest.approx(fine.capital**ALPHA - DELTA * fine.capital, rel=1e-9)


def test_consumption_at_rest_grows_as_the_equation_of_marginal_utility_says() -> None:
    """Values of finite differences know no drift sigma_w^2 a: it comes from their derivative. 2e-6 a
    year on average, and five hundred times as much without that drift.
    """
    found = solve_stationary(DEFAULT | {"sigma_w": 0.06}, 400)
    economy, (r, w), nodes = found.fine.economy, found.prices, found.nodes
    eaten, gamma, inner = found.consumption, economy.gamma, slice(60, 260)
    saving = w * economy.labour + r * nodes[:, None] - eaten
    slope, bend = (np.empty_like(eaten) for _ in range(2))
    for income in range(2):
        slope[:, income] = np.gradient(np.log(eaten[:, income]), np.log(nodes + 1e-12))
        bend[:, income] = np.gradient(slope[:, income], np.log(nodes + 1e-12))
    f, variance = -gamma * slope, economy.sigma_w**2
    jump = (eaten / eaten[:, ::-1]) ** gamma - 1

    def errors(drift_of_risk: float) -> np.ndarray:
        risk = variance / 2 * (-gamma * bend - f + f**2) + drift_of_risk * f
        along = saving / np.maximum(nodes, 1e-9)[:, None] * f
        return (r - economy.rho + along + economy.lam * jump + risk)[inner] / gamma

    assert np.abs(errors(variance)).mean() < 1e-5
    assert np.abs(errors(0.0)).mean() > 100 * np.abs(errors(variance)).mean()


def test_without_risk_of_wealth_nothing_changes_and_little_changes_little() -> None:
    """To second order: a quarter of the change with half of the risk."""
    calm, little, more = (
        solve_linear_economy(DEFAULT | {"sigma_w": risk}).log_capital([1.0, 5.0], 0.01)
        for risk in (0.0, 0.02, 0.04)
    )
    np.testing.assert_array_equal(calm, solve_linear_economy(DEFAULT).log_capital([1.0, 5.0], 0.01))
    np.testing.assert_allclose((little - calm) / (more - calm), 0.25, atol=0.05)


def test_linear_expectations_are_foresight_after_a_small_shock() -> None:
    """As without risk: half the steps of time halve what is left, .6 per cent with all of them halved."""
    linear = solve_linear_economy(DEFAULT | {"sigma_w": 0.05}).fine
    years = np.array([1.0, 5.0, 20.0])
    coarse, fine = (
        solve_transition(linear.rest, 0.001, dates=dates_of_transition(step)).log_capital(
            years, linear.rest.capital
        )
        for step in (0.05, 0.025)
    )
    expected = linear.log_capital(years, linear.after_productivity(0.001))
    np.testing.assert_allclose(2 * fine - coarse, expected, rtol=0.006)


def test_the_generator_has_a_second_direction(policy: PopulationPolicy) -> None:
    """What risk of wealth adds to the errors, for the same choices, against differences of consumption."""
    household = cast(RiskyHousehold, policy.model.household)
    generator = torch.Generator().manual_seed(2)
    theta = draw_parameters(household, 100, generator)
    states = draw_states(household, theta, generator)
    states[:, 0] = states[:, 0].clamp_min(0.05)
    states[:, 1] = (states[:, 1] > 0.5).double()
    gamma, sigma = theta[:, 0], theta[:, 6]

    def log_consumption(factor: float) -> torch.Tensor:
        moved = states.clone()
        moved[:, 0] *= factor
        return policy.household(moved, theta)[:, 0].log()

    h = 1e-3
    with torch.no_grad():
        up, here, down = (-gamma * log_consumption(float(np.exp(step))) for step in (h, 0.0, -h))
        slope, bend = (up - down) / (2 * h), (up - 2 * here + down) / h**2
        added = sigma**2 / 2 * (bend + slope + slope**2) / gamma
        found = generator_residuals(policy.household, states, theta)[:, 0]
        calm = theta.clone()
        calm[:, 6] = 0.0
        outputs = policy.household(states, theta)
        without = _with_choices_of(policy.household, outputs, states, theta, calm)
    np.testing.assert_allclose(found - without, added, atol=1e-6)
    assert float(added.abs().mean()) > 1e-4


def _with_choices_of(
    network: PolicyNetwork,
    outputs: torch.Tensor,
    states: torch.Tensor,
    theta: torch.Tensor,
    calm: torch.Tensor,
) -> torch.Tensor:
    """Residuals of the network at `theta` where the household has the parameters `calm`."""

    class Fixed(torch.nn.Module):
        model = network.model

        def forward(self, at: torch.Tensor, parameters: object) -> torch.Tensor:
            return network(at, theta)

    torch.testing.assert_close(outputs, network(states, theta))
    return generator_residuals(cast(PolicyNetwork, Fixed()), states, calm)[:, 0]


def test_a_quarter_keeps_the_mean_and_adds_the_variance() -> None:
    model = KrusellSmithRiskyWealth()
    p = model.name_parameters(model.default_parameters())
    masses = torch.zeros(2, NODES, dtype=torch.float64)
    masses[1, 0], masses[1, 40] = 0.3, 0.7
    now = Period(model, p, {"wealth": masses.flatten(), "productivity": torch.zeros(())})
    moved = by_income(model.moved(now, torch.zeros(2 * NODES, dtype=torch.float64), 0.25, p)).sum(0)
    nodes, start = GRID.points, GRID.points[40]
    away = moved * (nodes > 0.5 * start)
    assert float(moved[0]) == pytest.approx(0.3, abs=1e-12)
    assert float((moved * nodes).sum()) == pytest.approx(float(0.7 * start), rel=1e-12)
    variance = float((away * (nodes - start) ** 2).sum()) / 0.7
    assert variance == pytest.approx(float((0.05 * start) ** 2 / 4), rel=1e-6)


@pytest.mark.slow
def test_a_network_trained_at_one_calibration_is_the_solution() -> None:
    """After 118 steps, a minute of a processor: capital .014 per cent off, the response .04 (seed 0)."""
    model = at_default(cast(KrusellSmithRiskyWealth, get("krusell_smith_continuous_risky")))
    small = {"hidden": (16, 16), "trunk": 2, "batch": 1024, "memory": 0.9, "lasting_memory": 0.0}
    run = Run(model, replace(recipe(get("krusell_smith_continuous_risky")).settings, **small))
    with torch_threads(1):
        for _ in range(118):
            run.advance()
    assert run.method.state()["moving"] == 1.0
    assert run.method.state()["latest"] < 1e-3
    (found,) = beside_reference(cast(PolicyNetwork, run.policy), model.default_parameters()[None])
    assert objection_at_rest([found]) == ""
    assert found["capital"] == pytest.approx(found["reference_capital"], rel=1e-3)
    assert found["response"] == pytest.approx(found["reference_response"], rel=0.03)


def test_errors_at_nodes_are_those_of_the_network(policy: PopulationPolicy) -> None:
    """What certifies knows the policy at nodes only; .0002 as without risk."""
    model, generator = cast(KrusellSmithRiskyWealth, policy.model), torch.Generator().manual_seed(3)
    theta = draw_parameters(model, 5, generator)
    states = draw_states(model, theta, generator)
    with torch.no_grad():
        p = model.name_parameters(theta.unsqueeze(-2))
        x = policy(states, theta)
        ahead = look_ahead(cast(PolicyNetwork, policy), model, states, x, p, *rule_for(model.shocks, 1))
        at_nodes = model.growth_errors(ahead.now, ahead.expected, p).squeeze(-2)
        now = model.period(model.name_parameters(theta), states, x)
        rows = now.of_households.clone()
        rows[..., -1] = now.capital_drift[:, None]
        rows[..., 0] = rows[..., 0].clamp_min(1e-7)
        found = generator_residuals(policy.household, rows, theta[:, None].expand(-1, 2 * NODES, -1))[..., 0]
    inner = [which for which in range(2 * NODES) if which % NODES]
    np.testing.assert_allclose(at_nodes[:, inner], found[:, inner], atol=3e-4)
