"""Perturbations say what Dynare says, and what the reduced economy's own linear solution says."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")


from surrogate.comparison.perturbation import PerturbationPolicy, follow, in_the_file, own_linear_rule
from surrogate.dynare import octave
from surrogate.dynare.importing import Imported, import_economy
from surrogate.dynare.octave import available, rule_of_dynare
from surrogate.models.registry import from_file
from surrogate.reference.linearise import linearise
from tests.surrogate.dynare.sources import FILES, NAMES, kept, needs_preprocessor

needs_dynare = pytest.mark.skipif(not available(), reason="no Octave and Dynare here")
CURVED = """var c k y z; varexo e u; parameters alpha beta rho; alpha = 0.3; beta = 0.95; rho = 0.9;
model;
1/c = beta/c(+1)*alpha*y(+1)/k;
y = exp(z + u)*k(-1)^alpha;
c + k = y;
z = rho*z(-1) + e;
end;
steady_state_model; z = 0; k = (alpha*beta)^(1/(1-alpha)); y = k^alpha; c = y - k; end;
shocks; var e; stderr 0.05; var u; stderr 0.02; end;
stoch_simul(order=1);
"""
SEARCH = """var n u v q z; varexo e; parameters beta kappa rho; beta = 0.99; kappa = 0.1; rho = 0.1;
model;
n = (1 - rho)*(n(-1) + v(-1)*q(-1));
u = 1 - n;
q = 0.5*(v/u)^(-0.5);
kappa/q = beta*(1 - rho)*(0.05*exp(z(+1))*n(+1)^(-0.3) + kappa/q(+1));
z = 0.9*z(-1) + e;
end;
initval; n = 0.9; u = 0.1; v = 0.4; q = 0.25; z = 0; end;
shocks; var e; stderr 0.01; end;
stoch_simul(order=1);
"""
SIMULATE = """ex_ = [0.1 -0.05; -0.2 0.1; 0.05 0.15];
simulated_ = simult_(M_, options_, oo_.dr.ys, oo_.dr, ex_, ORDER);
printf('DYNARE %s\\n', jsonencode(struct('names', {M_.endo_names}, 'path', simulated_(:))));
"""
SIZES = {("e", "e"): 0.05**2, ("u", "u"): 0.02**2}


@pytest.fixture(scope="module")
def curved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("curved") / "curved.mod"
    path.write_text(CURVED, encoding="utf-8")
    return path


@needs_dynare
@pytest.mark.parametrize("order", [2, 3])
def test_tensors_are_read_as_dynare_reads_them(curved: Path, order: int) -> None:
    solve = octave._SOLVE.format(order=order, solver=", k_order_solver")
    said = octave._run(curved, (), solve + SIMULATE.replace("ORDER", str(order)))
    expected = np.reshape(said["path"], (len(said["names"]), -1), order="F")[:, 1:].T
    shocks = np.array([[0.1, -0.05], [-0.2, 0.1], [0.05, 0.15]])
    found = follow(rule_of_dynare(curved, order, SIZES), shocks, said["names"])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@needs_dynare
def test_higher_orders_come_nearer_to_the_closed_form(curved: Path) -> None:
    """Saving is alpha beta of output (Brock and Mirman 1972); states are k(-1), z and u."""
    imported = import_economy(curved)
    assert imported.reduced.states == ("k(-1)", "z", "u")
    rest = imported.calibration.rest["k"]
    states = np.array([[rest * 1.05, 0.1, 0.02], [rest * 0.97, -0.15, 0.04]])
    saved = 0.3 * 0.95 * np.exp(states[:, 1] + states[:, 2]) * states[:, 0] ** 0.3
    errors = []
    for rule in (
        own_linear_rule(imported),
        rule_of_dynare(curved, 2, SIZES),
        rule_of_dynare(curved, 3, SIZES),
    ):
        before, shocks = PerturbationPolicy(imported, rule).places(states)
        found = rule(before, shocks)[:, rule.variables.index("k")]
        errors.append(np.abs(found / saved - 1).max())
    assert errors[0] > 5e-3
    assert errors[1] < 0.2 * errors[0]
    assert errors[2] < 0.2 * errors[1]


@needs_dynare
def test_shocks_are_those_that_the_file_ends_with(tmp_path: Path) -> None:
    """Dynare would take the sizes that are set where it first solves the file."""
    cautious = CURVED.replace("1/c = beta/c(+1)", "c^(-3) = beta*c(+1)^(-3)")
    texts = {
        "later": f"{cautious}shocks; var u; stderr 0.04; end;\nstoch_simul(order=2);\n",
        "once": cautious.replace("stderr 0.02", "stderr 0.04"),
    }
    risk = {}
    for name, text in texts.items():
        path = tmp_path / f"{name}.mod"
        path.write_text(text, encoding="utf-8")
        sizes = import_economy(path).calibration.covariances
        assert sizes == pytest.approx({("e", "e"): 0.05**2, ("u", "u"): 0.04**2})
        risk[name] = rule_of_dynare(path, 2, sizes).tensors[0]
    assert np.abs(risk["once"]).max() > 1e-4
    np.testing.assert_allclose(risk["later"], risk["once"], rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_the_own_rule_is_the_linear_policy_of_the_economy(name: str, tmp_path: Path) -> None:
    require_the_linear_policy(import_economy(kept(name)), tmp_path)


@needs_preprocessor
def test_employment_that_the_past_decides_is_one_state(tmp_path: Path) -> None:
    """Not three, of last period's employment, vacancies and chances to fill them; it is the same economy."""
    (tmp_path / "search.mod").write_text(SEARCH, encoding="utf-8")
    imported = import_economy(tmp_path / "search.mod")
    assert imported.reduced.states == ("z", "n")
    assert len(imported.reduced.outputs) == 1
    require_the_linear_policy(imported, tmp_path)


