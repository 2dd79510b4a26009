"""The shipped surrogate of the saving problem, as ONNX Runtime runs it, against endogenous grid points."""

from pathlib import Path

import numpy as np
import pytest

from surrogate import Surrogate
from surrogate.accuracy.against_reference import central_differences, derivative_table
from surrogate.reference.households import (
    SavingGrid as Grid,
)
from surrogate.reference.households import (
    SavingSolution,
    solve_consumption_saving,
    typical_assets,
)

ARTIFACT = Path(__file__).parents[3] / "artifacts" / "consumption_saving"
pytestmark = pytest.mark.skipif(
    not ARTIFACT.is_dir(), reason="artifacts/consumption_saving has not been made yet"
)
CALIBRATIONS = 12


@pytest.fixture(scope="module")
def surrogate() -> Surrogate:
    return Surrogate(ARTIFACT)


def named(surrogate: Surrogate, theta: np.ndarray) -> dict[str, float]:
    return dict(zip(surrogate.parameter_names, theta.tolist(), strict=True))


def calibrations(surrogate: Surrogate) -> list[np.ndarray]:
    """The default vector and random ones of the certified region."""
    draws = np.random.default_rng(31).uniform(surrogate.lower, surrogate.upper, (50, 5))
    return [surrogate.default, *draws[surrogate.inside(draws)][: CALIBRATIONS - 1]]


def states(p: dict[str, float], assets: int = 25, income: int = 9) -> np.ndarray:
    """Assets from nothing to what is seldom exceeded by log income within two sd [n, 2], exact in float32."""
    sd = p["sigma"] / np.sqrt(1 - p["rho"] ** 2)
    grid = np.meshgrid(
        0.9 * typical_assets(p) * np.linspace(0, 1, assets) ** 2, np.linspace(-2, 2, income) * sd
    )
    return np.stack(grid, axis=-1).reshape(-1, 2).astype(np.float32).astype(float)


def solved(solution: SavingSolution, rows: np.ndarray) -> np.ndarray:
    return solution.controls({"assets": rows[:, 0], "income": rows[:, 1]})["consumption"]


def resources(p: dict[str, float], rows: np.ndarray) -> np.ndarray:
    """Cash on hand [n]."""
    return (1 + p["r"]) * rows[:, 0] + np.exp(rows[:, 1])


