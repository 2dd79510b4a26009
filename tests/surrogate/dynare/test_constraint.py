"""A bound on a variable is one economy, whichever way the file writes it."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

from surrogate.dynare.importing import import_economy
from surrogate.errors import BadData
from surrogate.models.registry import from_file
from surrogate.training.checks import check_economy
from tests.surrogate.dynare.sources import needs_preprocessor

pytestmark = needs_preprocessor

HEAD = """var x pi r d; varexo e; parameters beta kappa phi rho least;
beta = 0.99; kappa = 0.1; phi = 1.5; rho = 0.5; least = -0.01;
model;
x = x(+1) - (r - pi(+1) - d);
pi = beta*pi(+1) + kappa*x;
"""
TAIL = """d = rho*d(-1) + e;
end;
shocks; var e; stderr 0.01; end;
"""
SOLVE = "stoch_simul(order=1) x pi r;\n"
OCCBIN = "occbin_constraints; name 'elb'; bind r < least; relax r > least; end;\n"
WAYS = {
    "max": HEAD + "[name='rule'] r = max(least, phi*pi);\n" + TAIL + SOLVE,
    "min": HEAD + "[name='rule'] -r = min(-phi*pi, -least);\n" + TAIL + SOLVE,
    "mcp": HEAD + "[name='rule', mcp='r > least'] r = phi*pi;\n" + TAIL + SOLVE,
    "occbin": HEAD
    + "[name='rule', relax='elb'] r = phi*pi;\n[name='rule', bind='elb'] r = least;\n"
    + TAIL
    + OCCBIN
    + SOLVE,
}


def imported(folder: Path, text: str):
    """A file with this text."""
    path = folder / "bounded.mod"
    path.write_text(text, encoding="utf-8")
    return import_economy(path)


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_with_a_bound_has_two_regimes(tmp_path: Path, way: str) -> None:
    found = imported(tmp_path, WAYS[way])
    assert "Bounded now and then, which makes 2 regimes: r." in found.notes
    assert (found.reduced.states, set(found.reduced.outputs)) == (("d",), {"x", "pi"})
    (tmp_path / "bounded.py").write_text(found.text, encoding="utf-8")
    model = from_file(tmp_path / "bounded.py")
    assert [each for each in check_economy(model) if not each.passed] == []
    assert [each.name for each in model.constraints] == ["r"]
    p = model.name_parameters(model.default_parameters())
    names = [each.name for each in model.controls]
    for inflation, rate, slack in ((0.0, 0.0, 1.0), (-0.004, -0.006, 0.4), (-0.01, -0.01, -0.5)):
        choices = torch.tensor([{"pi": inflation, "x": 0.0}[name] for name in names], dtype=torch.float64)
        period = model.period(p, torch.zeros(1, dtype=torch.float64), choices)
        assert (float(period.r), float(period.slack["r"])) == pytest.approx((rate, slack))
        for regime, expected in zip(model.regimes(), (1.5 * inflation, -0.01), strict=True):
            told = model.given(regime).period(p, torch.zeros(1, dtype=torch.float64), choices)
            assert float(told.r) == pytest.approx(expected)


TWO = (
    WAYS["max"]
    .replace("r d;", "r d g;")
    .replace("phi rho least;", "phi rho least most;")
    .replace("least = -0.01;", "least = -0.01; most = 0.02;")
    .replace("- d);", "- d - g);")
    .replace("d = rho", "[name='spending', mcp='g < most'] g = -0.5*x;\nd = rho")
)


FOUR = TWO.replace("r d g;", "r d g b h;").replace(
    "d = rho", "b = max(x, -0.2); h = min(pi + b, 0.3);\nd = rho"
)
FOUR = FOUR.replace("pi = beta", "pi = 0.01*h + beta")


def test_two_bounds_have_four_regimes_and_each_its_own_side(tmp_path: Path) -> None:
    found = imported(tmp_path, TWO)
    assert "Bounded now and then, which makes 4 regimes: r, g." in found.notes
    assert set(found.reduced.outputs) == {"x", "pi"}
    (tmp_path / "bounded.py").write_text(found.text, encoding="utf-8")
    model = from_file(tmp_path / "bounded.py")
    assert [each for each in check_economy(model) if not each.passed] == []
    p, names = model.name_parameters(model.default_parameters()), [each.name for each in model.controls]
    rest = torch.zeros(1, dtype=torch.float64)
    for inflation, gap in ((0.0, 0.0), (-0.01, 0.0), (0.0, -0.06), (-0.01, -0.06)):
        choices = torch.tensor([{"pi": inflation, "x": gap}[name] for name in names], dtype=torch.float64)
        period = model.period(p, rest, choices)
        told = tuple(inflation < 0 if each.name == "r" else gap < 0 for each in model.constraints)
        for now in (period, model.given(told).period(p, rest, choices)):
            assert float(now.r) == pytest.approx(max(-0.01, 1.5 * inflation))
            assert float(now.g) == pytest.approx(min(0.02, -0.5 * gap))


def test_a_bound_on_what_is_expected_leaves_that_to_the_network(tmp_path: Path) -> None:
    """r = max(least, E[phi*pi(+1)]), as both equations of a constraint hold in expectation."""
    found = imported(tmp_path, WAYS["mcp"].replace("r = phi*pi;", "r = phi*pi(+1);"))
    assert set(found.reduced.outputs) == {"x", "pi", "free_r"}
    (tmp_path / "bounded.py").write_text(found.text, encoding="utf-8")
    model = from_file(tmp_path / "bounded.py")
    p, names = model.name_parameters(model.default_parameters()), [each.name for each in model.controls]
    rest = torch.zeros(1, dtype=torch.float64)
    for wanted, inflation in ((-0.004, 0.01), (-0.03, -0.01)):
        values = {"pi": inflation, "x": 0.0, "free_r": wanted}
        today, tomorrow = (
            torch.tensor([each[name] for name in names], dtype=torch.float64)
            for each in (values, {**values, "pi": wanted / 1.5})
        )
        now, then = model.period(p, rest, today), model.period(p, rest, tomorrow)
        assert float(now.r) == pytest.approx(max(-0.01, wanted))
        assert float(model.inside(now, then, p)["free_r"]) == pytest.approx(0.0, abs=1e-12)
        assert abs(float(model.inside(now, now, p)["free_r"])) > 0.1


def test_a_max_of_what_comes_is_a_payoff_inside_the_expectation(tmp_path: Path) -> None:
    found = imported(tmp_path, WAYS["max"].replace("phi*pi", "phi*pi(+1)"))
    assert "Inside the expectation, with its kink, since it looks ahead: rule." in found.notes
    assert "constraints" not in found.text
    assert "where(p.least > then.pi * p.phi" in found.text


def test_all_ways_are_the_same_economy(tmp_path: Path) -> None:
    texts = {way: imported(tmp_path, text).text for way, text in WAYS.items()}
    assert texts["max"] == texts["mcp"] == texts["occbin"]


def test_a_bound_of_what_only_reports_is_none(tmp_path: Path) -> None:
    text = WAYS["max"].replace("var x", "var shown x").replace("d = rho", "shown = max(x, -0.02);\nd = rho")
    text = text.replace("max(least, phi*pi)", "phi*pi")
    found = imported(tmp_path, text)
    assert "constraints" not in found.text
    assert "shown" in found.reduced.dropped


def test_a_kink_where_the_economy_rests_stays_a_kink(tmp_path: Path) -> None:
    found = imported(tmp_path, WAYS["max"].replace("max(least, phi*pi)", "phi*pi + 0.1*max(x, 0)"))
    assert "constraints" not in found.text
    assert "where(now.x > 0" in found.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            WAYS["occbin"].replace("bind='elb'] r = least", "bind='elb,low'] r = least"),
            "two constraints at once",
        ),
        (
            TWO.replace("mcp='g < most'", "mcp='r < most'").replace("g = -0.5*x", "r = phi*pi - g"),
            "bounds r twice",
        ),
        (FOUR, "has 4 constraints"),
        (WAYS["mcp"].replace("r > least'] r", "pi > -1'] pi").replace("pi = phi*pi", "pi = r/phi"), None),
        (WAYS["mcp"].replace("'r > least'", "'r = least'"), "cannot be read"),
        (WAYS["mcp"].replace("least = -0.01", "least = 0"), "binds where the economy rests"),
        (WAYS["occbin"].replace("bind='elb'] r = least", "bind='elb'] x = least"), "either way"),
    ],
)
def test_other_constraints_are_refused_in_a_sentence(tmp_path: Path, text: str, words: str | None) -> None:
    if words is None:  # the same rule, bounded in inflation
        assert "where(now.binds" in imported(tmp_path, text).text
        return
    with pytest.raises(BadData, match=words) as refusal:
        imported(tmp_path, text)
    assert str(refusal.value).count("\n") == 0


@pytest.mark.slow
def test_the_bound_is_solved(tmp_path: Path) -> None:
    """A network of a few hundred weights, trained for a few seconds: 10^-3.6 in the middle, and 10^-2.8 at
    nine states in ten, out to three standard deviations, where the rule asks for less than the bound.
    """
    from surrogate.accuracy.errors import euler_errors
    from surrogate.training import load_policy, train
    from surrogate.training.settings import Settings

    (tmp_path / "bounded.py").write_text(imported(tmp_path, WAYS["max"]).text, encoding="utf-8")
    model = from_file(tmp_path / "bounded.py")
    settings = Settings(hidden=(12, 12), trunk=6, nodes=11, batch=512, adam_steps=50, steps=100)
    train(model, settings, tmp_path / "bounded.pt")
    policy, _ = load_policy(tmp_path / "bounded.pt", str(tmp_path / "bounded.py"))
    theta = model.default_parameters().expand(200, -1)
    states = torch.linspace(-0.034, 0.034, 200, dtype=torch.float64)[:, None]
    errors = euler_errors(policy, states, theta, 31).amax(-1).numpy()
    assert np.quantile(errors, 0.9) < -2.5
    p = model.name_parameters(theta)
    with torch.no_grad():
        period = model.period(p, states, policy(states, p))
    assert float(period.r.min()) == -0.01
    assert float(period.free_r.min()) < -0.012
