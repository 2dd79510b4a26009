"""An output folder needs nothing but itself, and notices what has changed in it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation, inputs, make_prior, read_results
from estimation.inputs import read_toml
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BrokenArtifact, Changed
from tests.estimation.economies import simulated_data
from tests.linear_artifact import LinearEconomy, example_economy, write_artifact

TEXT = """
# comments stay
[model]
surrogate = "artifact"
[data]
file = "data.csv"
columns = { y1 = "second", y0 = "first" }
start = "1990Q2"
[likelihood]
method = "kalman"
[measurement_error]
share_of_sd = 0.2
[priors.rho]
density = "beta_pdf"
mean = 0.6
sd = 0.15
[sampler]
ensembles = 2
walkers = 4
steps = 12
burn = 4
"""


@pytest.fixture(scope="module")
def project(
    linear_economy: LinearEconomy, linear_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A configuration, its data and its surrogate, and what they made in `out`."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(linear_folder, folder / "artifact")
    data = simulated_data(linear_economy).set_axis(["first", "second"], axis=1)
    data.index = pd.period_range("1990Q1", periods=len(data), freq="Q")
    data.iloc[3, 0] = np.nan
    data.to_csv(folder / "data.csv", index_label="date")
    (folder / "small.toml").write_text(TEXT)
    Estimation.from_toml(folder / "small.toml").run(folder / "out", processes=1, plots=False)
    return folder


@pytest.fixture
def alone(project: Path, tmp_path: Path) -> Path:
    """The output folder without all that it was made from; a test may change it."""
    return shutil.copytree(project / "out", tmp_path / "out")


def test_results_are_read_from_the_folder_alone(project: Path, alone: Path) -> None:
    there = Estimation.from_toml(project / "small.toml").saved_results(project / "out")
    found = read_results(alone)
    pd.testing.assert_frame_equal(found.table, there.table, check_exact=True)
    assert np.array_equal(found.data.to_numpy(), there.data.to_numpy(), equal_nan=True)
    assert found.attributes == there.attributes


def test_the_folder_has_what_a_reader_wants(project: Path) -> None:
    place = project / "out" / "inputs"
    assert {path.name for path in place.iterdir()} == {
        *("configuration.toml", "sample.csv", "card.json", "contents.json"),
        *("policy.onnx", "step.onnx", "steady_state.onnx"),
    }
    assert (place / "configuration.toml").read_text() == TEXT
    sample = pd.read_csv(place / "sample.csv")
    assert list(sample.columns) == ["quarter", "y1", "y0"]
    assert sample["quarter"].tolist()[0] == "1990Q2"
    assert json.loads((place / "card.json").read_text())["model"] == "linear"
    assert Surrogate(place).card.model == "linear"


def test_the_same_estimation_is_run_again_from_the_folder(project: Path, alone: Path, tmp_path: Path) -> None:
    again = Estimation.from_toml(alone).run(tmp_path / "again", processes=1, plots=False)
    assert np.array_equal(again.all_chains.theta, read_results(alone).all_chains.theta)
    for path in (project / "out" / "inputs").iterdir():
        assert (tmp_path / "again" / "inputs" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("configuration.toml", "burn = 4", "burn = 5"),
        ("sample.csv", "1990Q2,", "1990Q2,1"),
        ("card.json", "rho", "rhu"),
        ("contents.json", "a", "b"),
    ],
)
def test_a_change_is_noticed(name: str, old: str, new: str, alone: Path) -> None:
    file = alone / "inputs" / name
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(BrokenArtifact, match=rf"{name} is missing, damaged or changed.*--resume"):
        read_results(alone)
    file.unlink()
    with pytest.raises(BrokenArtifact, match=rf"{name} is missing"):
        read_results(alone)


def test_a_byte_of_the_surrogate_is_noticed(alone: Path) -> None:
    file = alone / "inputs" / "step.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BrokenArtifact, match=r"step.onnx is missing, damaged or changed"):
        read_results(alone)


def test_inputs_of_another_estimation_do_not_serve(project: Path, alone: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "project")
    shutil.rmtree(tmp_path / "project" / "artifact")
    write_artifact(example_economy("float64"), tmp_path / "project" / "artifact")
    Estimation.from_toml(tmp_path / "project" / "small.toml").keep_inputs(alone)
    with pytest.raises(Changed, match="The model changed"):
        read_results(alone)


def test_a_run_that_is_refused_leaves_the_inputs(project: Path, alone: Path) -> None:
    other = project / "other.toml"
    other.write_text(TEXT.replace("mean = 0.6", "mean = 0.5"))
    for mode in ("mode.json", "no mode"):
        (alone / mode).unlink(missing_ok=True)
        with pytest.raises(Changed, match="The priors changed"):
            Estimation.from_toml(other).sample(alone, resume=True, processes=1)
    assert (alone / "inputs" / "configuration.toml").read_text() == TEXT


def test_longer_chains_bring_their_configuration(project: Path, alone: Path) -> None:
    longer = project / "longer.toml"
    longer.write_text(TEXT.replace("steps = 12", "steps = 14"))
    Estimation.from_toml(longer).sample(alone, resume=True, processes=1)
    assert "steps = 14" in (alone / "inputs" / "configuration.toml").read_text()
    assert read_results(alone).all_chains.steps == 14


def test_a_folder_of_an_earlier_version_still_leads_to_its_configuration(project: Path) -> None:
    old = shutil.copytree(project / "out", project / "old")
    shutil.rmtree(old / "inputs")
    with pytest.raises(BadConfiguration, match="holds no results"):
        read_results(old)
    (old / "configuration.txt").write_text("../small.toml\n")
    assert read_results(old).all_chains.steps == 12
    for note in (b"../gone.toml\n", b"\xff\xfe"):
        (old / "configuration.txt").write_bytes(note)
        with pytest.raises(BadConfiguration, match=r"earlier version.*--resume"):
            read_results(old)


PYTHON = {
    "priors": {
        "rho": make_prior("beta", 0.6, 0.15, truncate=(0.0, 0.95)),
        "sigma": {"density": "inv_gamma_pdf", "mean": np.float64(1.0), "sd": 0.3},
    },
    "fixed": pd.Series({"mean": 0.1 + 0.2}),
    "measurement_error": {"share_of_sd": {"y0": 0.2, "y1": np.float64(0.1)}},
    "likelihood": {"method": "kalman"},
    "sampler": {
        "ensembles": 2,
        "walkers": 4,
        "steps": 12,
        "burn": None,
        "moves": {"walk": 1, "stretch": 2.5},
    },
}


def test_what_is_given_in_python_is_written_as_toml(
    linear: Surrogate, linear_economy: LinearEconomy, tmp_path: Path
) -> None:
    made = Estimation(linear, simulated_data(linear_economy), **PYTHON)
    made.sample(tmp_path / "out", processes=1)
    again = Estimation.from_toml(tmp_path / "out")
    assert again.fingerprints == made.fingerprints
    assert again.configuration == made.configuration
    assert read_results(tmp_path / "out").all_chains.steps == 12
    plain = Estimation(**read_toml(tmp_path / "out" / "inputs" / "configuration.toml"))
    assert plain.fingerprints == made.fingerprints


def test_what_no_file_can_hold_is_said(
    linear: Surrogate, linear_economy: LinearEconomy, tmp_path: Path
) -> None:
    likelihood = {"method": "moments", "moments": ["mean(y0)", "sd(y1)", _spread]}
    settings = {**PYTHON, "likelihood": likelihood, "measurement_error": None}
    made = Estimation(linear, simulated_data(linear_economy).iloc[8:], **settings)
    assert made.configuration == ""
    made.keep_inputs(tmp_path)
    with pytest.raises(BadConfiguration, match=r"made in Python.*saved_results"):
        inputs.read_configuration(tmp_path)


def _spread(frame: pd.DataFrame) -> pd.Series:
    return pd.Series({"spread": (frame["y0"] - frame["y1"]).std()})