def wants_more(surrogate: Surrogate, theta: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The multiplier [n]: consumption that the Euler equation asks for, over what there is, less one."""
    p = named(surrogate, theta)
    consumption = surrogate.policy(rows, theta)[:, 0].astype(float)
    shocks = np.linspace(-6, 6, 101)
    weights = np.exp(-(shocks**2) / 2) / np.exp(-(shocks**2) / 2).sum()
    carried = np.maximum(resources(p, rows) - consumption, 0.0)
    later = p["rho"] * rows[:, 1:] + p["sigma"] * shocks
    tomorrow = np.stack([np.broadcast_to(carried[:, None], later.shape), later], axis=-1).reshape(-1, 2)
    then = surrogate.policy(tomorrow, theta)[:, 0].reshape(later.shape).astype(float)
    expected = p["beta"] * (1 + p["r"]) * (then ** -p["gamma"] @ weights)
    return expected ** (-1 / p["gamma"]) / consumption - 1


def kink(surrogate: Surrogate, theta: np.ndarray, income: float) -> float:
    """Cash on hand where the surrogate begins to save, by bisection in assets."""
    p = named(surrogate, theta)
    low, high = 0.0, typical_assets(p)
    for _ in range(30):
        middle = (low + high) / 2
        row = np.array([[middle, income]])
        saves = surrogate.policy(row, theta)[0, 0] < resources(p, row)[0] * (1 - 1e-6)
        low, high = (low, middle) if saves else (middle, high)
    return float(resources(p, np.array([[low, income]]))[0])


def test_consumption_at_random_calibrations(surrogate: Surrogate) -> None:
    errors = []
    for theta in calibrations(surrogate):
        rows = states(named(surrogate, theta))
        exact = solved(solve_consumption_saving(named(surrogate, theta)), rows)
        errors.append(np.abs(surrogate.policy(rows, theta)[:, 0] / exact - 1))
    assert np.mean(errors) < 2e-3, np.mean(errors, axis=1)
    assert np.max(errors) < 2e-2, np.max(errors, axis=1)


def test_the_kink_is_within_one_grid_step(surrogate: Surrogate) -> None:
    """Of a grid as fine as the reference's, evenly spaced over the box of assets."""
    for theta in calibrations(surrogate):
        p = named(surrogate, theta)
        solution, step = solve_consumption_saving(p), typical_assets(p) / (Grid().assets_points - 1)
        for income in np.array([-0.5, 0.0, 0.5]) * p["sigma"]:
            exact = float(solution.kink(income))
            if exact > np.exp(income):  # someone with no assets is at the limit
                assert kink(surrogate, theta, income) == pytest.approx(exact, abs=max(step, 1e-3)), p


def test_the_multiplier_is_positive_only_where_the_limit_binds(surrogate: Surrogate) -> None:
    found = 0
    for theta in calibrations(surrogate):
        rows = states(named(surrogate, theta), assets=15)
        binds = surrogate.policy(rows, theta)[:, 0] >= resources(named(surrogate, theta), rows) * (1 - 1e-6)
        multiplier = wants_more(surrogate, theta, rows)
        assert np.all(multiplier[binds] > -1e-3)
        assert np.mean(np.abs(multiplier[~binds])) < 1e-3
        found += binds.sum()
    assert found > 20


def test_euler_errors_off_the_limit_on_the_ergodic_set(surrogate: Surrogate) -> None:
    """99 % are below 10^-3.5 of consumption, at many calibrations as ONNX Runtime runs them: on paths from
    the steady state, and by the certificate, whose paths start all over the box of states.
    """
    generator, errors = np.random.default_rng(8), []
    draws = generator.uniform(surrogate.lower, surrogate.upper, (150, 5))
    for theta in draws[surrogate.inside(draws)]:
        path = surrogate.simulate(theta, generator.standard_normal((300, 1, 1))).states[100:, 0]
        rows = path[generator.choice(len(path), 20, replace=False)].astype(float)
        saves = surrogate.policy(rows, theta)[:, 0] < resources(named(surrogate, theta), rows) * (1 - 1e-6)
        if saves.any():
            errors.append(wants_more(surrogate, theta, rows[saves]))
    assert np.quantile(np.abs(np.concatenate(errors)), 0.99) < 10**-3.5
    assert surrogate.card.accuracy["ergodic"]["saving"]["p99"] < -3.5
    assert 0.05 < surrogate.card.accuracy["closed_form"]["ergodic"] < 0.5  # at the limit, and not counted


def test_nobody_consumes_more_than_there_is(surrogate: Surrogate) -> None:
    for theta in calibrations(surrogate):
        rows = states(named(surrogate, theta))
        consumed = surrogate.policy(rows, theta)[:, 0]
        assert np.all(consumed > 0)
        assert np.all(consumed <= resources(named(surrogate, theta), rows) * (1 + 1e-6))


def test_every_parameter_moves_consumption_as_in_the_re_solved_model(surrogate: Surrogate) -> None:
    theta = surrogate.default
    rows = states(named(surrogate, theta), assets=8, income=5)
    rows = rows[rows[:, 0] > 0.2 * typical_assets(named(surrogate, theta))]  # away from the kink
    steps = 0.02 * (surrogate.upper - surrogate.lower)
    network = central_differences(lambda v: np.log(surrogate.policy(rows, v).astype(float)), theta, steps)
    reference = central_differences(
        lambda v: np.log(solved(solve_consumption_saving(named(surrogate, v)), rows))[:, None], theta, steps
    )
    table = derivative_table(surrogate.card.parameters, network, reference)
    assert np.asarray(table["share"]).max() < 0.1, table
