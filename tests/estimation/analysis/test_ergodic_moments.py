"""Moments at a calibration are those of theory, and so are shares of variances in a nonlinear economy."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from scipy.linalg import solve_discrete_lyapunov

from estimation.analysis import ergodic_moments
from surrogate import ParameterRange, Surrogate
from surrogate.artifact.graph import STEP, sealed_files
from surrogate.errors import BadConfiguration, OutsideBox, UnknownName
from tests.linear_artifact import LinearEconomy, graphs

CALIBRATION = {"rho": 0.7, "sigma": 1.2, "mean": 0.3}


@pytest.fixture(scope="module")
def found(linear: Surrogate) -> dict:
    return {each.name: each.table for each in ergodic_moments(linear, CALIBRATION, lags=3)}


@pytest.fixture(scope="module")
def theory(linear_economy: LinearEconomy) -> dict:
    """Mean [2], covariances [2, 2] at lags 0 to 3, and that without the second shock."""
    m = linear_economy.at(list(CALIBRATION.values()))
    loading = np.vstack([m.shock_loading, np.zeros((2, 2))])
    transition = np.block([[m.transition, np.zeros((2, 2))], [np.eye(2), np.zeros((2, 2))]])
    observation = np.hstack([m.observation, m.lagged_observation])

    def covariances(impact: np.ndarray) -> list[np.ndarray]:
        variance = solve_discrete_lyapunov(transition, impact @ impact.T)
        powers = (np.linalg.matrix_power(transition, lag) for lag in range(4))
        return [observation @ power @ variance @ observation.T for power in powers]

    mean = m.observable_mean + (m.observation + m.lagged_observation) @ m.state_mean
    return {"mean": mean, "all": covariances(loading), "first": covariances(loading * [1, 0])}


def test_means_and_standard_deviations(found: dict, theory: dict) -> None:
    """Within five of the standard errors that are said: over 20 seeds 2.6 at most."""
    table = found["moments"]
    sd = np.sqrt(np.diag(theory["all"][0]))
    for column, exact in (("mean", theory["mean"]), ("standard deviation", sd)):
        errors = np.abs(table[column] - exact) / table[f"s.e. of {column}"]
        assert errors.max() < 5
    assert (table["s.e. of standard deviation"] / sd).max() < 0.01
    assert table[["skewness", "excess kurtosis"]].abs().to_numpy().max() < 0.1


def test_correlations_and_autocorrelations(found: dict, theory: dict) -> None:
    """Over 20 seeds at most .009 off."""
    exact = [np.diag(each) / np.diag(theory["all"][0]) for each in theory["all"][1:]]
    np.testing.assert_allclose(found["autocorrelations"].T, exact, atol=0.025)
    variance = theory["all"][0]
    correlation = variance[0, 1] / np.sqrt(variance[0, 0] * variance[1, 1])
    assert found["correlations"].loc["y0", "y1"] == pytest.approx(correlation, abs=0.025)


def test_variances_of_a_linear_economy_add_up(found: dict, theory: dict) -> None:
    """Over 20 seeds at most .8 off."""
    table = found["variance_decomposition"]
    share = 100 * np.diag(theory["first"][0]) / np.diag(theory["all"][0])
    np.testing.assert_allclose(table["e0"], share, atol=2.5)
    np.testing.assert_allclose(table["together"], 0, atol=3.5)


def test_what_shocks_do_together_is_no_shocks_own(tmp_path: Path) -> None:
    """y0 = s0 + s0 s1 of independent white noises with variances 1 and 4: one fifth is the first shock's.

    Over 20 seeds at most 1.2 off.
    """
    surrogate = Surrogate(product_economy(tmp_path))
    tables = {each.name: each.table for each in ergodic_moments(surrogate, {"sigma": 2.0}, burn_in=0)}
    shares = tables["variance_decomposition"]
    np.testing.assert_allclose(shares.loc["y0"], [20, 0, 80], atol=4)
    np.testing.assert_allclose(shares.loc["y1"], [0, 100, 0], atol=4)
    assert tables["moments"].loc["y0", "variance"] == pytest.approx(5, rel=0.05)


def test_wrong_numbers_are_refused(linear: Surrogate) -> None:
    with pytest.raises(UnknownName, match="observable"):
        ergodic_moments(linear, {}, ["y9"])
    with pytest.raises(OutsideBox):
        ergodic_moments(linear, {"rho": 2.0})
    with pytest.raises(BadConfiguration, match="memory"):
        ergodic_moments(linear, {}, periods=1_000_000, replications=1_000)
    with pytest.raises(BadConfiguration, match="one number"):
        ergodic_moments(linear, {"rho": np.array([0.5, 0.6])})


def product_economy(folder: Path) -> Path:
    """Two white noises, s0 with variance one and s1 with `sigma`^2; y0 = s0 + s0 s1, y1 = s1."""
    loading = np.zeros((2, 2, 2))
    loading[0, 0, 0] = loading[1, 1, 1] = 1.0
    economy = LinearEconomy(
        parameters=(ParameterRange("sigma", 0.5, 3.0, 1.0),),
        transition=np.zeros((2, 2, 2)),
        shock_loading=loading,
        observable_mean=np.zeros((2, 2)),
        control_loading=np.zeros((1, 2)),
        observation=np.eye(2),
    )
    files = graphs(economy)
    model = onnx.load_from_string(files[STEP])
    for node in model.graph.node:
        node.output[:] = ["linear" if name == "next_observables" else name for name in node.output]
    model.graph.node.extend(
        [
            helper.make_node("Split", ["linear"], ["first", "second"], axis=1),
            helper.make_node("Mul", ["first", "second"], ["product"]),
            helper.make_node("Add", ["first", "product"], ["mixed"]),
            helper.make_node("Concat", ["mixed", "second"], ["next_observables"], axis=1),
        ]
    )
    files[STEP] = model.SerializeToString()
    for file, content in sealed_files(files, economy.card()).items():
        (folder / file).write_bytes(content)
    return folder
