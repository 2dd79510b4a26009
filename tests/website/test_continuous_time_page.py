"""What docs/continuous-time.md shows runs."""

import shlex
from pathlib import Path

import pytest

from surrogate import load
from tests.cli.running import run
from tests.website.running_pages import blocks, commands, run_command, run_python

QUICK = {"compare": ("--periods", "20")}


def test_commands_run_and_the_false_equilibrium_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    shown = commands("continuous-time.md")
    assert [shlex.split(command)[0] for command in shown] == [
        "train",
        "inspect",
        "compare",
        "validate",
        "estimate",
        "reduce",
    ]
    for command in shown[1:3]:
        run_command(command, *QUICK.get(shlex.split(command)[0], ()))
    assert (tmp_path / "results" / "compare_krusell_smith_continuous" / "values.png").is_file()
    refused = run(*shlex.split(shown[0]), "--setting", "hidden=12,12", "--setting", "trunk=8")
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert "small residuals do not make this an equilibrium" in refused.output.splitlines()[-1]


@pytest.mark.slow
def test_validate_draws_where_households_err(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (command,) = [each for each in commands("continuous-time.md") if each.startswith("validate")]
    run_command(command)
    there = {each.name for each in (tmp_path / "results" / "residuals").iterdir()}
    assert there == {"euler_errors.png", "residuals.png", "residuals.csv"}


@pytest.mark.slow
def test_the_reduced_economy_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file that ships to a file that stands for it, as close as the page says."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (command,) = [each for each in commands("continuous-time.md") if each.startswith("reduce")]
    run_command(command)
    assert load("my_reduced").card.accuracy["reduction"]["log_capital"]["mean"] < 3e-4


def test_python_runs(tmp_path: Path) -> None:
    simulation, filtering = blocks("continuous-time.md", "python")
    assert 0.003 < float(run_python(simulation, tmp_path).split(":")[1]) < 0.03
    assert float(run_python(filtering, tmp_path).split(":")[1]) < 0.03
