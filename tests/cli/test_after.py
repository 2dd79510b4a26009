"""Commands on a posterior: every one that docs/after-the-posterior.md shows, and what they refuse."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import require_clear_error, run

PAGE = Path(__file__).parents[2] / "docs" / "after-the-posterior.md"
FOLDER = "results/us_1984_2019_zlb"
CONFIGURATION = """
[model]
surrogate = "an_schorfheide_zlb"
[data]
file = "us_derived"
columns = { output_growth = "gdp_growth_pc_smpop", inflation = "infl_gdpdef_a", interest_rate = "ffr_a" }
start = "2007Q1"
end = "2009Q4"
[measurement_error]
share_of_sd = 0.2
[likelihood]
method = "kalman"
[fixed]
tau = 3.3
kappa = 0.25
psi1 = 2.35
psi2 = 0.48
rho_r = 0.82
rho_g = 0.99
r_a = 0.1
pi_a = 2.5
gamma_q = 0.45
sigma_g = 0.67
sigma_r = 0.2
sigma_z = 0.17
[priors.rho_z]
density = "beta_pdf"
mean = 0.96
sd = 0.01
[sampler]
ensembles = 2
walkers = 4
steps = 10
"""


@pytest.fixture(scope="module")
def estimated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a short estimation through the years at the bound, by the quickest method."""
    folder = tmp_path_factory.mktemp("after")
    (folder / "us.toml").write_text(CONFIGURATION)
    assert run("estimate", folder / "us.toml", "--output", folder / "out", "--processes", 1).exit_code == 0
    return folder / "out"


def shown() -> list[str]:
    """The commands of the page."""
    return re.findall(r"^    dsge-surrogate (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("line", shown())
def test_commands_of_the_page_leave_findings(line: str, estimated: Path, tmp_path: Path) -> None:
    words = shlex.split(line.replace(FOLDER, estimated.as_posix()))
    result = run(*words, "--output", tmp_path, "--draws", 10)
    assert result.exit_code == 0, result.output
    written = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(written) == {".csv", ".md", ".tex", ".png"}
    assert not pd.read_csv(written[".csv"]).empty
    assert "Saved in" in result.output


def test_python_of_the_page_leaves_findings(
    estimated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(text.replace(FOLDER, estimated.as_posix()).replace("paper/tables", tmp_path.as_posix()), {})
    assert "at the bound" in capsys.readouterr().out
    assert {path.suffix for path in tmp_path.iterdir()} >= {".csv", ".md", ".tex"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("irf", "--shock", "monetry"), "Did you mean monetary"),
        (("irf", "--observable", "inflatoin"), "Did you mean inflation"),
        (("irf", "--from", "1990Q1"), "1990Q1 is not in the sample, 2007Q1 to 2009Q4"),
        (("irf", "--horizon", 0), "horizon must be a whole number from 1"),
        (("irf", "--draws", 0), "draws must be a whole number from 1"),
        (("forecast", "--horizon", 0), "horizon must be a whole number from 1"),
        (("forecast", "--observable", "gdp"), "Unknown observable 'gdp'"),
        (("shocks", "--draws", 0), "draws must be a whole number from 1"),
        (("decompose", "--observable", "inflatoin"), "Did you mean inflation"),
        (("predict", "--moment", "sd(inflatoin)"), "Did you mean inflation"),
        (("predict", "--moment", "inflation"), "is not a moment"),
    ],
)
def test_mistakes_are_named_and_leave_nothing(
    arguments: tuple, words: str, estimated: Path, tmp_path: Path
) -> None:
    command, *options = arguments
    require_clear_error(run(command, estimated, *options, "--output", tmp_path), words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["irf", "forecast", "shocks", "decompose", "predict"])
def test_a_folder_without_results_is_an_error(command: str, tmp_path: Path) -> None:
    require_clear_error(run(command, tmp_path), "holds no results")
