"""Dynare files: what is read, what is refused, and where they rest."""

import ast
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from surrogate.dynare import preprocessor
from surrogate.dynare.calibration import calibrate, closed_form_of, errors_at_rest
from surrogate.dynare.expressions import evaluate, names_in
from surrogate.dynare.importing import import_economy
from surrogate.dynare.model_file import read_model_file
from surrogate.dynare.preprocessor import preprocess
from surrogate.errors import BadData, MissingPackage, NoEquilibrium
from tests.surrogate.dynare.sources import FILES, NAMES, kept, model_file, needs_preprocessor, source

START = "var c k z; varexo e; parameters alpha beta rho; alpha = 0.3; beta = 0.95; rho = 0.9;\n"
MODEL = """model;
1/c = beta/c(+1)*alpha*exp(z(+1))*k^(alpha-1);
c + k = exp(z)*k(-1)^alpha;
z = rho*z(-1) + e;
end;
"""
REST = """steady_state_model;
z = 0; k = (alpha*beta)^(1/(1-alpha)); c = k^alpha - k;
end;
"""
SHOCKS = "shocks; var e; stderr 0.01; end;\n"
SOLVE = "stoch_simul(order=1);\n"
WHOLE = START + MODEL + REST + SHOCKS + SOLVE


def read(folder: Path, text: str, *defines: str):
    """A file with this text."""
    path = folder / "economy.mod"
    path.write_text(text, encoding="utf-8")
    return read_model_file(preprocess(path, defines))


@needs_preprocessor
@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_what_the_preprocessor_says(name: str) -> None:
    now, before = preprocess(FILES / f"{name}.mod"), preprocess(kept(name))
    assert now.name == before.name == name
    assert now.steady_state == before.steady_state
    assert {key: now.model[key] for key in before.model} == before.model


def test_variables_parameters_and_shocks_are_read() -> None:
    file = model_file("growth")
    assert file.endogenous["lambda"] == "marginal utility"
    assert file.shocks == {"e_z": "productivity shock", "e_g": "e_g"}
    assert len(file.equations) == len(file.endogenous) == 12
    assert [each.name for each in file.equations[:2]] == ["marginal_utility", "euler_equation"]
    assert file.observables == ("dy", "n")
    assert file.estimation == {"datafile": "growth_data.csv", "order": 1, "mode_compute": 0}
    gamma, rho, shock = file.estimated
    assert (gamma.name, gamma.prior, gamma.mean, gamma.sd, gamma.lower, gamma.upper) == (
        "gamma",
        2,
        2,
        0.3,
        1.2,
        3,
    )
    assert (rho.lower, rho.upper) == (0.85, 0.95)  # of estimated_params_bounds
    assert (shock.name, shock.is_shock, shock.sd) == ("e_z", True, np.inf)


def test_parameters_follow_from_others_and_from_the_steady_state() -> None:
    calibration = calibrate(model_file("growth"))
    assert list(calibration.derived) == ["beta"]
    assert calibration.parameters["beta"] == 1 / 1.01
    assert calibration.set_at_rest == ("chi",)
    assert calibration.in_closed_form
    assert calibration.sds == {"e_z": 0.01}


def test_shocks_have_variances_covariances_and_correlations() -> None:
    prices, gap = calibrate(model_file("prices")), calibrate(model_file("gap"))
    assert prices.sds == pytest.approx({"e_a": 0.007, "e_d": 0.01, "e_r": 0.002, "e_news": 0.003})
    assert prices.correlations == pytest.approx({("e_a", "e_d"): 0.3})
    assert gap.correlations == {("e_u", "e_i"): -0.2}


def test_the_steady_state_of_a_rule_is_no_variable() -> None:
    """Dynare's text of the equations loses STEADY_STATE(), with it the rule would be another one."""
    rule = next(each for each in model_file("prices").equations if each.name == "rule")
    assert {"STEADY_STATE(r)", "STEADY_STATE(y)", "r", "r(-1)", "y"} <= names_in(rule.residual)


