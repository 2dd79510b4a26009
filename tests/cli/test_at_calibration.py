"""`moments`, `identify` and `irf` of a solved economy at a calibration, without an estimation and without
PyTorch.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.running import require_clear_error, run
from tests.estimation.analysis.economies import exact_responses
from tests.linear_artifact import LinearEconomy

SHORT = ("--replications", 100, "--periods", 50)


def test_moments_are_printed_and_saved(linear_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "tables"
    result = run("moments", linear_folder, *SHORT, "--parameter", "mean=1.5", "--output", output)
    assert result.exit_code == 0, result.output
    for words in ("standard deviation", "Coefficients of autocorrelation", "together", "mean = 1.5", "Saved"):
        assert words in result.output
    table = pd.read_csv(output / "moments.csv", index_col="observable")
    assert table.loc["y0", "mean"] == pytest.approx(1.5 + 0.3, abs=0.5)
    assert {path.suffix for path in output.glob("variance_decomposition.*")} == {".csv", ".md", ".tex"}


def test_tables_as_json(linear_folder: Path) -> None:
    result = run("moments", linear_folder, *SHORT, "--json", "--observable", "y1", "--lags", 2)
    tables = json.loads(result.stdout)
    assert list(tables) == ["moments", "correlations", "autocorrelations", "variance_decomposition"]
    assert list(tables["autocorrelations"]["y1"]) == ["1", "2"]
    result = run("identify", linear_folder, *SHORT, "--json")
    assert set(json.loads(result.stdout)["identification"]) == {"rho", "sigma", "mean"}


def test_a_file_and_options_say_the_calibration(linear_folder: Path, tmp_path: Path) -> None:
    calibration = tmp_path / "calibration.toml"
    calibration.write_text("sigma = 2.0\nrho = 0.5\n", encoding="utf-8")
    result = run(
        "identify", linear_folder, *SHORT, "--calibration", calibration, "--parameter", "rho=0.6", "--json"
    )
    values = {name: row["value"] for name, row in json.loads(result.stdout)["identification"].items()}
    assert values == {"rho": 0.6, "sigma": 2.0, "mean": 0.5}


def test_responses_of_an_artifact(linear_folder: Path, linear_economy: LinearEconomy, tmp_path: Path) -> None:
    result = run(
        *("irf", linear_folder, "--parameter", "rho=0.6", "--from", "rest", "--from", "ergodic"),
        *("--horizon", 6, "--replications", 10, "--size", 2, "--output", tmp_path / "irf"),
    )
    assert result.exit_code == 0, result.output
    exact = 2 * exact_responses(linear_economy.at([0.6, 1.0, 0.5]), 6)
    for column, shock in enumerate(("e0", "e1")):
        table = pd.read_csv(tmp_path / "irf" / f"irf_{shock}.csv", index_col=["states", "observable"])
        for start in ("at rest", "ergodic distribution"):
            for row, observable in enumerate(("y0", "y1")):
                found = table.loc[(start, observable), "response"]
                np.testing.assert_allclose(found, exact[:, row, column], atol=1e-5)


def test_responses_go_where_they_belong(linear_folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("irf", linear_folder, "--horizon", 2, "--replications", 2)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "results" / "irf_linear" / "irf_e0.csv").is_file()
    assert not list(linear_folder.glob("irf*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("moments", "{}", "--parameter", "rho=2"), "outside"),
        (("moments", "{}", "--parameter", "rho"), "a name and a number"),
        (("moments", "{}", "--observable", "z"), "Unknown observable"),
        (("identify", "{}", "--replications", 10), "need 18 replications"),
        (("identify", "nowhere"), "Unknown surrogate"),
        (("irf", "{}", "--from", "2009Q1"), "Unknown start"),
        (("irf", "{}", "--from", "bound"), "lower bound"),
        (("irf", "{folder}", "--parameter", "rho=.5"), "is no artifact"),
    ],
)
def test_errors_are_one_line(linear_folder: Path, tmp_path: Path, monkeypatch, arguments, words) -> None:
    monkeypatch.chdir(tmp_path)
    filled = [str(each).format(linear_folder, folder=tmp_path) for each in arguments]
    require_clear_error(run(*filled), words)


def test_no_training_framework_is_needed(linear_folder: Path) -> None:
    code = (
        "import sys; from cli.main import dsge_surrogate\n"
        f"arguments = ['identify', {str(linear_folder)!r}, '--replications', '50']\n"
        "dsge_surrogate(arguments, standalone_mode=False)\n"
        "assert not {'torch', 'onnx'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rank 3 in 3 parameters" in done.stdout
