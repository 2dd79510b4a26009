"""calibrate on the linear economy: stopped, gone on with, and refused."""

import json
from pathlib import Path

import pandas as pd
import pytest

from estimation.calibration import CalibrationSettings, Experiment, replicate, saved_replications
from surrogate import Surrogate
from tests.cli.running import interrupt_at, require_clear_error, run
from tests.cli.test_estimate import write_project

REPLICATIONS = 10
QUICK = ("--draws", 8, "--steps", 10)


@pytest.fixture(scope="module")
def stopped(linear: Surrogate, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A configuration and the output of a calibration that Ctrl-C has stopped."""
    folder = tmp_path_factory.mktemp("project")
    configuration = write_project(folder, linear, steps=100)
    text = configuration.read_text().replace("particles = 20", 'method = "kalman"')
    configuration.write_text(text)
    arguments = ("calibrate", "small.toml", "--output", "out", "--processes", 1, *QUICK)
    status, printed = interrupt_at("step 2 of", *arguments, "--replications", REPLICATIONS, folder=folder)
    assert status == 130, printed
    assert "Traceback" not in printed
    assert "Go on with: dsge-surrogate calibrate small.toml" in printed
    return configuration, folder / "out"


def test_what_was_done_is_kept_and_gone_on_with_to_the_answer_of_one_process(
    stopped: tuple[Path, Path],
) -> None:
    configuration, out = stopped
    assert 2 <= len(saved_replications(out)) < REPLICATIONS
    with (out / "replications.jsonl").open("a") as file:
        file.write('{"number": 7, "tru')  # as a crash may leave it
    arguments = ("calibrate", configuration, "--output", out, *QUICK, "--replications", REPLICATIONS)
    require_clear_error(run(*arguments), "resume")
    result = run(*arguments, "--resume", "--processes", 2)
    assert result.exit_code == 0, result.output
    assert f"The ranks of {REPLICATIONS} replications" in result.output
    settings = CalibrationSettings(draws=8, steps=10)
    experiment = Experiment.from_toml(configuration)
    alone = [replicate(experiment, settings, number) for number in range(REPLICATIONS)]
    assert [json.dumps(item.to_dict()) for item in saved_replications(out)] == [
        json.dumps(item.to_dict()) for item in alone if item is not None
    ]
    assert Experiment.from_toml(out).fingerprints == experiment.fingerprints
    table = pd.read_csv(out / "coverage.csv", index_col=0)
    assert list(table.index) == ["sigma", "rho", "log likelihood", "band, low", "band, high"]
    for name in ("uniformity.md", "rank_histograms.csv", "coverage.tex"):
        assert (out / name).stat().st_size > 0


def test_replications_of_another_posterior_are_not_gone_on_with(stopped: tuple[Path, Path]) -> None:
    configuration, out = stopped
    changed = configuration.with_name("changed.toml")
    changed.write_text(configuration.read_text().replace("mean = 0.6", "mean = 0.5"))
    require_clear_error(run("calibrate", changed, "--output", out, "--resume", *QUICK), "priors")
    require_clear_error(run("calibrate", configuration, "--output", out, "--resume"), "settings")


def test_a_changed_digit_is_noticed(stopped: tuple[Path, Path], tmp_path: Path) -> None:
    lines = (stopped[1] / "replications.jsonl").read_text().splitlines(keepends=True)
    place = lines[1].index(".") + 4
    digit = str((int(lines[1][place]) + 1) % 10)
    lines[1] = lines[1][:place] + digit + lines[1][place + 1 :]
    (tmp_path / "replications.jsonl").write_text("".join(lines))
    arguments = ("calibrate", stopped[0], "--output", tmp_path, *QUICK, "--resume")
    require_clear_error(run(*arguments), "damaged")
    (tmp_path / "replications.jsonl").write_bytes(b"\xff\n")
    require_clear_error(run(*arguments), "damaged")


def test_too_few_draws_are_named(stopped: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("calibrate", stopped[0], "--output", tmp_path / "none", "--draws", 2)
    assert result.exit_code != 0
    assert "--draws" in result.output
