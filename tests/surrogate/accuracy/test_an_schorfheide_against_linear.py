"""The shipped An–Schorfheide surrogate against the linear model, which it must approach as shocks shrink.

Shocks are as small as the box allows, and states are drawn from the linear model's ergodic set, scaled. What
is left of the difference is the network's own error: at the steady state a level, the cost of risk beside it
negligible; off the steady state an error of the slopes; and curvature, which vanishes with the square of the
scale.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from surrogate import Surrogate
from surrogate.accuracy.against_reference import (
    an_schorfheide_reference,
    central_differences,
    derivative_table,
)
from surrogate.reference.an_schorfheide_linear import PARAMETER_NAMES, THETA_M, solve_economy

ARTIFACT = Path(__file__).parents[3] / "artifacts" / "an_schorfheide"
pytestmark = pytest.mark.skipif(
    not ARTIFACT.is_dir(), reason="artifacts/an_schorfheide has not been made yet"
)
SIGMAS = slice(10, 13)
COUNT = 24


class Case(NamedTuple):
    """A parameter vector [13] with small shocks, the steady state [4], ergodic sds of states [4] and of log
    controls [2], and the slopes [2, 4] of the linear solution.
    """

    theta: np.ndarray
    steady: np.ndarray
    sd: np.ndarray
    control_sd: np.ndarray
    slopes: np.ndarray


@pytest.fixture(scope="module")
def surrogate() -> Surrogate:
    return Surrogate(ARTIFACT)


@pytest.fixture(scope="module")
def cases(surrogate: Surrogate) -> list[Case]:
    """Theta_m and random vectors of the certified region, all with shocks at their lower bounds."""
    generator = np.random.default_rng(0)
    uniform = generator.random((500, surrogate.n_parameters))
    thetas = surrogate.lower + (surrogate.upper - surrogate.lower) * uniform
    thetas = np.concatenate([[[THETA_M[name] for name in PARAMETER_NAMES]], thetas])
    thetas[:, SIGMAS] = surrogate.lower[SIGMAS]
    return [case(surrogate, theta) for theta in thetas[surrogate.inside(thetas)][:COUNT]]


def case(surrogate: Surrogate, theta: np.ndarray) -> Case:
    economy = solve_economy(dict(zip(PARAMETER_NAMES, theta.tolist(), strict=True)))
    covariance = solve_discrete_lyapunov(economy.transition, economy.shock_impact @ economy.shock_impact.T)
    of_controls = economy.policy @ covariance @ economy.policy.T
    steady = surrogate.steady_state(theta).states[0].astype(float)
    return Case(theta, steady, np.sqrt(np.diag(covariance)), np.sqrt(np.diag(of_controls)), economy.policy)


def log_controls(surrogate: Surrogate, states: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda theta: np.log(surrogate.policy(states, theta).astype(float))


def gap(surrogate: Surrogate, case: Case, deviations: np.ndarray) -> np.ndarray:
    """Log controls less the linear solution's [n, 2] at states so many standard deviations [n, 4] away."""
    states = (case.steady + deviations * case.sd).astype(np.float32).astype(float)
    return log_controls(surrogate, states)(case.theta) - an_schorfheide_reference(states)(case.theta)


def test_at_rest_the_policy_is_the_steady_state(surrogate: Surrogate, cases: list[Case]) -> None:
    gaps = np.abs([gap(surrogate, each, np.zeros((1, 4)))[0] for each in cases])
    assert np.median(gaps) < 3e-5
    assert gaps.max() < 1e-3


def test_slopes_in_the_states_are_those_of_the_linear_solution(
    surrogate: Surrogate, cases: list[Case]
) -> None:
    """A slope's error counts by what a standard deviation of the state makes of it, in sds of the control."""
    errors = []
    for each in cases:
        shift = 0.5 * np.eye(4)
        errors.append(
            (gap(surrogate, each, shift) - gap(surrogate, each, -shift)).T / each.control_sd[:, None]
        )
    assert np.median(np.abs(errors)) < 5e-3
    assert np.abs(errors).max() < 0.15


def test_away_from_rest_the_difference_is_of_second_order(surrogate: Surrogate, cases: list[Case]) -> None:
    """Halving the distance from the steady state more than halves it."""
    deviations = np.random.default_rng(1).standard_normal((200, 4))
    sizes = []
    for each in cases:
        at_rest = gap(surrogate, each, np.zeros((1, 4)))
        moved = [gap(surrogate, each, scale * deviations) - at_rest for scale in (2.0, 1.0, 0.5)]
        sizes.append([np.sqrt(np.mean((part / each.control_sd) ** 2)) for part in moved])
    far, near, nearest = np.median(sizes, axis=0)
    assert far > 2.2 * near > 2.2**2 * nearest
    assert nearest < 0.01


def test_every_parameter_moves_the_controls_as_in_the_linear_model(
    surrogate: Surrogate, cases: list[Case]
) -> None:
    """Shocks' standard deviations aside, which do not matter at first order."""
    each = cases[0]
    deviations = np.random.default_rng(2).standard_normal((50, 4))
    states = (each.steady + deviations * each.sd).astype(np.float32).astype(float)
    ranges = surrogate.card.parameters[: SIGMAS.start]
    steps = np.array(
        [
            min(0.02 * (each.upper - each.lower), (each.upper - value) / 2, (value - each.lower) / 2)
            for each, value in zip(ranges, cases[0].theta, strict=False)
        ]
    )
    network, reference = (
        central_differences(
            lambda first, policy_at=policy_at: policy_at(np.concatenate([first, each.theta[SIGMAS]])),
            each.theta[: SIGMAS.start],
            steps,
        )
        for policy_at in (log_controls(surrogate, states), an_schorfheide_reference(states))
    )
    table = derivative_table(ranges, network, reference)
    share, difference, reference = (np.asarray(table[name]) for name in ("share", "difference", "reference"))
    assert (difference < 0.02 * reference.max()).all(), table
    assert share[reference > 1e-4].max() < 0.3, table  # government spending moves no control at first order
