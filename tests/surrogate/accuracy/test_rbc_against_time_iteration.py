"""The shipped RBC surrogate, as ONNX Runtime runs it, against time iteration at single calibrations."""

from pathlib import Path

import numpy as np
import pytest

from surrogate import Surrogate
from surrogate.accuracy.against_reference import central_differences, derivative_table, rbc_reference
from surrogate.reference.growth import solve_rbc, steady_capital

ARTIFACT = Path(__file__).parents[3] / "artifacts" / "rbc"
pytestmark = pytest.mark.skipif(not ARTIFACT.is_dir(), reason="artifacts/rbc has not been made yet")


@pytest.fixture(scope="module")
def surrogate() -> Surrogate:
    return Surrogate(ARTIFACT)


def state_grid(parameters: dict[str, float], points: tuple[int, int] = (17, 11)) -> np.ndarray:
    """Capital and productivity [n, 2], exact in float32: 0.4 log points and 2.5 standard deviations either
    side.
    """
    capital = steady_capital(parameters) * np.exp(np.linspace(-0.4, 0.4, points[0]))
    sd = parameters["sigma"] / np.sqrt(1 - parameters["rho"] ** 2)
    grid = np.meshgrid(capital, np.linspace(-2.5, 2.5, points[1]) * sd, indexing="ij")
    return np.stack(grid, axis=-1).reshape(-1, 2).astype(np.float32).astype(float)


def relative_errors(surrogate: Surrogate, theta: np.ndarray) -> np.ndarray:
    """Consumption's relative distance from time iteration [n] at a parameter vector."""
    parameters = dict(zip(surrogate.parameter_names, theta.tolist(), strict=True))
    states = state_grid(parameters)
    exact = solve_rbc(parameters).consumption(*states.T)
    return np.abs(surrogate.policy(states, theta)[:, 0] / exact - 1)


def test_consumption_at_the_default_calibration(surrogate: Surrogate) -> None:
    errors = relative_errors(surrogate, surrogate.default)
    assert errors.max() < 1e-3
    assert errors.mean() < 2e-4


@pytest.mark.slow
def test_consumption_at_random_calibrations(surrogate: Surrogate) -> None:
    generator = np.random.default_rng(20)
    uniform = generator.random((20, surrogate.n_parameters))
    thetas = surrogate.lower + (surrogate.upper - surrogate.lower) * uniform
    errors = np.stack([relative_errors(surrogate, theta) for theta in thetas])
    told = "\n".join(
        f"{np.round(theta, 4)}: max {row.max():.2e}, mean {row.mean():.2e}"
        for theta, row in zip(thetas, errors, strict=True)
    )
    assert errors.max() < 1e-3, told
    assert errors.mean() < 5e-5, f"mean {errors.mean():.2e}\n{told}"


@pytest.mark.slow
def test_every_parameter_moves_consumption_as_in_the_re_solved_model(surrogate: Surrogate) -> None:
    theta = surrogate.default
    states = state_grid(dict(zip(surrogate.parameter_names, theta.tolist(), strict=True)), (7, 5))
    steps = 0.02 * (surrogate.upper - surrogate.lower)
    network = central_differences(lambda p: np.log(surrogate.policy(states, p).astype(float)), theta, steps)
    table = derivative_table(
        surrogate.card.parameters, network, central_differences(rbc_reference(states), theta, steps)
    )
    share, difference, reference = (np.asarray(table[name]) for name in ("share", "difference", "reference"))
    assert share.max() < 0.25, table
    assert difference.max() < 5e-3 * reference.max(), table
