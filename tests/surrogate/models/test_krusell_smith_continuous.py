"""The economy in continuous time: prices, how masses move, and an answer that is known."""

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate.models.continuous_time import INSTANT
from surrogate.models.differences import differentiation
from surrogate.models.interface import Parameters, Period
from surrogate.models.krusell_smith_continuous import GRID, NODES, KrusellSmithContinuous, by_income
from surrogate.policy import PolicyNetwork
from surrogate.reference.continuous_time import StationaryEquilibrium, prices, solve_stationary
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import equilibrium_residuals

DEFAULT = {"gamma": 2.1, "rho": 0.05, "n1": 0.3, "lam": 0.4, "eta": 0.5, "sig": 0.01}


@pytest.fixture(scope="module")
def rest() -> StationaryEquilibrium:
    return solve_stationary(DEFAULT, 1600)


class AtRest:
    """The stationary policy of finite differences at the nodes, whatever the masses and productivity."""

    def __init__(self, rest: StationaryEquilibrium, model: KrusellSmithContinuous) -> None:
        self.model, unit = model, rest.fine.economy.representative_capital
        self.eaten = torch.from_numpy(rest.consumption_at(GRID.points.numpy() * unit).T.ravel().copy())

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        return self.eaten.expand(*states.shape[:-1], 2 * NODES)


def masses_of(rest: StationaryEquilibrium) -> Tensor:
    """Masses at rest on the economy's nodes [2 nodes], with exactly the capital of finite differences."""
    unit = rest.fine.economy.representative_capital
    places = torch.from_numpy(rest.fine.grid.nodes / unit)
    moved = torch.zeros(2, NODES, dtype=torch.float64)
    first, weights = GRID.lottery(places)
    for step, weight in enumerate(weights):
        for income in range(2):
            moved[income].scatter_add_(
                0, first + step, weight * torch.from_numpy(rest.fine.masses[:, income].copy())
            )
    return moved.flatten()


def economy(rest: StationaryEquilibrium) -> tuple[KrusellSmithContinuous, Period, Parameters]:
    """At rest, under the policy of finite differences."""
    model = KrusellSmithContinuous()
    p = model.name_parameters(model.default_parameters())
    states = torch.cat([masses_of(rest), torch.zeros(1, dtype=torch.float64)])
    policy = AtRest(rest, model)
    return model, model.period(p, states, policy(states, p)), p


def test_aggregates_are_those_of_finite_differences(rest: StationaryEquilibrium) -> None:
    model, now, p = economy(rest)
    fine = rest.fine
    assert float(now.capital) == pytest.approx(fine.capital, rel=1e-6)
    assert float(now.consumption_of_all) == pytest.approx(fine.consumption_of_all, rel=1e-4)
    assert abs(float(now.capital_drift) / fine.capital) < 3e-4
    seen = model.observe(now, now, p)
    assert float(seen["interest_rate"]) == pytest.approx(float(prices(fine.capital)[0]), abs=1e-6)
    assert float(seen["gini"]) == pytest.approx(rest.gini, abs=2e-3)
    assert float(seen["log_output"]) == pytest.approx(np.log(fine.capital) / 3, rel=1e-6)


def test_the_stationary_answer_solves_the_equations(rest: StationaryEquilibrium) -> None:
    """Where nothing aggregate moves and nobody expects it to: the residual is that of Aiyagari's economy."""
    model, _, p = economy(rest)
    policy: PolicyNetwork = AtRest(rest, model)  # pyright: ignore[reportAssignmentType]
    states = torch.cat([masses_of(rest), torch.zeros(1, dtype=torch.float64)])[None]
    errors = equilibrium_residuals(policy, states, p.vector[None], *rule_for(model.shocks, 1))
    # 3e-4 and 5e-5: differences of a policy that is known to five digits between nodes
    assert float(errors[0, 0]) < 1e-3
    assert float(errors[0, 1].abs()) < 2e-4
    policy.eaten = 1.01 * policy.eaten  # pyright: ignore
    worse = equilibrium_residuals(policy, states, p.vector[None], *rule_for(model.shocks, 1))
    assert float(worse[0, 1].abs()) > 5 * float(errors[0, 1].abs())


def test_masses_stay_at_rest(rest: StationaryEquilibrium) -> None:
    """A quarter on the economy's own nodes moves capital by what all save, and the shape hardly."""
    model, now, p = economy(rest)
    later = model.tomorrow(now, torch.zeros(1, dtype=torch.float64), p)
    moved = later[:-1]
    assert float(moved.sum()) == pytest.approx(1.0, abs=1e-12)
    capital = float(model.period(p, later).capital)
    assert capital - float(now.capital) == pytest.approx(
        model.step_years * float(now.capital_drift), abs=6e-4
    )
    cumulated = (by_income(moved) - by_income(now.wealth)).cumsum(-1).abs()
    assert float(cumulated.max()) < 6e-3


def test_incomes_and_productivity_follow_their_exact_laws() -> None:
    model = KrusellSmithContinuous()
    p = model.name_parameters(model.default_parameters())
    masses = torch.zeros(2, NODES, dtype=torch.float64)
    masses[0, 30] = 1.0
    states = torch.cat([masses.flatten(), torch.tensor([0.02], dtype=torch.float64)])
    now = model.period(p, states, torch.ones(2 * NODES, dtype=torch.float64))
    then = model.tomorrow(now, torch.tensor([1.5], dtype=torch.float64), p)
    lucky = float(by_income(then[:-1])[1].sum())
    assert lucky == pytest.approx((1 - np.exp(-0.8 * 0.25)) / 2)
    stays = np.exp(-0.5 * 0.25)
    assert float(then[-1]) == pytest.approx(0.02 * stays + 1.5 * 0.01 * np.sqrt(1 - stays**2))


def test_the_household_moves_as_the_economy_says() -> None:
    """Prices by Euler's theorem, and a step of the household along its drift."""
    model = KrusellSmithContinuous().household
    p = model.name_parameters(model.default_parameters())
    states = torch.tensor([2.0, 1.0, 5.0, 0.01, 0.1], dtype=torch.float64)
    now = model.period(p, states, torch.tensor([0.9], dtype=torch.float64))
    output = np.exp(0.01) * 5 ** (1 / 3)
    assert float((now.interest + 0.1) * 5 + now.wage) == pytest.approx(output)
    later = model.tomorrow(now, torch.tensor([2.0], dtype=torch.float64), p)
    saving = float(now.wage * 1.7 + now.interest * 2 - 0.9)
    expected = [
        2 + INSTANT * saving,
        1,
        5 + 0.1 * INSTANT,
        0.01 * (1 - 0.5 * INSTANT) + 0.02 * INSTANT**0.5,
        0.1,
    ]
    np.testing.assert_allclose(later, expected, rtol=1e-12)


def test_polynomials_are_differentiated_exactly() -> None:
    nodes = torch.linspace(0, 1, 12, dtype=torch.float64) ** 1.7
    values = torch.stack([nodes**power for power in range(6)])
    slopes = torch.stack([power * nodes ** max(power - 1, 0) for power in range(6)])
    np.testing.assert_allclose(values @ differentiation(nodes).mT, slopes, atol=1e-10)
