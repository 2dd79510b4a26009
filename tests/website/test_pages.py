"""What the pages for beginners show runs."""

import shlex
import tomllib
from pathlib import Path

import pytest

from estimation import Estimation
from tests.website.running_pages import ROOT, blocks, commands, page, run_command, run_python

FEW = ("--draws", "4")
QUICK = {
    "estimate": ("--processes", "1"),
    "irf": (*FEW, "--replications", "10"),
    "forecast": FEW,
    "predict": FEW,
}
FEW_PATHS = ("--replications", "10", "--horizon", "4")
READ_ONLY = ("models", "inspect")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tutorial is done, with a short sample, few steps and the quickest likelihood."""
    folder = tmp_path_factory.mktemp("tutorial")
    (text,) = blocks("tutorial.md", "toml")
    text = text.replace('method = "twisted"\nparticles = 40', 'method = "kalman"').replace(
        "steps = 2000", "steps = 10"
    )
    (folder / "fed.toml").write_text(text.replace('end = "2002Q4"', 'end = "1984Q4"'))
    return folder


def test_the_tutorial_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command but the report, which has tests of its own, and then the script on the results."""
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(folder)
    shown = [command for command in commands("tutorial.md") if shlex.split(command)[0] != "report"]
    assert [shlex.split(command)[0] for command in shown] == [
        *READ_ONLY,
        "estimate",
        "irf",
        "forecast",
        "predict",
    ]
    printed = ""
    for command in shown:
        printed += run_command(command, *QUICK.get(shlex.split(command)[0], ())).output
    (table,) = blocks("tutorial.md", "text")
    for line in (table.splitlines()[0], table.splitlines()[6]):  # headings; figures are of the whole run
        assert line.split() in [other.split() for other in printed.splitlines()]
    (script,) = blocks("tutorial.md", "python")
    assert "probability that psi1 is above 2: " in run_python(script, folder)


def test_the_ten_lines_are_those_of_the_readme() -> None:
    """Which tests/test_readme.py runs."""
    (script,) = blocks("start.md", "python")
    assert script in (ROOT / "README.md").read_text(encoding="utf-8")
    for command in commands("start.md"):
        run_command(command)


def test_priors_for_users_of_dynare_are_priors(folder: Path) -> None:
    """Each in the place of the tutorial's prior of that parameter."""
    (configuration,) = blocks("tutorial.md", "toml")
    priors = blocks("from-dynare.md", "toml")
    assert len(priors) == 2
    given = tomllib.loads(configuration)["priors"] | tomllib.loads("".join(priors))["priors"]
    estimation = Estimation.from_toml(folder / "fed.toml")
    again = Estimation(estimation.surrogate, estimation.data, given, measurement_error={"share_of_sd": 0.2})
    assert set(again.posterior.names) == set(given)


def test_columns_of_the_posterior_table_are_explained(folder: Path) -> None:
    """Every column of the table has a row, or shares one."""
    (shown,) = blocks("tutorial.md", "text")
    told = page("reading-the-tables.md").split("## The posterior")[1].split("\n## ")[0]
    for column in (
        "prior mean",
        "in box",
        "mode",
        "mean",
        "sd",
        "HDI low",
        "HDI high",
        "ESS bulk",
        "ESS tail",
        "R-hat",
    ):
        assert column in shown
        assert column in told


def test_what_is_said_at_a_calibration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands, and the script."""
    monkeypatch.chdir(tmp_path)
    quick = {"moments": ("--replications", "20"), "irf": FEW_PATHS, "identify": ("--replications", "50")}
    shown = commands("at-a-calibration.md")
    assert [shlex.split(command)[0] for command in shown] == list(quick)
    for command in shown:
        run_command(command, *quick[shlex.split(command)[0]])
    (script,) = blocks("at-a-calibration.md", "python")
    assert "investment_growth" in run_python(script, tmp_path)
