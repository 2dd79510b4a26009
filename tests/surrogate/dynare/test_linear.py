"""The first-order solution of a file is Dynare's, and that of the theory where there is one."""

import numpy as np
import pytest

from benchmarks.dynare_files import difference, is_nonlinear_and_stochastic, our_rule, outcome
from surrogate.dynare.calibration import calibrate
from surrogate.dynare.linear import UNIT_ROOT, covariance_of, roots_of, solve_linear
from surrogate.dynare.octave import available, linear_rule_of_dynare
from surrogate.errors import SurrogateError
from surrogate.rational_expectations import Indeterminate
from tests.surrogate.dynare.sources import FILES, NAMES, kept, model_file, needs_preprocessor

needs_dynare = pytest.mark.skipif(not available(), reason="no Octave and Dynare here")


@needs_dynare
@pytest.mark.parametrize("name", NAMES)
def test_coefficients_are_dynares(name: str) -> None:
    file = model_file(name)
    assert difference(our_rule(file, calibrate(file)), linear_rule_of_dynare(FILES / f"{name}.mod")) < 1e-8


def test_a_cost_push_moves_a_planner_as_in_theory() -> None:
    """Under commitment the price level returns (Woodford 2003, chapter 7): with x the gap and p the level,
    x = -(kappa / weight) p, so inflation is the change of -(weight / kappa) x.
    """
    file = model_file("commitment")
    rule = our_rule(file, calibrate(file))
    rows = {text: number for number, text in enumerate(rule.variables)}
    gap, inflation = [], []
    states, shock = np.zeros(len(rule.states)), np.ones(1)
    for _ in range(300):
        y = rule.on_states @ states + rule.on_shocks @ shock
        states, shock = y[[rows[state] for state in rule.states]], np.zeros(1)
        gap.append(y[rows["x"]])
        inflation.append(y[rows["pi"]])
    np.testing.assert_allclose(np.cumsum(inflation), -0.05 / 0.1 * np.array(gap), atol=1e-12)
    assert inflation[0] > 0.1
    assert abs(sum(inflation)) < 1e-6


def test_ergodic_standard_deviations_are_those_of_a_long_simulation() -> None:
    """Bound: the largest of 20 seeds is .012."""
    file = model_file("gap")
    calibration = calibrate(file)
    stationary = [each for each in file.endogenous if each != "price"]
    equations = [each for each in file.equations if each.left.id != "price"]  # pyright: ignore[reportAttributeAccessIssue]
    shocks = tuple(calibration.sds)
    rule = solve_linear(equations, stationary, shocks, calibration.values())
    covariance = covariance_of(shocks, calibration.sds, calibration.correlations)
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(3), covariance, 200_000)
    rows = [rule.variables.index(state) for state in rule.states]
    states, path = np.zeros(len(rows)), []
    for shock in draws:
        path.append(rule.on_states @ states + rule.on_shocks @ shock)
        states = path[-1][rows]
    simulated = np.std(path, axis=0)
    theory = np.array(list(rule.sds(covariance).values()))
    np.testing.assert_allclose(simulated, theory, rtol=0.03)


def test_a_unit_root_has_no_standard_deviation() -> None:
    file = model_file("gap")
    rule = our_rule(file, calibrate(file))
    assert set(rule.sds(np.eye(3)).values()) == {np.inf}


def test_too_many_solutions_are_none() -> None:
    file = model_file("gap")
    calibration = calibrate(file)
    values = {**calibration.values(), "phi_pi": 0.5, "phi_x": 0.0}
    with pytest.raises(Indeterminate):
        solve_linear(file.equations, tuple(file.endogenous), tuple(file.shocks), values)
    assert issubclass(Indeterminate, SurrogateError)


@needs_preprocessor
def test_the_benchmark_says_what_becomes_of_a_file() -> None:
    assert str(outcome(FILES / "gap.mod")).startswith("7 variables, 4 states, 2 for the network")
    assert str(outcome(FILES / "absent.mod")).startswith("refused: There is no file")


def test_the_benchmark_counts_what_is_nonlinear_and_stochastic() -> None:
    assert [name for name in NAMES if is_nonlinear_and_stochastic(kept(name), "")] == [
        "growth",
        "prices",
        "initial",
    ]
    assert not is_nonlinear_and_stochastic(kept("growth"), "no active shock: nothing in it is uncertain.")


@pytest.mark.parametrize("name", NAMES)
def test_as_many_roots_are_stable_as_there_are_predetermined_variables(name: str) -> None:
    """And those are the roots of the solution."""
    file = model_file(name)
    values = {**calibrate(file).values(), **dict.fromkeys(file.shocks, 0.0)}
    roots, n_stable = roots_of(file.equations, tuple(file.endogenous), tuple(file.shocks), values)
    rule = our_rule(file, calibrate(file))
    rows = [rule.variables.index(state) for state in rule.states]
    own = np.sort(np.abs(np.linalg.eigvals(rule.on_states[rows])))
    np.testing.assert_allclose(np.abs(roots[:n_stable]), own, atol=1e-6)
    assert np.abs(roots[n_stable]) > 1 + UNIT_ROOT
