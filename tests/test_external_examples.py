"""Programs of others that use the files alone, and files of others that this package uses."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from scipy.stats import norm

from estimation import Estimation
from surrogate import Surrogate, load
from surrogate.artifact.validation import validate
from surrogate.translation import export_code
from tests.surrogate.translation.running import require, run_file

EXTERNAL = Path(__file__).parents[1] / "examples" / "external"
ROOT = EXTERNAL.parents[1]
GOLDEN = json.loads((EXTERNAL / "golden.json").read_text(encoding="utf-8"))
CASES = [(name, int(periods)) for name, paths in GOLDEN.items() for periods in paths]
TOLERANCE = 1e-4
"""Relative to one plus the absolute value; ONNX Runtime for Python and for browsers are up to 4e-5 apart."""


def module(name: str) -> ModuleType:
    """An example as a module."""
    specification = importlib.util.spec_from_file_location(name, EXTERNAL / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


def require_golden(printed: str, name: str, periods: int) -> None:
    """What a program prints is what the golden values say."""
    require_equal(json.loads(printed), GOLDEN[name][str(periods)])


def require_equal(found: dict, expected: dict) -> None:
    """The same keys and, up to the tolerance, values."""
    assert found.keys() == expected.keys()
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=TOLERANCE, atol=TOLERANCE)


def of_the_package(name: str, periods: int) -> dict[str, list[float]]:
    """What the programs print, by this package's runtime."""
    surrogate = load(name)
    t, j = np.arange(1, periods + 1)[:, np.newaxis], np.arange(surrogate.n_shocks)
    path = surrogate.simulate({}, np.sqrt(2) * np.sin(t + 2 * j))
    last = {key: values[-1, 0].tolist() for key, values in path._asdict().items()}
    return {**last, "means": np.mean(path.observables[:, 0], axis=0, dtype=float).tolist()}


def test_golden_values_are_long_and_short() -> None:
    assert {periods for _, periods in CASES} == {8, 1000}
    assert len(CASES) == 4


@pytest.mark.parametrize(("name", "periods"), CASES)
def test_golden_values_are_those_of_the_package(name: str, periods: int) -> None:
    require_equal(of_the_package(name, periods), GOLDEN[name][str(periods)])


