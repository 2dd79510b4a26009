"""Artifacts as source code: run, and held against two evaluations that share nothing with the translation."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from surrogate import Surrogate, load
from surrogate.artifact.validation import draw_parameters
from surrogate.errors import CannotTranslate
from surrogate.translation import LANGUAGES, export_code
from surrogate.translation.builder import Constants
from surrogate.translation.evaluate import evaluate
from surrogate.translation.region import discriminant
from tests.artifact_files import rewrite_all_cards
from tests.linear_artifact import LinearEconomy, write_artifact
from tests.surrogate.translation.in_doubles import InDoubles
from tests.surrogate.translation.running import TRANSLATED, require, run_file, simulate

PERIODS = 8
RUN = ("c", "js", "m", "r")
WRONG_SIZES = {
    "js": 'const rbc = require("./rbc.js"); rbc.policy([1, 2, 3], rbc.defaults);',
    "m": "model = rbc(); model.policy([1, 2, 3], model.default);",
    "r": 'source("rbc.R"); rbc$policy(c(1, 2, 3), rbc$defaults)',
}
IN_DOUBLES = 1e-10
IN_FLOAT32 = 1e-4
"""Of differences relative to one plus the absolute value; what is in percent, such as observables that are
differences of logarithms, may differ by what float32 itself loses, too.
"""


def gap(found: NDArray, expected: NDArray) -> NDArray:
    """Differences relative to one plus the absolute value: none where both are NaN, infinite where one is."""
    with np.errstate(invalid="ignore"):
        differences = np.abs(found - expected) / (1 + np.abs(expected))
    differences[np.isnan(found) & np.isnan(expected)] = 0
    return np.nan_to_num(differences, nan=np.inf)


@pytest.mark.parametrize("language", RUN)
@pytest.mark.parametrize("name", TRANSLATED)
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
    expected = InDoubles(surrogate.folder).simulate(shocks, theta)
    assert found.shape == expected.shape
    assert np.max(gap(found, expected)) < IN_DOUBLES
    path = surrogate.simulate(theta, shocks)
    artifact = np.concatenate(path, axis=2)[:, 0]
    variables = (*surrogate.card.states, *surrogate.card.controls)
    levels = [not each.unit.startswith("percent") for each in variables for _ in range(each.size)]
    economy = np.flatnonzero(levels)
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


def disguise(card: dict) -> None:
    """Names and descriptions that mean something to a compiler, or end a comment."""
    card["model"] = "for"
    for variable, name in zip(card["parameters"], ("lambda", "log", "β 1"), strict=True):
        variable["name"] = name
    for variable, name in zip(card["states"], ("v1", "1st"), strict=True):
        variable["name"] = name
    card["shocks"][0]["name"] = "v1"  # as a state has
    evil = "*/ %} */ %{ `${1}` \n} end ) #error end; \\"
    card["parameters"][0]["description"] = card["states"][0]["unit"] = card["description"] = evil
    card["timing"] = "say \\"


@pytest.mark.parametrize("language", RUN)
def test_names_and_remarks_are_no_code(language: str, linear_economy: LinearEconomy, tmp_path: Path) -> None:
    require(language)
    folder = write_artifact(linear_economy, tmp_path / "linear")
    rewrite_all_cards(folder, disguise)
    files = export_code(Surrogate(folder), language, tmp_path / "code")
    assert files[-1].stem == "for__self_test"
    result = run_file(language, tmp_path / "code", "for__self_test")
    assert (result.returncode, "passed" in result.stdout) == (0, True), result.stdout + result.stderr


SABOTAGE = {
    "c": ("return 1;\n    }", "}"),
    "js": ("if (!inside(parameters)) throw", "if (false) throw"),
    "m": ("if ~inside(parameters, c)", "if false"),
    "r": ("if (!inside(parameters))", "if (FALSE)"),
}


@pytest.mark.parametrize("language", RUN)
def test_self_tests_notice_a_missing_check(language: str, tmp_path: Path) -> None:
    require(language)
    code = export_code(load("nk_zlb"), language, tmp_path / "code")[-2]
    text = code.read_text(encoding="utf-8")
    assert SABOTAGE[language][0] in text
    code.write_text(text.replace(*SABOTAGE[language]), encoding="utf-8")
    result = run_file(language, tmp_path / "code", "nk_zlb_self_test")
    assert (result.returncode, "passed" in result.stdout) == (1, False)


@pytest.mark.parametrize("language", RUN)
def test_self_tests_notice_one_wrong_weight(language: str, tmp_path: Path) -> None:
    """A part in a thousand."""
    require(language)
    code = export_code(load("brock_mirman"), language, tmp_path / "code")[-2]
    text = code.read_text(encoding="utf-8")
    start = text.index("=" if language != "r" else "<-", text.index("CONSTANT_3"))
    weight = re.search(r"\d\.\d{6,}", text[start:])
    assert weight is not None
    changed = text[:start] + text[start:].replace(weight[0], repr(float(weight[0]) * 1.001), 1)
    code.write_text(changed, encoding="utf-8")
    result = run_file(language, tmp_path / "code", "brock_mirman_self_test")
    assert (result.returncode, "FAILED" in result.stdout) == (1, True)


@pytest.mark.parametrize("name", ["an_schorfheide", "nk_zlb", "consumption_saving"])
def test_the_region_is_the_certified_one(name: str) -> None:
    surrogate = load(name)
    assert surrogate.region is not None
    shared = Constants()
    program = discriminant(surrogate.region, shared)
    generator = np.random.default_rng(4)
    theta = generator.uniform(surrogate.lower, surrogate.upper, (500, surrogate.n_parameters))
    found = [evaluate(program, shared.arrays, {"parameters": row})["discriminant"][0] for row in theta]
    np.testing.assert_allclose(found, surrogate.region.discriminant(theta), rtol=1e-9, atol=1e-9)
    assert 0 < np.mean(np.array(found) <= 0) < 1


@pytest.mark.parametrize(("language", "call"), WRONG_SIZES.items())
def test_arrays_of_another_length_are_refused(language: str, call: str, tmp_path: Path) -> None:
    """C knows no lengths."""
    require(language)
    export_code(load("rbc"), language, tmp_path / "code")
    suffix = {"js": "js", "m": "m", "r": "R"}[language]
    (tmp_path / "code" / f"rbc_driver.{suffix}").write_text(call, encoding="utf-8")
    result = run_file(language, tmp_path / "code", "rbc_driver")
    assert result.returncode != 0
    assert "states must have 2 entries, not 3" in result.stderr


def test_what_no_language_has_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """The generations search for their steady state with operators that are not translated."""
    with pytest.raises(CannotTranslate, match="is not translated to other languages"):
        export_code(load("olg"), "c", tmp_path / "olg")
    assert not (tmp_path / "olg").exists()