def test_numbers_are_read_to_the_last_digit() -> None:
    file = model_file("growth")
    (spending,) = (each for each in file.equations if "g(-1)" in names_in(each.residual))
    assert evaluate(spending.right, {"rho_g": 0.0, "g(-1)": 1.0, "e_g": 0.0}) == pytest.approx(
        np.log(0.1), rel=1e-15
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_economy_rests_where_it_is_said_to(name: str) -> None:
    file = model_file(name)
    calibration = calibrate(file)
    assert calibration.in_closed_form == (name != "initial")
    assert errors_at_rest(file, calibration.values()).max() < 1e-9


def test_a_steady_state_in_formulas_holds_for_other_parameters() -> None:
    file = model_file("growth")
    parameters = dict(calibrate(file).parameters)
    parameters |= {"gamma": np.array([1.5, 3.0]), "alpha": np.array([0.3, 0.4])}
    values = closed_form_of(file, parameters)
    assert errors_at_rest(file, values).max() < 1e-12
    assert np.ptp(values["chi"]) > 0.1


def test_without_a_preprocessor_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(preprocessor, "PLACES", ("/nowhere", "/nowhere/else"))
    with pytest.raises(MissingPackage, match="apt install dynare"):
        preprocess(FILES / "growth.mod")
    assert preprocess(kept("growth")).name == "growth"


@needs_preprocessor
def test_the_preprocessor_is_found_off_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "dynare-preprocessor"
    program.symlink_to(str(shutil.which("dynare-preprocessor")))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(preprocessor, "PLACES", ("/nowhere", "/nowhere/else", str(tmp_path)))
    assert preprocessor.find_preprocessor() == str(program)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "is not what"),
        ("{}", "is not what"),
        ('{"model": [], "endogenous": [], "statements": []}', "abstract_syntax_tree"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "modfile.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadData, match=words):
        preprocess(path)


def test_an_equation_cut_short_is_refused(tmp_path: Path) -> None:
    content = json.loads(kept("gap").read_text(encoding="utf-8"))
    del content["abstract_syntax_tree"][0]["AST"]["arg2"]["arg1"]
    path = tmp_path / "modfile.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BadData, match="Equation 1"):
        read_model_file(preprocess(path))


@needs_preprocessor
def test_macros_take_values(tmp_path: Path) -> None:
    text = "@#ifndef RHO\n@#define RHO = 0.5\n@#endif\n" + WHOLE.replace("rho = 0.9", "rho = @{RHO}")
    assert calibrate(read(tmp_path, text)).parameters["rho"] == 0.5
    assert calibrate(read(tmp_path, text, "RHO=0.7")).parameters["rho"] == 0.7
    assert calibrate(read_model_file(preprocess(FILES / "prices.mod", ["HABIT=0"]))).parameters["h"] == 0


@needs_preprocessor
def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    read(tmp_path, WHOLE)
    assert [each.name for each in tmp_path.iterdir()] == ["economy.mod"]


@needs_preprocessor
def test_files_that_are_included_are_found(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "numbers.inc").write_text("rho = 0.7;\n", encoding="utf-8")
    text = WHOLE.replace("rho = 0.9;", '\n@#include "parts/numbers.inc"\n')
    assert calibrate(read(tmp_path, text)).parameters["rho"] == 0.7


@needs_preprocessor
def test_initial_values_of_what_is_estimated_stand_in_for_others(tmp_path: Path) -> None:
    lines = "estimated_params; rho, beta_pdf, 0.8, 0.1; stderr e, inv_gamma_pdf, 0.02, inf; end;\n"
    later = "estimated_params_init; rho, 0.85; stderr e, 0.03; end;\n"
    text = WHOLE.replace("rho = 0.9;", "") + lines
    assert calibrate(read(tmp_path, text)).parameters["rho"] == 0.8
    calibration = calibrate(read(tmp_path, text + later))
    assert (calibration.parameters["rho"], calibration.sds["e"]) == (0.85, 0.01)
    assert calibrate(read(tmp_path, WHOLE + lines + later)).parameters["rho"] == 0.9
    without = re.sub(r"shocks;.*?end;", "", text, flags=re.DOTALL)
    assert calibrate(read(tmp_path, without + later)).sds["e"] == 0.03


@needs_preprocessor
def test_formulas_of_matlab_variables_are_read(tmp_path: Path) -> None:
    text = "share = 0.3; % of capital\n" + WHOLE.replace("alpha = 0.3;", "alpha = share;")
    text = text.replace("stderr 0.01", "stderr share/10")
    calibration = calibrate(read(tmp_path, text))
    assert calibration.sds["e"] == pytest.approx(0.03)


@needs_preprocessor
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WHOLE.replace("stoch_simul(order=1)", "steady"), None),
        (START + MODEL.replace("rho*z", "rho*z z"), "does not accept"),
        (WHOLE.replace("e; param", "e; varexo_det d; param").replace("+ e;", "+ e + d;"), "varexo_det"),
        (
            "external_function(name=foo, nargs=1);\n" + WHOLE.replace("rho*z(-1)", "rho*foo(z(-1))"),
            "calls 'foo'",
        ),
        (START + MODEL + REST + "perfect_foresight_setup(periods=9);perfect_foresight_solver;", "foresight"),
        (WHOLE.replace("stderr 0.01", "stderr 0"), "no active shock"),
        (START + MODEL + REST + SOLVE, "no active shock"),
        (WHOLE.replace("rho = 0.9;", ""), "The parameter rho has no value"),
        (WHOLE.replace("rho = 0.9;", "load numbers.mat\nrho = numbers.rho;"), "rho"),
        (WHOLE.replace("model;", "set_param_value('rho', 0.5);\nmodel;", 1), "MATLAB code sets a parameter"),
        (WHOLE.replace("model;", "M_.params(2) = 0.5;\nmodel;", 1), "MATLAB code sets a parameter"),
        (WHOLE + "set_param_value('rho', 0.5);\n", None),
        (WHOLE.replace("z = 0; k", "[z, k2] = foo(alpha); k"), "MATLAB function"),
        (WHOLE.replace("exp(z)*k(-1)", "normcdf(z)*k(-1)"), "normcdf"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(tmp_path: Path, text: str, words: str | None) -> None:
    if words is None:
        assert calibrate(read(tmp_path, text)).in_closed_form
        return
    with pytest.raises(BadData, match=words) as refusal:
        calibrate(read(tmp_path, text))
    assert str(refusal.value).count("\n") == 0


@needs_preprocessor
def test_discretion_is_refused(tmp_path: Path) -> None:
    text = (FILES / "commitment.mod").read_text(encoding="utf-8")
    text = text.replace("ramsey_model(", "discretionary_policy(order=1, ")
    with pytest.raises(BadData, match="discretion"):
        read(tmp_path, text)


@needs_preprocessor
def test_a_steady_state_nobody_knows_is_refused(tmp_path: Path) -> None:
    text = WHOLE.replace(REST, "initval; c = -1; k = -1; end;\n")
    with pytest.raises(NoEquilibrium, match="_steadystate"):
        calibrate(read(tmp_path, text))


def test_a_planners_conditions_are_those_of_the_preprocessor() -> None:
    file = model_file("commitment")
    assert {"MULT_1", "MULT_2"} <= set(file.endogenous)
    assert calibrate(file).parameters["optimal_policy_discount_factor"] == 0.99
    assert source("commitment").steady_state == []


def test_a_preprocessed_file_cannot_smuggle_code_in(tmp_path: Path) -> None:
    """The economy is Python that somebody will run: names are names, and descriptions stay in their
    quotes.
    """
    text = kept("gap").read_text(encoding="utf-8")
    path = tmp_path / "modfile.json"
    for old, new in (
        ('"name":"kappa"', '"name":"kappa = 1\\nimport os"'),
        ('"name":"e_n","texName"', '"name":"e n","texName"'),
        ('"node_type":"VariableNode","name":"kappa"', '"node_type":"VariableNode","name":"__import__"'),
    ):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(BadData, match=r"no name|not declared"):
            import_economy(path)
    hostile = 'a \\"\\"\\" \\\\\\"\\"\\"\\nimport os'
    path.write_text(re.sub(r'"longName":"[xi]"', lambda _: f'"longName":"{hostile}"', text), encoding="utf-8")
    tree = ast.parse(import_economy(path).text)
    assert [type(each).__name__ for each in tree.body] == ["Expr", "ImportFrom", "ImportFrom", "ClassDef"]
    economy = tree.body[-1]
    assert isinstance(economy, ast.ClassDef)
    assert {type(each).__name__ for each in economy.body} == {"Expr", "Assign", "FunctionDef"}