def require_the_linear_policy(imported: Imported, folder: Path) -> None:
    """That the whole file's first-order solution is that of the economy."""
    economy = folder / "economy.py"
    economy.write_text(imported.text, encoding="utf-8")
    model = from_file(economy)
    linear = linearise(model, model.default_parameters())
    policy = PerturbationPolicy(imported, own_linear_rule(imported))
    n = len(linear.states)
    moved = linear.states + 1e-4 * np.vstack([np.eye(n), np.ones((1, n))])
    expected = linear.controls + (moved - linear.states) @ linear.policy.T
    np.testing.assert_allclose(policy(moved), expected, atol=2e-7)


@pytest.mark.parametrize("name", ["growth", "prices"])
def test_shocks_are_those_of_the_file(name: str) -> None:
    """Standard deviations and correlations; of 20 seeds at most 1.1 % and .015 off."""
    imported = import_economy(kept(name))
    rule = own_linear_rule(imported)
    shocks = np.random.default_rng(0).standard_normal((20_000, len(imported.reduced.shocks)))
    found = in_the_file(imported, rule, shocks)
    for text in imported.reduced.shocks:
        sd = found[:, rule.shocks.index(text)].std()
        assert sd == pytest.approx(imported.calibration.sds[text], rel=0.03)
    for (one, two), value in imported.calibration.correlations.items():
        columns = [rule.shocks.index(text) for text in (one, two)]
        one_and_other = np.asarray(np.corrcoef(found[:, columns].T))
        assert one_and_other[0, 1] == pytest.approx(value, abs=0.05)


@pytest.mark.slow
def test_a_surrogate_beside_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, with an economy that has been trained for a few steps."""
    from surrogate.accuracy import Certificate
    from surrogate.export.write import graphs_of, make_card, write_all
    from surrogate.training import load_policy
    from tests.cli.running import require_clear_error, run

    monkeypatch.chdir(tmp_path)
    small = ("hidden=8", "trunk=4", "batch=256", "adam_steps=20", "steps=30", "nodes=3")
    economy, checkpoint = tmp_path / "growth.py", tmp_path / "growth.pt"
    source = FILES / "growth.mod" if available() else kept("growth")
    assert run("import", source, "--output", economy).exit_code == 0
    trained = run("train", economy, "--output", checkpoint, *(f"--setting={each}" for each in small))
    assert trained.exit_code == 0, trained.output
    policy, content = load_policy(checkpoint, str(economy))
    folder = tmp_path / "growth"
    folder.mkdir()
    write_all(graphs_of(policy), make_card(policy, content, Certificate({}, None), {}), folder)
    result = run("compare", folder, "--dynare", source, "--model", economy, "--output", tmp_path / "tables")
    assert result.exit_code == 0, result.output
    for words in ("order 1", "log10 Euler errors", "At the calibration of"):
        assert words in result.output
    errors = (tmp_path / "tables" / "errors.csv").read_text(encoding="utf-8").splitlines()
    header, row = errors[0].split(","), errors[1].split(",")
    values = dict(zip(header[2:], map(float, row[2:]), strict=True))
    assert values["surrogate"] < values["order 1"] - 0.5
    require_clear_error(run("compare", folder, "--dynare", kept("gap")), "not of this file")
    require_clear_error(run("compare", folder, "--dynare", source, "--parameter", "gamma=2"), "--parameter")
