"""A few generations with aggregate risk: a closed form, equations written apart, and a steady state."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from surrogate.models.interface import ParameterRange
from surrogate.models.olg import overlapping_generations
from surrogate.reference.olg_economy import KAPPA, PARAMETERS, Household, euler_errors, mean_depreciation
from surrogate.reference.olg_few import Chain, FewGenerations, simulated, solve_few_generations
from surrogate.reference.olg_steady_state import steady_state
from surrogate.training.run import Run, torch_threads
from surrogate.training.settings import Settings

Array = NDArray[np.float64]
PUBLISHED: dict[str, float] = dict(zip(PARAMETERS, (0.95, 2.0, 0.5, 0.3), strict=True))
AVERSE: dict[str, float] = dict(zip(PARAMETERS, (0.94, 3.0, 0.4, 0.31), strict=True))
EVEN = Chain(np.tile([0.95, 1.05], 2), np.repeat([0.5, 0.9], 2), np.full((4, 4), 0.25))
"""That of `olg_analytic`."""


def around(parameters: Mapping[str, float], generations: int) -> tuple[Array, Array]:
    """Capital and bonds of the steady state."""
    rest = steady_state(parameters, generations)
    return rest.capital[1:], rest.bonds[1:]


@pytest.mark.parametrize("generations", [3, 4])
def test_the_closed_form_is_a_limit(generations: int) -> None:
    """Log utility, no cost, only the newborn work, no bonds: saving is a share of income that depends on age
    alone (Krueger and Kubler 2004), whatever the prices. More nodes come nearer.
    """
    beta, savers = 0.7, generations - 1
    left = np.arange(savers, 0, -1)
    share = beta * (1 - beta**left) / (1 - beta ** (left + 1))
    household = Household(beta, 1.0, 0.0, 0.3, np.eye(generations)[0])
    first = np.full(savers, 0.1)
    for _ in range(100):  # without shocks
        r, w = household.prices(first.sum(), 1.0, 0.7)
        first = share * np.append(w, (r * first)[:-1])
    gaps = []
    for nodes in (4, 6):
        policy = solve_few_generations(FewGenerations(household, EVEN, None), (first, 0 * first), nodes)
        k, b, eta, delta = simulated(policy, 300, seed=1)
        assert k.sum(1).std() > 0.02 * k.sum(1).mean(), "the economy moves"
        r, w = household.prices(k.sum(1), eta, delta)
        income = np.column_stack([w, (r[:, None] * k)[:, :-1]])
        gaps.append(np.abs(policy(k, b, eta, delta)[0] / (share * income) - 1).max())
    assert gaps[0] < 5e-4
    assert gaps[1] < gaps[0] / 20


@pytest.mark.parametrize(("generations", "parameters"), [(3, PUBLISHED), (3, AVERSE), (4, PUBLISHED)])
def test_equations_written_apart_hold_along_a_path(generations: int, parameters: Mapping[str, float]) -> None:
    """At AVERSE a limit of capital binds now and then, and polynomials bend at a kink."""
    economy = FewGenerations(Household.of(parameters, generations))
    policy = solve_few_generations(economy, around(parameters, generations))
    path = simulated(policy, 500, seed=1)
    errors = np.concatenate(euler_errors(economy.household, policy, *path), 1)
    assert np.abs(errors).max() < (1e-6 if parameters is PUBLISHED else 1e-4)
    _, bonds, price = policy(*path)
    assert np.abs(bonds.sum(1)).max() < 1e-9
    assert np.abs(bonds).max() > 0.01 * path[0].sum(1).mean(), "bonds are traded"
    assert price.std() > 1e-3


class FourGenerations(type(overlapping_generations(4))):
    """Where four generations own something."""

    name = "olg_of_four"
    parameters = (
        ParameterRange("beta", 0.94, 0.97, 0.95, "discount factor"),
        ParameterRange("gamma", 1.0, 2.5, 2.0, "relative risk aversion"),
        ParameterRange("zeta", 0.25, 0.75, 0.5, "adjustment cost of capital"),
        ParameterRange("alpha", 0.28, 0.35, 0.3, "capital share"),
    )


def test_a_network_is_near_it() -> None:
    """A hundred and sixty steps. Over seeds 0 to 5 mean differences of capital are .03 to .05 % of all
    capital, the largest of capital and bonds .3 to .7 %, of the price .04 to .15 %. After eighty steps they
    still differ by a factor of three between seeds.
    """
    settings = {"method": "generations", "hidden": (16, 16), "trunk": 12, "nodes": 1, "batch": 960}
    robust = {"robust_quantile": 0.9, "memory": 0.9, "hopeless_share": 0.0, "adam_steps": 0, "steps": 160}
    exact = solve_few_generations(FewGenerations(Household.of(PUBLISHED, 4)), around(PUBLISHED, 4))
    rows = simulated(exact, 300, seed=7)
    states = torch.from_numpy(np.column_stack(rows))
    with torch_threads(1):
        run = Run(FourGenerations(), Settings(**settings, **robust))
        theta = run.model.prepared(torch.tensor(list(PUBLISHED.values()), dtype=torch.float64))
        gaps = []
        for steps in (0, 160):
            for _ in range(steps):
                run.advance()
            with torch.no_grad():
                chosen = run.policy(states, theta.expand(len(states), -1)).numpy()
            a, d, p = exact(*rows)
            off = np.abs(chosen[:, :-1] - np.hstack([a, d])) / a.sum(1, keepdims=True)
            gaps.append([off[:, :3].mean(), off.max(), np.abs(chosen[:, -1] / p - 1).max()])
    before, after = np.array(gaps)
    assert (after < [1.5e-3, 0.015, 0.005]).all(), after
    assert (before > 5 * after).all(), before


def test_without_shocks_it_is_the_steady_state_of_another_method() -> None:
    still = Chain(np.ones(1), np.array([mean_depreciation()]), np.ones((1, 1)))
    economy = FewGenerations(Household.of(PUBLISHED, 4), still)
    capital, bonds = around(PUBLISHED, 4)
    policy = solve_few_generations(economy, (1.1 * capital, 1.1 * bonds))
    k, b, eta, delta = simulated(policy, 50, seed=1)
    np.testing.assert_allclose(k[-1], capital, atol=6e-6)  # what interior points miss
    np.testing.assert_allclose(b[-1], bonds, atol=6e-6)
    price = policy(k[-1:], b[-1:], eta[-1:], delta[-1:])[2]
    assert price[0] == pytest.approx(steady_state(PUBLISHED, 4).bond_price, abs=6e-6)


def test_without_bonds_it_is_the_limit_of_dear_collateral() -> None:
    household = Household.of(PUBLISHED, 3)
    capital, bonds = around(PUBLISHED, 3)
    without = solve_few_generations(FewGenerations(household, kappa=None), (capital, 0 * bonds))
    path = simulated(without, 200, seed=1)
    alone = without(*path)[0]
    gaps = []
    for kappa in (2.0, 10.0, 100.0):
        scaled = bonds * KAPPA / kappa
        dear = solve_few_generations(FewGenerations(household, kappa=kappa), (capital, scaled))
        gaps.append(np.abs(dear(path[0], path[1], *path[2:])[0] / alone - 1).max())
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2]
    assert gaps[2] < 0.01
    lent = solve_few_generations(FewGenerations(household), (capital, bonds))
    assert simulated(lent, 200, seed=1)[0].mean() > 1.02 * path[0].mean(), "credit makes capital"
