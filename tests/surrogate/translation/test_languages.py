"""Artifacts as source code: run, and held against two evaluations that share nothing with the translation."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from surrogate import Surrogate, catalogue, load
from surrogate.artifact.validation import draw_parameters
from surrogate.translation import LANGUAGES, export_code
from tests.linear_artifact import LinearEconomy, write_artifact
from tests.surrogate.translation.in_doubles import InDoubles
from tests.surrogate.translation.running import require, run_file, simulate

PERIODS = 8
RUN = ("c", "js", "m", "r")
IN_DOUBLES = 1e-10
IN_FLOAT32 = 1e-4
"""Of differences relative to one plus the absolute value; observables, which are rates in percent of differences
of logarithms, by as much as float32 itself loses there, too.
"""


def gap(found: NDArray, expected: NDArray) -> NDArray:
    """Differences relative to one plus the absolute value; nothing where both are NaN, infinite where one is."""
    with np.errstate(invalid="ignore"):
        differences = np.abs(found - expected) / (1 + np.abs(expected))
    differences[np.isnan(found) & np.isnan(expected)] = 0
    return np.nan_to_num(differences, nan=np.inf)


@pytest.mark.parametrize("language", RUN)
@pytest.mark.parametrize("name", catalogue.available())
def test_code_says_what_the_artifact_says(name: str, language: str, tmp_path: Path) -> None:
    require(language)
    surrogate = load(name)
    export_code(surrogate, language, tmp_path / "code")
    result = run_file(language, tmp_path / "code", f"{name}_self_test")
    assert (result.returncode, "passed" in result.stdout) == (0, True), result.stdout + result.stderr

    generator = np.random.default_rng(1)
    theta = draw_parameters(surrogate, 1, generator)[0]
    shocks = generator.normal(size=(PERIODS, surrogate.n_shocks))
    sizes = surrogate.n_states, surrogate.n_controls, surrogate.n_observables
    found = simulate(language, tmp_path / "code", name, sizes, shocks, theta)
    reference = InDoubles(surrogate.folder)
    expected = reference.simulate(*reference.run("steady_state", theta), shocks, theta)
    assert found.shape == expected.shape
    assert np.max(gap(found, expected)) < IN_DOUBLES
    path = surrogate.simulate(theta, shocks)
    artifact = np.concatenate(path, axis=2)[:, 0]
    economy = slice(0, sizes[0] + sizes[1])
    assert np.max(gap(found[:, economy], artifact[:, economy])) < IN_FLOAT32
    rounding = gap(expected, artifact)
    assert np.all(gap(found, artifact) < IN_FLOAT32 + 2 * rounding)


@pytest.mark.parametrize("language", RUN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matrices_that_depend_on_parameters(
    language: str, dtype: str, linear_economy: LinearEconomy, tmp_path: Path
) -> None:
    """An economy by another writer than the package's, held against its own formulas."""
    require(language)
    economy = LinearEconomy(**{**vars(linear_economy), "dtype": dtype})
    surrogate = Surrogate(write_artifact(economy, tmp_path / "linear"))
    export_code(surrogate, language, tmp_path / "code")
    assert run_file(language, tmp_path / "code", "linear_self_test").returncode == 0
    theta = np.array([0.6, 1.3, -0.4])
    shocks = np.random.default_rng(2).normal(size=(PERIODS, surrogate.n_shocks))
    sizes = surrogate.n_states, surrogate.n_controls, surrogate.n_observables
    found = simulate(language, tmp_path / "code", "linear", sizes, shocks, theta)
    at = economy.at(theta)
    states = at.state_mean
    for row, shock in zip(found, shocks, strict=True):
        lagged = states
        states = at.state_mean + at.transition @ (states - at.state_mean) + at.shock_loading @ shock
        controls = at.control_mean + at.control_loading @ (states - at.state_mean)
        observables = at.observable_mean + at.observation @ states + at.lagged_observation @ lagged
        # the file's numbers are rounded to float32 where that is its type
        tolerance = 1e-6 if dtype == "float32" else 1e-12
        np.testing.assert_allclose(row, np.concatenate([states, controls, observables]), atol=tolerance)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_folder_is_replaced_but_not_one_with_other_files(language: str, tmp_path: Path) -> None:
    first = export_code(load("nk_linear"), language, tmp_path / "code")
    texts = [path.read_text(encoding="utf-8") for path in first]
    again = export_code(load("nk_linear"), language, tmp_path / "code")
    assert [path.read_text(encoding="utf-8") for path in again] == texts
    assert sorted(first) == sorted((tmp_path / "code").iterdir())
