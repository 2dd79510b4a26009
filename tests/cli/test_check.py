"""`check` finds what authors of economies get wrong."""

import inspect
from pathlib import Path

import pytest

pytest.importorskip("torch")

from surrogate.models import names
from surrogate.models.rbc import RealBusinessCycle
from tests.cli.running import require_clear_error, run
from tests.surrogate.dynare.sources import FILES, needs_preprocessor

SOURCE = Path(inspect.getfile(RealBusinessCycle)).read_text(encoding="utf-8")


def failed(model: str | Path) -> dict[str, str]:
    """Detail of the checks that failed, by name."""
    result = run("check", model)
    assert "Traceback" not in result.output
    lines = [line for line in result.output.splitlines() if "FAILED" in line]
    assert result.exit_code == (1 if lines else 0)
    return {line.split("FAILED")[0].strip(): line.split("FAILED")[1].strip() for line in lines}


@pytest.mark.parametrize("name", names())
def test_what_ships_has_nothing_wrong(name: str) -> None:
    assert failed(name) == {}


@pytest.mark.parametrize(
    ("right", "wrong", "check"),
    [
        (
            '"capital": now.resources - now.consumption,',
            '"capital": 1.01 * (now.resources - now.consumption),',
            "steady state solves",
        ),
        ("** (1 / (1 - p.alpha))", "** (1 / (1.1 - p.alpha))", "steady state solves"),
        ("+ p.sigma * e.technology", "+ 0.01 * e.technology", "every parameter matters"),
        ('lower=0.0, upper="resources"', "", "unbounded controls"),
        (
            "p.rho * now.productivity + p.sigma",
            "(1.1 + 0 * p.rho) * now.productivity + p.sigma",
            "one stable",
        ),
        (
            "return p.alpha * now.output / now.capital",
            "return p.alpha * now.output / now.capital.mean()",
            "batches",
        ),
    ],
)
def test_a_slip_is_named(tmp_path: Path, right: str, wrong: str, check: str) -> None:
    assert right in SOURCE
    file = tmp_path / "mine.py"
    file.write_text(SOURCE.replace(right, wrong).replace('name = "rbc"', 'name = "mine"'), encoding="utf-8")
    assert [name for name in failed(file) if name.startswith(check)]


def test_a_steady_state_outside_its_bounds_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    text = SOURCE.replace('name = "rbc"', 'name = "mine"')
    text += (
        "\n    def state_bounds(self, p):\n"
        '        return {"capital": (p.alpha + 90, p.alpha + 99), "productivity": (-p.rho, p.rho)}\n'
    )
    file.write_text(text, encoding="utf-8")
    assert "state bounds hold the steady state" in failed(file)


def test_an_economy_that_cannot_be_evaluated_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(SOURCE.replace("then.gross_return", "then.gross_retrun"), encoding="utf-8")
    assert "gross_retrun" in run("check", file).output
    require_clear_error(run("check", tmp_path / "absent.py"), "there is no file")


def test_a_parameter_that_only_a_change_reads_matters(tmp_path: Path) -> None:
    text = SOURCE.replace('name = "rbc"', 'name = "mine"')
    text = text.replace("+ p.sigma * e.technology", "+ 0.01 * e.technology")
    change = "log(then.consumption / now.consumption)"
    assert f"100 * {change}" in text
    file = tmp_path / "mine.py"
    file.write_text(text.replace(f"100 * {change}", f"p.sigma * {change}"), encoding="utf-8")
    assert "every parameter matters" not in failed(file)


def test_eigenvalues_are_listed() -> None:
    """Productivity's is rho; two variables are predetermined."""
    result = run("check", "rbc")
    assert result.exit_code == 0, result.output
    assert "0.95" in result.output.split("Eigenvalues")[1].split()
    assert "2 are not above one, for 2 predetermined variables: a unique stable solution." in result.output


@needs_preprocessor
def test_a_dynare_file_is_checked_as_dynare_does(tmp_path: Path) -> None:
    result = run("check", FILES / "growth.mod")
    assert result.exit_code == 0, result.output
    assert "a unique stable solution" in result.output
    assert "Steady state" in result.output
    text = (FILES / "gap.mod").read_text(encoding="utf-8").replace("phi_pi = 1.5", "phi_pi = 0.5")
    assert "phi_pi = 0.5" in text
    (tmp_path / "gap.mod").write_text(text, encoding="utf-8")
    result = run("check", tmp_path / "gap.mod")
    assert result.exit_code == 1
    assert "no unique stable solution" in result.output
