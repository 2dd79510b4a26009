"""evidence on two small estimations of the same data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from surrogate import Surrogate
from tests.cli.running import require_clear_error, run
from tests.cli.test_estimate import write_project

METHOD = "[likelihood]\nparticles = 20\n"


@pytest.fixture(scope="module")
def folders(linear: Surrogate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `small`, and `tight` with another prior, by the exact likelihood."""
    project = tmp_path_factory.mktemp("project")
    text = write_project(project, linear, steps=40).read_text()
    text = text.replace(METHOD, '[likelihood]\nmethod = "kalman"\n')
    for name, spread in {"small": "sd = 0.3", "tight": "sd = 0.1"}.items():
        (project / f"{name}.toml").write_text(text.replace("sd = 0.3", spread))
        result = run(
            "estimate", project / f"{name}.toml", "--output", project / "results" / name, "--processes", 1
        )
        assert result.exit_code == 0, result.output
    return project / "results"


def test_evidence_of_one_estimation_is_printed_and_kept(folders: Path) -> None:
    result = run("evidence", folders / "small", "--processes", 1)
    assert result.exit_code == 0, result.output
    assert "bridge sampling" in result.output
    table = pd.read_csv(folders / "small" / "marginal_likelihood.csv", index_col=0)
    assert list(table.index) == ["bridge sampling", "importance sampling", "modified harmonic mean"]
    assert f"{table['log marginal likelihood'].iloc[0]:.2f}" in result.output
    assert np.ptp(table["log marginal likelihood"].to_numpy()) < 4 * table["numerical standard error"].max()
    for suffix in ("md", "tex"):
        assert "bridge sampling" in (folders / "small" / f"marginal_likelihood.{suffix}").read_text()


def test_models_of_the_same_data_are_compared(folders: Path, tmp_path: Path) -> None:
    result = run("evidence", folders / "small", folders / "tight", "--output", tmp_path, "--processes", 1)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "model_comparison.csv", index_col=0)
    assert set(table.index) == {str(folders / "small"), str(folders / "tight")}
    assert sum(table["posterior probability"]) == pytest.approx(1)
    assert table["log Bayes factor"].tolist()[0] == 0


def test_evidence_refuses_folders_without_results(tmp_path: Path) -> None:
    require_clear_error(run("evidence", tmp_path), "no results")
