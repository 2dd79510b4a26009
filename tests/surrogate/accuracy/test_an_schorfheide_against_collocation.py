"""The shipped networks against the classical nonlinear solution: policies, and what parameters do to them."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import qmc

from surrogate import Surrogate, economies, load
from surrogate.reference.an_schorfheide_equations import LOG_GBAR
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M
from surrogate.reference.an_schorfheide_projection import AnSchorfheideSolution, solve_an_schorfheide

Array = NDArray[np.float64]

STEP = 0.02
"""Half-width of central differences, as a share of a parameter's range."""
FLOOR = 1.5e-4
"""Of a control, over the whole range of a parameter."""
FLOORS = {"rho_g": 2 * FLOOR}
"""It moves no policy at first order: all there is is the network's own slope, over the widest of ranges."""


@pytest.fixture(scope="module")
def economy() -> Surrogate:
    return load("an_schorfheide")


def draw_states(solution: AnSchorfheideSolution, count: int, seed: int = 0) -> dict[str, Array]:
    """States within two standard deviations, the rate not below zero."""
    c, linear = solution.collocation.calibration, solution.collocation.linear
    draws = np.random.default_rng(seed).uniform(-2, 2, (3, count))
    return {
        "interest_rate_lag": np.maximum(0.0, c.log_rate + draws[0] * linear.sd_impulse / c.rho_r),
        "government": LOG_GBAR + draws[1] * c.sigma_g / np.sqrt(1 - c.rho_g**2),
        "growth": draws[2] * linear.sd_growth,
        "monetary": np.zeros(count),
    }


def network(economy: Surrogate, parameters: Mapping[str, float], states: Mapping[str, Array]) -> Array:
    """Logs of the controls [n, 2]."""
    return np.log(economy.policy(states, parameters).astype(float))


def collocation(economy: Surrogate, solution: AnSchorfheideSolution, states: Mapping[str, Array]) -> Array:
    """The same by the classical solution."""
    found = solution.controls(states)
    return np.log(np.stack([found[name] for name in economy.control_names], axis=1))


@pytest.mark.parametrize("parameters", [THETA_M, THETA_L], ids=["theta_m", "theta_l"])
def test_policies_at_the_published_parameters(economy: Surrogate, parameters: dict[str, float]) -> None:
    solution = solve_an_schorfheide(parameters)
    states = draw_states(solution, 500)
    apart = np.abs(network(economy, parameters, states) - collocation(economy, solution, states))
    assert apart.max() < 4e-4
    assert apart.mean() < 1e-4


@pytest.mark.slow
def test_policies_over_the_inner_box(economy: Surrogate) -> None:
    """The middle half of every range, where an equilibrium exists at every calibration."""
    unit = 0.25 + 0.5 * qmc.Sobol(economy.n_parameters, rng=1).random(16)
    apart = []
    for point in economy.lower + (economy.upper - economy.lower) * unit:
        parameters = dict(zip(economy.parameter_names, point.tolist(), strict=True))
        solution = solve_an_schorfheide(parameters)
        states = draw_states(solution, 200)
        difference = network(economy, parameters, states) - collocation(economy, solution, states)
        apart.append(np.abs(difference).max())
    assert economy.inside(economy.lower + (economy.upper - economy.lower) * unit).all()
    assert np.median(apart) < 2e-4
    assert np.max(apart) < 2e-3


@pytest.mark.slow
def test_policies_with_the_bound() -> None:
    economy, parameters = load("an_schorfheide_zlb"), THETA_M | {"rho_z": 0.8, "pi_a": 2.0}
    solution = economies.solve("an_schorfheide_zlb", parameters)
    assert isinstance(solution, AnSchorfheideSolution)
    states = draw_states(solution, 500)
    apart = np.abs(network(economy, parameters, states) - collocation(economy, solution, states))
    assert apart.max() < 1e-3


@pytest.mark.parametrize("name", [p.name for p in load("an_schorfheide").card.parameters])
def test_derivative_in_every_parameter(economy: Surrogate, name: str) -> None:
    """Controls at states that stay where they are, so that a moving steady state counts too."""
    rest = solve_an_schorfheide(THETA_M)
    states = draw_states(rest, 100)
    states["growth"] /= 2
    place = economy.parameter_names.index(name)
    width = economy.upper[place] - economy.lower[place]
    room = min(economy.upper[place] - THETA_M[name], THETA_M[name] - economy.lower[place])
    step = min(STEP, room / 2 / width)
    above, below = (THETA_M | {name: THETA_M[name] + sign * step * width} for sign in (1, -1))
    slopes = []
    for policy in (
        lambda p: network(economy, p, states),
        lambda p: collocation(economy, solve_an_schorfheide(p), states),
    ):
        slopes.append((policy(above) - policy(below)) / (2 * step))
    by_network, by_collocation = slopes
    apart, size = (np.sqrt(np.mean(each**2)) for each in (by_network - by_collocation, by_collocation))
    assert apart < FLOORS.get(name, FLOOR) + 0.02 * size