@pytest.mark.parametrize(("name", "periods"), CASES)
def test_a_program_in_python_needs_onnx_runtime_alone(name: str, periods: int) -> None:
    folder = str(ROOT / "artifacts" / name)
    program = (
        "import runpy, sys;"
        " sys.modules.update(surrogate=None, estimation=None, scipy=None, torch=None, onnx=None);"
        f" sys.argv = ['simulate.py', {folder!r}, '{periods}'];"
        f" runpy.run_path({str(EXTERNAL / 'simulate.py')!r}, run_name='__main__')"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    require_golden(result.stdout, name, periods)


@pytest.mark.parametrize("runtime", ["onnxruntime-web", "onnxruntime-node"])
@pytest.mark.parametrize(("name", "periods"), CASES)
def test_a_program_in_javascript_needs_one_runtime_alone(name: str, periods: int, runtime: str) -> None:
    require("js")
    if not (EXTERNAL / "node_modules" / runtime).is_dir():
        pytest.skip(f"no {runtime}: npm install --ignore-scripts {runtime} in examples/external")
    command = ["node", "simulate.mjs", str(ROOT / "artifacts" / name), str(periods), runtime]
    result = subprocess.run(command, cwd=EXTERNAL, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    require_golden(result.stdout, name, periods)


@pytest.fixture(scope="module")
def simulate_in_c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in C, with the library that comes with ONNX Runtime for Python; headers do not."""
    require("c")
    headers = os.environ.get("ONNXRUNTIME_INCLUDE", "")
    if not (Path(headers) / "onnxruntime_c_api.h").is_file():
        pytest.skip("no onnxruntime_c_api.h: say in ONNXRUNTIME_INCLUDE where it is")
    libraries = sorted((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))
    if not libraries:
        pytest.skip("ONNX Runtime for Python brings no library that C can use here")
    folder = tmp_path_factory.mktemp("c")
    for name in ("libonnxruntime.so", "libonnxruntime.so.1"):
        (folder / name).symlink_to(libraries[0])
    command = ["gcc", "-Wall", "-Werror", str(EXTERNAL / "simulate.c"), "-I", headers, "-L", str(folder)]
    command += ["-lonnxruntime", "-lm", f"-Wl,-rpath,{folder}", "-o", str(folder / "simulate")]
    subprocess.run(command, check=True)
    return folder / "simulate"


@pytest.mark.parametrize(("name", "periods"), CASES)
def test_a_program_in_c_needs_onnx_runtime_alone(simulate_in_c: Path, name: str, periods: int) -> None:
    command = [str(simulate_in_c), str(ROOT / "artifacts" / name), str(periods)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    require_golden(result.stdout, name, periods)


@pytest.mark.parametrize("name", [*GOLDEN, "krusell_smith"])
def test_a_program_in_c_that_another_package_writes_needs_nothing(name: str, tmp_path: Path) -> None:
    """Not even ONNX Runtime; of the economy of many households there are golden values of the package."""
    require("c")
    pytest.importorskip("emx_onnx_cgen")
    command = [sys.executable, str(EXTERNAL / "plain_c.py"), str(ROOT / "artifacts" / name), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    files = [EXTERNAL / "simulate_plain.c", tmp_path / "step.c", tmp_path / "steady_state.c"]
    flags = ["-O2", "-Wall", "-Werror", "-I", str(tmp_path)]
    subprocess.run(["gcc", *flags, *map(str, files), "-lm", "-o", str(tmp_path / "simulate")], check=True)
    for periods in (8, 1000):
        command = [str(tmp_path / "simulate"), str(periods)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        expected = GOLDEN[name][str(periods)] if name in GOLDEN else of_the_package(name, periods)
        require_equal(json.loads(printed), expected)


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a foreign writer leaves."""
    folder = tmp_path_factory.mktemp("by_hand") / "phillips_curve"
    program = (
        "import runpy, sys; sys.modules.update(surrogate=None, estimation=None, torch=None);"
        f" sys.argv = ['write.py', {str(folder)!r}];"
        f" runpy.run_path({str(EXTERNAL / 'write_linear_economy.py')!r}, run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    return folder


def test_an_artifact_by_hand_keeps_every_promise(by_hand: Path) -> None:
    checks = validate(Surrogate(by_hand))
    assert [check for check in checks if not check.passed] == []


def test_an_artifact_by_hand_is_its_economy(by_hand: Path) -> None:
    economy = Surrogate(by_hand)
    theta = {"rho": [0.5, 0.9], "sigma": 0.7, "kappa": 0.2, "sigma_u": [0.1, 1.5]}
    states, shocks = np.random.default_rng(0).normal(size=(2, 6, 2))
    next_states, next_controls, observables = economy.step(states, np.zeros((6, 1)), shocks, theta)
    rho, sigma_u = np.repeat([0.5, 0.9], 3), np.repeat([0.1, 1.5], 3)
    gap, cost = rho * states[:, 0] + 0.7 * shocks[:, 0], sigma_u * shocks[:, 1]
    inflation = 0.2 / (1 - 0.99 * rho) * gap + cost
    np.testing.assert_allclose(next_states, np.stack([gap, cost], axis=1), rtol=1e-14)
    np.testing.assert_allclose(next_controls[:, 0], inflation, rtol=1e-14)
    np.testing.assert_allclose(observables, np.stack([gap, inflation], axis=1), rtol=1e-14)


def test_an_artifact_by_hand_can_be_estimated(by_hand: Path) -> None:
    """Its likelihood has a closed form: the gap is an autoregression, costs are what inflation adds to it."""
    example = module("estimate_linear_economy")
    quarters = pd.period_range("1980Q1", periods=40, freq="Q")
    sample = np.random.default_rng(1).normal(size=(40, 2))
    data = pd.DataFrame(sample, index=quarters, columns=["gap", "inflation"])
    settings = {"ensembles": 2, "walkers": 16, "steps": 10}
    estimation = Estimation(by_hand, data, example.PRIORS, likelihood={"method": "kalman"}, sampler=settings)
    for rho, sigma, kappa, sigma_u in ((0.7, 0.6, 0.08, 0.25), (0.3, 1.2, 0.4, 2.0)):
        gap, inflation = sample.T
        expected = norm.logpdf(gap[0], scale=sigma / np.sqrt(1 - rho**2))
        expected += norm.logpdf(gap[1:], rho * gap[:-1], sigma).sum()
        expected += norm.logpdf(inflation, kappa / (1 - 0.99 * rho) * gap, sigma_u).sum()
        theta = {"rho": rho, "sigma": sigma, "kappa": kappa, "sigma_u": sigma_u}
        posterior = estimation.posterior
        (found,) = posterior.log_likelihood(posterior.theta_array(theta))
        assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_the_example_of_estimation_finds_the_truth(by_hand: Path) -> None:
    """At the seed of the example all four are within 1.1 posterior standard deviations of it."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    command = [sys.executable, str(EXTERNAL / "estimate_linear_economy.py"), str(by_hand)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines()[1:5]}
    for name, truth in module("estimate_linear_economy").TRUTH.items():
        mean, sd = float(rows[name][-2]), float(rows[name][-1])
        assert abs(mean - truth) < 3 * sd


def test_an_artifact_by_hand_can_be_written_as_code(by_hand: Path, tmp_path: Path) -> None:
    require("c")
    export_code(Surrogate(by_hand), "c", tmp_path / "code")
    assert run_file("c", tmp_path / "code", "phillips_curve_self_test").returncode == 0
