"""learn, and estimate with what was learnt."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation, read_results
from estimation.learnt.artifact import estimation_to_learn
from estimation.likelihoods.learnt import correct
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, Changed
from tests.cli.running import interrupt_at, require_clear_error, run
from tests.cli.test_estimate import write_project

FILTER = "[likelihood]\nparticles = 20"
LEARNT = """[likelihood]
method = "learnt"
folder = "likelihood"
filter = { method = "guided", particles = 20 }
correction = 100"""


@pytest.fixture(scope="module")
def project(linear: Surrogate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration and the likelihood learnt by a run that was interrupted and went on to its end."""
    folder = tmp_path_factory.mktemp("project")
    configuration = write_project(folder, linear, steps=60)
    text = configuration.read_text().replace(FILTER, LEARNT)
    configuration.write_text(text.replace("walkers = 4", "walkers = 16"))
    arguments = ("learn", "small.toml", "likelihood", "--calls", 400, "--processes", 1)
    status, printed = interrupt_at("calls: step", *arguments, folder=folder)
    assert status == 130, printed
    assert "Traceback" not in printed
    resumed = "dsge-surrogate learn small.toml likelihood --calls 400 --processes 1 --resume"
    assert f"Go on with: {resumed}" in printed
    return configuration


@pytest.fixture(scope="module")
def learnt(project: Path) -> Path:
    folder = project.parent / "likelihood"
    require_clear_error(run("learn", project, folder, "--calls", 400), "--resume")
    result = run("learn", project, folder, "--calls", 400, "--resume", "--processes", 2)
    assert result.exit_code == 0, result.output
    assert "Within 10 log points of the peak" in result.output
    return folder


def test_folder_has_graph_card_and_design_points(project: Path, learnt: Path) -> None:
    card = json.loads((learnt / "card.json").read_text())
    design = pd.read_csv(learnt / "design.csv", comment="#")
    assert card["calls"] == design[["log_likelihood_1", "log_likelihood_2"]].notna().to_numpy().sum()
    assert card["likelihood"]["method"] == "guided"
    assert (learnt / "likelihood.onnx").stat().st_size > 0
    again = estimation_to_learn(learnt)
    assert again.likelihood == estimation_to_learn(project).likelihood
    assert again.fingerprints == estimation_to_learn(project).fingerprints


def test_estimate_samples_the_learnt_likelihood_and_corrects_it(project: Path, learnt: Path) -> None:
    out = project.parent / "out"
    result = run("estimate", project, "--output", out, "--processes", 1)
    assert result.exit_code == 0, result.output
    assert "Corrected by 100 calls of the filter" in result.output
    posterior, corrected = (
        pd.read_csv(out / f"{name}.csv", index_col=0) for name in ("posterior", "corrected")
    )
    np.testing.assert_array_less(np.abs(corrected["mean"] - posterior["mean"]), posterior["sd"])
    alone = shutil.copytree(out, project.parent.parent / "alone", dirs_exist_ok=True)
    results = read_results(alone)
    assert (alone / "inputs" / "likelihood.onnx").read_bytes() == (learnt / "likelihood.onnx").read_bytes()
    assert correct(results, 100, seed=0, processes=1).effective_sample_size > 30
    with pytest.raises(BadConfiguration, match="50 draws or more"):
        correct(results, 10, seed=0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("share_of_sd = 0.2", "share_of_sd = 0.3", "measurement error"),
        ("particles = 20", "particles = 30", "filter"),
        ("[sampler]", "[fixed]\nmean = 0.3\n[sampler]", "fixed parameters"),
    ],
)
def test_a_likelihood_of_something_else_is_refused(
    project: Path, learnt: Path, old: str, new: str, words: str
) -> None:
    changed = project.with_name("changed.toml")
    changed.write_text(project.read_text().replace(old, new))
    with pytest.raises(Changed, match=words):
        Estimation.from_toml(changed)


def test_other_data_are_refused(project: Path, learnt: Path) -> None:
    data = pd.read_csv(project.with_name("data.csv"))
    data.loc[3, "a"] += 0.1
    data.to_csv(project.with_name("other.csv"), index=False)
    changed = project.with_name("changed.toml")
    changed.write_text(project.read_text().replace("data.csv", "other.csv"))
    with pytest.raises(Changed, match="data"):
        Estimation.from_toml(changed)


def test_other_free_parameters_are_refused(project: Path, learnt: Path) -> None:
    text = project.read_text()
    start, end = text.index("[priors.rho]"), text.index("[sampler]")
    changed = project.with_name("changed.toml")
    changed.write_text(text[:start] + text[end:])
    with pytest.raises(BadConfiguration, match="was learnt as a function of sigma, rho"):
        Estimation.from_toml(changed)


def test_a_missing_folder_says_how_to_make_it(project: Path) -> None:
    changed = project.with_name("changed.toml")
    changed.write_text(project.read_text().replace('"likelihood"', '"nowhere"'))
    require_clear_error(run("estimate", changed), "dsge-surrogate learn")


@pytest.mark.parametrize(
    ("setting", "words"),
    [('random_numbers = "common"', "fresh"), ('method = "learnt"', "which likelihood is learnt")],
)
def test_what_cannot_be_learnt_is_refused(project: Path, setting: str, words: str) -> None:
    changed = project.with_name("changed.toml")
    learnt_filter = 'filter = { method = "guided", particles = 20 }'
    changed.write_text(project.read_text().replace(learnt_filter, f"filter = {{ {setting} }}"))
    require_clear_error(run("learn", changed, project.parent / "refused"), words)
    assert not (project.parent / "refused").exists()
