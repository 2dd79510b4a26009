"""A Dynare file becomes an economy in Python: the right size, the same economy, and one that `check`
accepts.
"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from benchmarks.dynare_files import our_rule
from surrogate.dynare.calibration import calibrate
from surrogate.dynare.importing import Imported, import_economy
from surrogate.dynare.octave import available
from surrogate.dynare.python_text import TAKEN
from surrogate.errors import BadData
from surrogate.models import ErgodicEllipse, FirstOrderAid, NumericalSteadyState
from surrogate.models.interface import Model
from surrogate.models.period import Parameters, Period
from surrogate.models.registry import from_file
from surrogate.reference.linearise import linearise
from surrogate.training.checks import check_economy
from tests.surrogate.dynare.sources import FILES, NAMES, kept, model_file, needs_preprocessor

PERIODS = 12
needs_dynare = pytest.mark.skipif(not available(), reason="no Octave and Dynare here")


@pytest.fixture(scope="module")
def economies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Imported, Model]]:
    """Each file, imported."""
    folder = tmp_path_factory.mktemp("economies")
    imported = {name: import_economy(kept(name)) for name in NAMES}
    for name, each in imported.items():
        (folder / f"{name}.py").write_text(each.text, encoding="utf-8")
    return {name: (each, from_file(folder / f"{name}.py")) for name, each in imported.items()}


@pytest.mark.parametrize(
    ("name", "states", "outputs"),
    [
        ("growth", ("k(-1)", "z"), ("n",)),
        (
            "prices",
            ("c(-1)", "r(-1)", "a", "d", "AUX_EXO_LAG_12_1", "e_r", "e_news"),
            ("c", "infl"),
        ),
        ("initial", ("k1(-1)", "k2(-1)", "z"), ("c", "k1")),
        ("gap", ("i(-1)", "u", "rn", "e_i"), ("x", "pi")),
        ("commitment", ("MULT_2(-1)", "u"), ("pi",)),
    ],
)
def test_an_economy_has_few_states_and_outputs(economies, name: str, states, outputs) -> None:
    reduced = economies[name][0].reduced
    assert (reduced.states, reduced.outputs) == (states, outputs)
    assert len(reduced.residuals) == len(outputs)


@pytest.mark.parametrize("name", NAMES)
def test_check_has_nothing_to_complain_about(economies, name: str) -> None:
    assert [each for each in check_economy(economies[name][1]) if not each.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_responses_are_those_of_the_whole_file(economies, name: str) -> None:
    """The reduced economy, differentiated by PyTorch and solved, against all equations, differentiated
    here.
    """
    imported, model = economies[name]
    file = model_file(name)
    calibration = calibrate(file)
    rule = our_rule(file, calibration)
    linear = linearise(model, model.default_parameters())
    rows = [rule.variables.index(state) for state in rule.states]
    outputs = [rule.variables.index(output) for output in imported.reduced.outputs]
    correlated = [text for pair in calibration.correlations for text in pair]
    for column, shock in enumerate(imported.reduced.shocks):
        if shock in correlated:
            continue
        states = linear.shock_impact[:, column]
        lagged, impulse = np.zeros(len(rows)), np.zeros(len(rule.shocks))
        impulse[rule.shocks.index(shock)] = calibration.sds[shock]
        for _ in range(PERIODS):
            y = rule.on_states @ lagged + rule.on_shocks @ impulse
            lagged, impulse = y[rows], 0 * impulse
            np.testing.assert_allclose(linear.policy @ states, y[outputs], atol=1e-9, rtol=1e-7)
            states = linear.transition @ states


def test_shocks_move_together_as_the_file_says(economies) -> None:
    for name, pair in (("prices", ("a", "d")), ("gap", ("u", "e_i"))):
        imported, model = economies[name]
        impact = linearise(model, model.default_parameters()).shock_impact
        rows = [[state.name for state in model.states].index(text) for text in pair]
        one, two = impact[rows]
        expected = next(iter(imported.calibration.correlations.values()))
        assert one @ two / np.sqrt(one @ one * (two @ two)) == pytest.approx(expected)


def test_observables_are_those_of_the_file(economies) -> None:
    """Output growth, which the file defines by the log of output, which reports only."""
    _, model = economies["growth"]
    assert [each.name for each in model.observables] == ["dy", "n"]
    p = model.name_parameters(model.default_parameters())
    states, controls = (torch.stack(list(part.values()), -1) for part in model.steady_state(p))
    now = model.period(p, states, controls)
    then = model.period(p, states + torch.tensor([0.0, 0.05]), controls * 1.02)
    growth = model.observed(now, then, p)[0]
    assert float(growth) == pytest.approx(0.05 + 0.67 * np.log(1.02))


def test_bounds_keep_surpluses_positive(economies) -> None:
    _, model = economies["prices"]
    assert [(each.lower, each.upper) for each in model.controls] == [("least_c", np.inf), (0.0, np.inf)]
    p = model.name_parameters(model.default_parameters())
    states, controls = model.steady_state(p)
    period = model.period(p, torch.stack(list(states.values()), -1))
    assert float(period.least_c) == pytest.approx(0.6 * float(controls["c"]))


def test_words_of_python_are_no_names(economies) -> None:
    text = economies["growth"][0].text
    assert "def lambda_(self, now, p):" in text
    assert "now.lambda_" in text


def test_the_notes_say_what_became_of_the_file(economies) -> None:
    notes = " ".join(economies["growth"][0].notes)
    for words in (
        "Dropped, since nothing depends on them: trend, log_y.",
        "Constant, since no shock moves them: g.",
        "Follow from other parameters, where Dynare would keep their first values: beta.",
        "Set by the steady state: chi.",
        "Ranges of the parameters: estimated_params",
    ):
        assert words in notes
    assert "solved for numerically" in " ".join(economies["initial"][0].notes)


def test_the_file_is_short(economies) -> None:
    assert all(len(imported.text.splitlines()) <= 150 for imported, _ in economies.values())


@needs_preprocessor
def test_reading_the_file_gives_the_same_economy(economies) -> None:
    assert all(import_economy(FILES / f"{name}.mod").text == economies[name][0].text for name in NAMES)


@needs_preprocessor
def test_the_price_of_a_tree_is_left_to_the_network(tmp_path: Path) -> None:
    """Nobody depends on it (Lucas 1978), and there is nothing else to learn."""
    path = tmp_path / "tree.mod"
    path.write_text(
        "var price c z; varexo e; parameters beta gamma rho; beta = 0.95; gamma = 2; rho = 0.8;\n"
        "model; price*c^(-gamma) = beta*c(+1)^(-gamma)*(price(+1) + c(+1));\n"
        "c = exp(z); z = rho*z(-1) + e; end;\n"
        "steady_state_model; z = 0; c = 1; price = beta/(1 - beta); end;\n"
        "shocks; var e; stderr 0.02; end; stoch_simul(order=1) price;\n",
        encoding="utf-8",
    )
    imported = import_economy(path)
    assert (imported.reduced.states, imported.reduced.outputs) == (("z",), ("price",))
    (tmp_path / "tree.py").write_text(imported.text, encoding="utf-8")
    assert [each for each in check_economy(from_file(tmp_path / "tree.py")) if not each.passed] == []


@needs_preprocessor
def test_kinks_and_other_functions_are_those_of_the_file(tmp_path: Path) -> None:
    """Adjustment costs with a kink, functions whose arguments are plain numbers, and names that are taken."""
    path = tmp_path / "kinked.mod"
    path.write_text(
        "var c rest slack z; varexo e; parameters beta gamma vector rho cost;\n"
        "beta = 0.95; gamma = 2; vector = 0.3; rho = 0.8; cost = 0.1;\n"
        "model; c^(-gamma) = beta*c(+1)^(-gamma)*(vector*exp(z(+1))*rest^(vector - 1) + sqrt(vector)/100 + "
        "0.2);\nrest = 0.2*rest(-1) + slack;\n"
        "c = exp(z)*rest(-1)^vector - slack - cost*max(slack - 0.1, 0)^2 - cost*abs(z)*(z > 0.5)*log10(rho "
        "+ 1);\nz = rho*z(-1) + e; end;\n"
        "initval; z = 0; rest = 0.2; slack = 0.16; c = 0.3; end;\n"
        "shocks; var e; stderr 0.02; end; stoch_simul(order=1) c;\n",
        encoding="utf-8",
    )
    ranges = tmp_path / "ranges.toml"
    ranges.write_text("beta = [0.94, 0.96]\nrho = [0.7, 0.9]\n", encoding="utf-8")
    imported = import_economy(path, box=ranges)
    (tmp_path / "kinked.py").write_text(imported.text, encoding="utf-8")
    model = from_file(tmp_path / "kinked.py")
    assert [each for each in check_economy(model) if not each.passed] == []
    assert "vector_ = 0.3" in imported.text
    p = model.name_parameters(model.default_parameters())
    for slack, z, expected in ((0.05, 0.0, 0.0), (0.3, 0.0, 0.1 * 0.2**2), (0.05, 0.7, 0.07 * np.log10(1.8))):
        now = model.period(p, torch.tensor([0.2, z]), torch.tensor([slack]))
        assert [each.name for each in model.controls] == ["slack_"]
        spent = np.exp(z) * 0.2**0.3 - float(now.c)
        assert spent == pytest.approx(slack + expected, rel=1e-5)


def test_names_of_the_house_are_taken() -> None:
    """Else a variable of that name would stand in the way."""
    for each in (Model, FirstOrderAid, ErgodicEllipse, NumericalSteadyState, Period, Parameters):
        own = {*dir(each), *vars(each).get("__annotations__", {})}
        assert {name for name in own if not name.startswith("_")} <= TAKEN


@needs_preprocessor
def test_a_steady_state_that_is_solved_for_is_read(tmp_path: Path) -> None:
    """A transfer out of what is above rest: to first order all is as if the number at rest stood there."""
    path = tmp_path / "transfer.mod"
    text = (
        "var c k y z; varexo e; parameters alpha beta rho tau;\n"
        "alpha = 0.3; beta = 0.95; rho = 0.8; tau = 0.1;\n"
        "model; 1/c = beta/c(+1)*(1 - tau)*alpha*y(+1)/k; y = exp(z)*k(-1)^alpha; z = rho*z(-1) + e;\n"
        "c + k = y - tau*(y - STEADY_STATE(y)); end;\n"
        "initval; c = 0.4; k = 0.15; y = 0.6; z = 0; end;\n"
        "shocks; var e; stderr 0.02; end; stoch_simul(order=1) y c;\n"
    )
    path.write_text(text, encoding="utf-8")
    imported = import_economy(path)
    assert "p.at_rest.y" in imported.text
    (tmp_path / "transfer.py").write_text(imported.text, encoding="utf-8")
    model = from_file(tmp_path / "transfer.py")
    assert [each for each in check_economy(model) if not each.passed] == []
    rest = imported.calibration.rest
    assert rest["y"] == pytest.approx((0.9 * 0.3 * 0.95) ** (0.3 / 0.7), rel=1e-9)
    linear = linearise(model, model.default_parameters())
    path.write_text(text.replace("STEADY_STATE(y)", repr(rest["y"])), encoding="utf-8")
    fixed = import_economy(path)
    (tmp_path / "fixed.py").write_text(fixed.text, encoding="utf-8")
    other = from_file(tmp_path / "fixed.py")
    np.testing.assert_allclose(
        linear.policy, linearise(other, other.default_parameters()).policy, rtol=1e-7, atol=1e-9
    )
    moved = model.default_parameters()
    moved[0] *= 1.05
    p = model.name_parameters(moved)
    assert model.parameters[0].name == "alpha"
    assert float(model.at_rest(p).y) == pytest.approx((0.9 * 0.315 * 0.95) ** (0.315 / 0.685), rel=1e-8)


@needs_dynare
def test_matlab_code_runs_under_octave_if_one_asks(tmp_path: Path) -> None:
    """A parameter that code sets, and a steady state in a function."""
    path = tmp_path / "coded.mod"
    path.write_text(
        "var c k z; varexo e; parameters alpha beta rho; alpha = 0.3; beta = sqrt(0.95^2); rho = 0.9;\n"
        "numbers = [0.25 0.3]; set_param_value('alpha', numbers(2) + 0.02);\n"
        "model; 1/c = beta/c(+1)*alpha*exp(z(+1))*k^(alpha-1); c + k = exp(z)*k(-1)^alpha;\n"
        "z = rho*z(-1) + e; end;\n"
        "shocks; var e; stderr numbers(1)/10; end; stoch_simul(order=1);\n",
        encoding="utf-8",
    )
    (tmp_path / "coded_steadystate.m").write_text(
        "function [ys, params, check] = coded_steadystate(ys, exo, M_, options_)\n"
        "params = M_.params; check = 0; k = (params(1)*params(2))^(1/(1 - params(1)));\n"
        "ys = [k^params(1) - k; k; 0];\nend\n",
        encoding="utf-8",
    )
    with pytest.raises(BadData, match="--octave"):
        import_economy(path)
    imported = import_economy(path, octave=True)
    assert imported.calibration.parameters == pytest.approx({"alpha": 0.32, "beta": 0.95, "rho": 0.9})
    assert imported.calibration.sds == pytest.approx({"e": 0.025})
    assert imported.calibration.rest["k"] == pytest.approx((0.32 * 0.95) ** (1 / 0.68))
    (tmp_path / "coded.py").write_text(imported.text, encoding="utf-8")
    assert [each for each in check_economy(from_file(tmp_path / "coded.py")) if not each.passed] == []
