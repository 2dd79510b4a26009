"""Many countries: equations, the log-linear solution, a network that all share, and a classical solution."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from surrogate import load
from surrogate.errors import BadConfiguration, Changed
from surrogate.models.interface import pack
from surrogate.models.irbc import multi_country
from surrogate.policy import PolicyNetwork, SharedPolicyNetwork, policy_of
from surrogate.reference.growth import solve_rbc, steady_state
from surrogate.reference.irbc import IrbcSolution, Planner, solve_irbc
from surrogate.reference.linearise import linearise
from surrogate.training import Settings, load_policy, train
from surrogate.training.by_equations import EulerResiduals
from surrogate.training.quadrature import along_axes, rule
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import draw_parameters, draw_states

Array = NDArray[np.float64]
FEW = 3
PUBLISHED = {"gamma": 1.0, "phi": 0.5, "rho": 0.95, "sigma": 0.01}
SETTINGS = Settings(hidden=(8, 8), trunk=4, nodes=2, batch=128, adam_steps=0, steps=15, hopeless_share=0.0)


@pytest.fixture(scope="module")
def policy() -> PolicyNetwork:
    torch.manual_seed(0)
    policy = policy_of(multi_country(FEW), (8, 8), 4)
    with torch.no_grad():
        policy.layers[-1].get_parameter("weight").mul_(3.0)
    return policy


def places(policy: PolicyNetwork, count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    parameters = draw_parameters(policy.model, count, generator)
    return draw_states(policy.model, parameters, generator), parameters


@pytest.mark.parametrize("countries", [1, 0, 2.5, 300])
def test_impossible_numbers_of_countries_are_refused(countries: int) -> None:
    with pytest.raises(BadConfiguration, match="number of countries"):
        multi_country(countries)


@pytest.mark.parametrize("countries", [2, 5])
def test_the_anchor_is_the_linear_solution(countries: int) -> None:
    """Which is that of all states by eigenvalues, at any parameters: what is said of averages and deviations
    holds.
    """
    model = multi_country(countries)
    for theta in draw_parameters(model, 3, torch.Generator().manual_seed(0)):
        found = linearise(model, theta).policy
        p = model.name_parameters(theta)

        def choose(states: Tensor, p=p) -> Tensor:
            return pack(model.anchor(model.period(p, states), p), model.controls)

        rest = pack(model.steady_state(p)[0], model.states)
        slopes = torch.autograd.functional.jacobian(choose, rest)
        np.testing.assert_allclose(slopes.numpy(), found, atol=1e-7)


def test_countries_are_exchangeable(policy: PolicyNetwork) -> None:
    """Whoever calls a country the first one finds the same policy and the same errors."""
    assert isinstance(policy, SharedPolicyNetwork)
    states, parameters = places(policy, 20)
    order = torch.tensor([2, 0, 1])
    columns = torch.cat([order, FEW + order])
    torch.testing.assert_close(
        policy(states[:, columns], parameters), policy(states, parameters)[:, order], rtol=1e-12, atol=0
    )
    nodes, weights = rule(FEW + 1, 3)
    errors = equilibrium_residuals(policy, states, parameters, nodes, weights)
    others = equilibrium_residuals(policy, states[:, columns], parameters, nodes, weights)
    torch.testing.assert_close(others, errors[:, order], rtol=1e-9, atol=1e-12)


def test_the_number_of_weights_is_that_of_any_number_of_countries() -> None:
    counts = {sum(w.numel() for w in policy_of(multi_country(n), (8, 8), 4).parameters()) for n in (2, 4, 9)}
    assert len(counts) == 1


def test_equations_are_those_that_are_written_apart(policy: PolicyNetwork) -> None:
    """With the same points for the shocks, in NumPy."""
    states, parameters = places(policy, 1)
    for theta in parameters:
        gamma, phi, rho, sigma = map(float, theta)
        planner = Planner(gamma, phi, rho, sigma, FEW)

        @torch.no_grad()
        def log_capital(k: Array, z: Array, theta: Tensor = theta) -> Array:
            return policy(torch.from_numpy(np.concatenate([np.exp(k), z], -1)), theta).log().numpy()

        found = equilibrium_residuals(policy, states, theta[None], *along_axes(FEW + 1))
        k, z = np.log(states[:, :FEW].numpy()), states[:, FEW:].numpy()
        np.testing.assert_allclose(planner.errors(log_capital, k, z), found[:, 0].detach(), atol=1e-12)


def test_a_monomial_rule_of_degree_three_is_enough() -> None:
    """Errors of the log-linear policy differ from those by a product rule by 2.5e-7 at most, over five
    draws.
    """
    policy = policy_of(multi_country(FEW), (8, 8), 4)
    with torch.no_grad():
        policy.layers[-1].get_parameter("weight").zero_()
    states, parameters = places(policy, 200)
    by_product = equilibrium_residuals(policy, states, parameters, *rule(FEW + 1, 5))
    by_axes = equilibrium_residuals(policy, states, parameters, *along_axes(FEW + 1))
    assert (by_axes - by_product).abs().max() < 1e-6


def test_steps_look_at_a_few_countries(policy: PolicyNetwork) -> None:
    generator = torch.Generator().manual_seed(0)
    assert EulerResiduals(policy, SETTINGS, generator).differentiated == 2


def test_a_short_training_solves_it(tmp_path) -> None:
    """log10 of the errors before and after 40 steps, over six seeds: -2.0 to -2.7, and -3.9 to -4.1."""
    model, path, seen = multi_country(FEW), tmp_path / "irbc.pt", []
    train(model, replace(SETTINGS, steps=40), path, progress=lambda now: seen.append(now.log10_error))
    assert seen[-1] < -3.4 < seen[0]
    with pytest.raises(Changed, match="capital has 3 columns, not 10"):
        load_policy(path, "irbc")


@pytest.fixture(scope="module")
def two_countries() -> IrbcSolution:
    return solve_irbc(PUBLISHED, 2)


def test_one_country_without_adjustment_cost_is_the_real_business_cycle() -> None:
    parameters = {"gamma": 2.0, "phi": 0.0, "rho": 0.95, "sigma": 0.01}
    growth = {"alpha": 0.36, "beta": 0.99, "delta": 0.025, "gamma": 2.0, "rho": 0.95}
    growth["sigma"] = 0.01 * 2**0.5  # the country's and the world's shock
    solution, unit = solve_irbc(parameters, 1), steady_state(growth)[0]
    k, z = np.meshgrid(np.linspace(-0.15, 0.15, 7), np.linspace(-0.1, 0.1, 7))
    k, z = k.ravel(), z.ravel()
    states = {"capital": unit * np.exp(k), "productivity": z}
    eaten = solve_rbc(growth).controls(states)["consumption"]
    saved = np.exp(z) * states["capital"] ** 0.36 + 0.975 * states["capital"] - eaten
    found = solution.controls({"capital": np.exp(k)[:, None], "productivity": z[:, None]})["capital_next"]
    np.testing.assert_allclose(np.log(found[:, 0]), np.log(saved / unit), atol=3e-6)


def test_the_classical_solution_treats_countries_alike(two_countries: IrbcSolution) -> None:
    assert two_countries.error < 1e-6
    states = {"capital": np.array([[1.1, 0.9]]), "productivity": np.array([[0.02, -0.05]])}
    swapped = {name: values[:, ::-1] for name, values in states.items()}
    found, other = (two_countries.controls(each)["capital_next"] for each in (states, swapped))
    np.testing.assert_allclose(found, other[:, ::-1], rtol=1e-12)


def test_what_ships_is_close_to_the_classical_solution() -> None:
    """Ten countries at a calibration of its own, along a path. At the published one log capital differs by
    2.6e-4 at most.
    """
    economy, parameters = load("irbc"), {"gamma": 2.0, "phi": 1.0, "rho": 0.9, "sigma": 0.01}
    theta = economy.parameter_array(parameters)
    shocks = np.random.default_rng(3).standard_normal((120, 4, economy.n_shocks))
    states = economy.simulate(np.repeat(theta, 4, 0), shocks).states[20:].reshape(-1, 20).astype(float)
    exact = solve_irbc(parameters).controls({"capital": states[:, :10], "productivity": states[:, 10:]})
    found = economy.policy(states, theta)
    gaps = np.abs(np.log(found / exact["capital_next"]))
    assert gaps.max() < 1e-3
    assert gaps.mean() < 1e-4
