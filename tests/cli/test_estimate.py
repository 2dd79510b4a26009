"""estimate and report on simulated data of the linear economy."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from surrogate import Surrogate
from tests.cli.running import COMMAND, interrupt_at, require_clear_error, run

CONFIGURATION = """
[model]
surrogate = "{surrogate}"
[data]
file = "data.csv"
columns = {{ y0 = "a", y1 = "b" }}
[measurement_error]
share_of_sd = 0.2
[likelihood]
particles = 20
[priors.sigma]
density = "gamma_pdf"
mean = 1.0
sd = 0.3
[priors.rho]
density = "beta_pdf"
mean = 0.6
sd = 0.15
[sampler]
ensembles = 2
walkers = 4
steps = {steps}
"""


def write_project(folder: Path, economy: Surrogate, steps: int) -> Path:
    """A configuration file with its data in `folder`."""
    folder.mkdir(exist_ok=True)
    shocks = np.random.default_rng(0).normal(size=(12, economy.n_shocks))
    data = pd.DataFrame(economy.simulate({}, shocks).observables[:, 0], columns=["a", "b"])
    data.insert(0, "date", [f"{1990 + t // 4}-Q{t % 4 + 1}" for t in range(len(data))])
    data.to_csv(folder / "data.csv", index=False)
    configuration = folder / "small.toml"
    configuration.write_text(CONFIGURATION.format(surrogate=economy.folder.as_posix(), steps=steps))
    return configuration


@pytest.fixture(scope="module")
def finished(linear: Surrogate, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A configuration and the output of a run that was interrupted and went on to its end."""
    folder = tmp_path_factory.mktemp("project")
    configuration = write_project(folder, linear, steps=100)
    arguments = ("estimate", "small.toml", "--output", "out", "--processes", 1)
    status, printed = interrupt_at("sampling", *arguments, folder=folder)
    assert status == 130, printed
    assert "Traceback" not in printed
    assert "Go on with: dsge-surrogate estimate small.toml --output out --processes 1 --resume" in printed
    return configuration, folder / "out"


def test_a_run_that_never_began_leaves_no_folder(linear: Surrogate, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    configuration = write_project(tmp_path / "project", linear, steps=10)
    result = run("estimate", configuration, "--output", tmp_path / "out", "--scheduler", "nowhere")
    require_clear_error(result, "No Dask scheduler answers at nowhere")
    assert not (tmp_path / "out").exists()


def test_an_interrupted_run_goes_on_with_resume(finished: tuple[Path, Path]) -> None:
    configuration, out = finished
    require_clear_error(run("estimate", configuration, "--output", out), "resume")
    result = run("estimate", configuration, "--output", out, "--resume", "--processes", 1)
    assert result.exit_code == 0, result.output
    assert "sigma" in result.output
    for name in ("posterior.csv", "posterior.nc", "mode.json"):
        assert (out / name).stat().st_size > 0


def test_report_writes_tables_and_figures_again(finished: tuple[Path, Path]) -> None:
    _, out = finished
    pytest.importorskip("corner")
    for name in ("trace.png", "posterior.csv"):
        (out / name).unlink(missing_ok=True)
    result = run("report", out)
    assert result.exit_code == 0, result.output
    assert "sigma" in result.output
    assert (out / "trace.png").stat().st_size > 10_000
    assert "sigma" in (out / "posterior.csv").read_text()
    assert "sigma" in (out / "report.html").read_text(encoding="utf-8")


def test_report_and_a_second_run_need_only_the_folder(finished: tuple[Path, Path], tmp_path: Path) -> None:
    _, out = finished
    copy = shutil.copytree(out, tmp_path / "copy")
    assert run("report", copy).exit_code == 0
    again = tmp_path / "again"
    result = run("estimate", copy, "--output", again, "--processes", 1)
    assert result.exit_code == 0, result.output
    assert (again / "posterior.csv").read_bytes() == (copy / "posterior.csv").read_bytes()
    with (copy / "inputs" / "sample.csv").open("a") as sample:
        sample.write("2020Q1,1,1\n")
    require_clear_error(run("report", copy), "sample.csv is missing, damaged or changed")


def test_report_refuses_folders_without_results(tmp_path: Path) -> None:
    require_clear_error(run("report", tmp_path), "no results")


def test_resume_refuses_changed_priors(finished: tuple[Path, Path], tmp_path: Path) -> None:
    configuration, out = finished
    other = configuration.with_name("other.toml")
    other.write_text(configuration.read_text().replace("mean = 1.0", "mean = 1.1"))
    require_clear_error(run("estimate", other, "--output", out, "--resume"), "priors changed")


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("[priors.sigma]", "[priors.sigmaa]", "Did you mean sigma?"),
        ('"data.csv"', '"date.csv"', "date.csv"),
        ('y0 = "a"', 'y0 = "aa"', "Did you mean a?"),
        ("y0 =", "y_0 =", "Unknown observable 'y_0'. Did you mean y0"),
        ("share_of_sd = 0.2", "share_of_sd = { y0 = 0.2 }", "need a measurement error for every observable"),
        ("[measurement_error]\nshare_of_sd = 0.2", "", "none is given for y0, y1"),
        ("share_of_sd = 0.2", "sd = { y0 = 0.1, y1 = 0.0 }", "must be a positive number, not 0.0"),
        ("particles = 20", 'method = "tempered"\nresample_threshold = 1.0', "above 0 and below 1"),
        ("linear", "lineal", "lineal"),
        ("particles", "partikles", "Did you mean particles?"),
        ("[model]", "[model", "not valid TOML"),
        ('{ y0 = "a", y1 = "b" }', "{}", "[data] needs columns"),
        ("share_of_sd = 0.2", 'share_of_sd = { y0 = "a", y1 = 0.1 }', "positive number, not 'a'"),
        ("steps = 10", 'steps = 10\nburn = "all"', "whole number, not 'all'"),
        ("steps = 10", "steps = 10\nburn = 8", "4 must be left"),
        ("steps = 10", "steps = 3", "At least 8 steps"),
        ("steps = 10", 'steps = 10\nmoves = "strech"', "Did you mean stretch?"),
        ("steps = 10", "steps = 10\nmoves = { walk = -1 }", "positive number, not -1"),
        ("steps = 10", "steps = 10\ntarget_ess = 0", "whole number above 0, not 0"),
        ("steps = 10", 'steps = 10\ntarget_ess = "all"', "whole number, not 'all'"),
    ],
)
def test_mistakes_in_the_configuration_are_named(
    linear: Surrogate, tmp_path: Path, wrong: str, right: str, words: str
) -> None:
    configuration = write_project(tmp_path, linear, steps=10)
    configuration.write_text(configuration.read_text().replace(wrong, right))
    require_clear_error(run("estimate", configuration, "--output", tmp_path / "out"), words)
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_on_the_disk_is_one_clear_error(linear: Surrogate, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    write_project(tmp_path, linear, steps=100)
    command = [*COMMAND, "estimate", "small.toml", "--output", "out", "--processes", "1"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    require_clear_error(run("estimate", tmp_path / "none.toml"), "none.toml")
