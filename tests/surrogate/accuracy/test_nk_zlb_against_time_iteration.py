"""The shipped surrogate at the zero lower bound, as ONNX Runtime runs it, against time iteration."""

from pathlib import Path

import numpy as np
import pytest

from surrogate import Surrogate
from surrogate.accuracy.against_reference import central_differences, derivative_table
from surrogate.errors import NoEquilibrium, OutsideBox
from surrogate.reference.new_keynesian import solve_nk_zlb

ARTIFACT = Path(__file__).parents[3] / "artifacts" / "nk_zlb"
pytestmark = pytest.mark.skipif(not ARTIFACT.is_dir(), reason="artifacts/nk_zlb has not been made yet")
CALIBRATIONS = 20
MOST_PERSISTENT, LARGEST_SHOCK = 0.8, 0.02


@pytest.fixture(scope="module")
def surrogate() -> Surrogate:
    return Surrogate(ARTIFACT)


def calibrations(surrogate: Surrogate) -> np.ndarray:
    """Random vectors [CALIBRATIONS, 5] of the certified region with shocks up to the limits above."""
    upper = surrogate.upper.copy()
    upper[3:] = MOST_PERSISTENT, LARGEST_SHOCK
    draws = np.random.default_rng(12).uniform(surrogate.lower, upper, (4 * CALIBRATIONS, len(upper)))
    return draws[surrogate.inside(draws)][:CALIBRATIONS]


def preference(theta: np.ndarray) -> np.ndarray:
    """States [201, 1] within 2.5 standard deviations, exact in float32."""
    reach = 2.5 * theta[4] / np.sqrt(1 - theta[3] ** 2)
    return np.linspace(-reach, reach, 201).astype(np.float32).astype(float)[:, None]


def solved(surrogate: Surrogate, states: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Labor and inflation [n, 2] by time iteration."""
    parameters = dict(zip(surrogate.parameter_names, theta.tolist(), strict=True))
    found = solve_nk_zlb(parameters).controls({"preference": states[:, 0]})
    return np.stack([found[name] for name in surrogate.control_names], axis=1)


def test_labor_and_inflation_at_random_calibrations(surrogate: Surrogate) -> None:
    errors = []
    for theta in calibrations(surrogate):
        states = preference(theta)
        exact = solved(surrogate, states, theta)
        errors.append(np.abs(surrogate.policy(states, theta) - exact) / [exact[:, 0].mean(), 1])
    labor, inflation = np.moveaxis(np.array(errors), -1, 0)
    assert len(labor) == CALIBRATIONS
    assert labor.max() < 1e-3, labor.max(1)
    assert labor.mean() < 1e-4, labor.mean(1)
    assert inflation.max() < 2e-4, inflation.max(1)


def test_mean_euler_errors_are_those_of_an_accurate_solution(surrogate: Surrogate) -> None:
    for law in ("box", "ergodic"):
        for equation, figures in surrogate.card.accuracy[law].items():
            assert figures["mean"] < -5, (law, equation)


def test_every_parameter_moves_the_policy_as_in_the_re_solved_model(surrogate: Surrogate) -> None:
    theta = surrogate.default
    states, steps = preference(theta)[::10], 0.02 * (surrogate.upper - surrogate.lower)
    network = central_differences(lambda p: surrogate.policy(states, p).astype(float), theta, steps)
    reference = central_differences(lambda p: solved(surrogate, states, p), theta, steps)
    table = derivative_table(surrogate.card.parameters, network, reference)
    assert np.asarray(table["share"]).max() < 0.05, table


def test_where_there_is_no_equilibrium_the_surrogate_does_not_answer(surrogate: Surrogate) -> None:
    theta = np.array([2.0, 0.25, 1000.0, 0.9, 0.025])
    with pytest.raises(NoEquilibrium):
        solved(surrogate, preference(theta), theta)
    assert not surrogate.inside(theta[None])[0]
    with pytest.raises(OutsideBox, match="region"):
        surrogate.policy(np.zeros((1, 1)), theta)
