"""Artifacts that cannot be used say why and what to do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from surrogate import load
from surrogate.card import METADATA_KEY
from surrogate.errors import BrokenArtifact, NewerFormat, SurrogateError
from tests.artifact_files import as_format_1, bare, rewrite_all_cards, rewrite_card
from tests.linear_artifact import LinearEconomy, example_economy, write_artifact


@pytest.fixture
def folder(linear_economy: LinearEconomy, tmp_path: Path) -> Path:
    """A fresh artifact that a test may damage."""
    return write_artifact(linear_economy, tmp_path / "linear")


@pytest.mark.parametrize("file", ["policy.onnx", "step.onnx"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(BrokenArtifact, match=f"no {file}"):
        load(folder)


@pytest.mark.parametrize("file", ["policy.onnx", "step.onnx", "steady_state.onnx"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(folder: Path, file: str, share: float) -> None:
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[: int(share * len(data))])
    with pytest.raises(BrokenArtifact, match=file):
        load(folder)


def test_bytes_that_are_not_onnx_are_refused(folder: Path) -> None:
    (folder / "step.onnx").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(BrokenArtifact, match=r"step\.onnx cannot be read; copy or export it again"):
        load(folder)


def test_onnx_without_a_card_is_foreign(folder: Path) -> None:
    model = onnx.load(folder / "policy.onnx")
    del model.metadata_props[:]
    onnx.save(model, folder / "policy.onnx")
    with pytest.raises(BrokenArtifact, match="not a surrogate: it carries no card"):
        load(folder)


def test_a_newer_format_asks_for_an_upgrade(folder: Path) -> None:
    rewrite_all_cards(folder, lambda card: card.update(oldest_reader=3, format_version=3))
    with pytest.raises(NewerFormat, match="pip install --upgrade"):
        load(folder)


def test_a_newer_format_that_this_version_may_read_is_read(folder: Path) -> None:
    rewrite_all_cards(folder, lambda card: card.update(format_version=3, mood="cheerful"))
    assert load(folder).card.format_version == 3


def test_files_of_two_exports_are_refused(folder: Path, tmp_path: Path) -> None:
    rewrite_card(folder / "step.onnx", lambda card: card["training"].update(seed=1))
    with pytest.raises(BrokenArtifact, match="different cards"):
        load(folder)


def test_swapped_files_are_refused(folder: Path) -> None:
    (folder / "policy.onnx").write_bytes((folder / "step.onnx").read_bytes())
    with pytest.raises(BrokenArtifact, match=r"policy\.onnx .*its graph is not the one of its card"):
        load(folder)


def test_a_graph_with_other_tensors_than_the_contract_is_refused(folder: Path) -> None:
    as_format_1(folder)
    (folder / "policy.onnx").write_bytes((folder / "step.onnx").read_bytes())
    with pytest.raises(BrokenArtifact, match=r"policy\.onnx has inputs"):
        load(folder)


def test_a_card_with_other_columns_than_the_graph_is_refused(folder: Path) -> None:
    rewrite_all_cards(folder, lambda card: card["controls"].append({"name": "x1"}))
    with pytest.raises(BrokenArtifact, match="controls has shape"):
        load(folder)


def test_a_card_with_another_dtype_than_the_graph_is_refused(folder: Path) -> None:
    rewrite_all_cards(folder, lambda card: card.update(dtype="float64"))
    with pytest.raises(BrokenArtifact, match="the card says float64"):
        load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.pop("shocks"), "no field 'shocks'"),
        (lambda card: card.update(model=3), "'model' has the wrong type: int"),
        (lambda card: card.update(states={}), "'states' has the wrong type: dict"),
        (lambda card: card.update(oldest_reader=True), "'oldest_reader' has the wrong type"),
        (lambda card: card["parameters"][0].pop("lower"), "'parameters' misses a field"),
        (lambda card: card["parameters"][0].update(lower="low"), r"parameters\.lower"),
        (lambda card: card["parameters"][0].update(default=99), "not within"),
        (lambda card: card["states"][1].update(name="s0"), "names 's0' twice"),
        (lambda card: card["states"][1].update(size=0), "must be at least 1"),
        (lambda card: card.update(states=["s0", "s1"]), "entry of the card's 'states'"),
        (lambda card: card.update(dtype="float16"), "float32 or float64"),
        (lambda card: card.update(region={"center": []}), "region"),
    ],
)
def test_a_malformed_card_says_which_field(folder: Path, change: Callable, message: str) -> None:
    rewrite_all_cards(folder, change)
    with pytest.raises(BrokenArtifact, match=message):
        load(folder)


def test_text_that_is_not_json_is_no_card(folder: Path) -> None:
    model, _ = bare(folder / "policy.onnx")
    helper.set_model_props(model, {METADATA_KEY: "{"})
    onnx.save(model, folder / "policy.onnx")
    with pytest.raises(BrokenArtifact, match="not valid JSON"):
        load(folder)


def test_a_card_survives_the_round_trip() -> None:
    card = example_economy().card()
    assert type(card).from_json(card.to_json()) == card


def test_a_card_with_numbers_that_are_not_finite_is_not_written(linear_economy: LinearEconomy) -> None:
    card = linear_economy.card()
    card.parity["points"] = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        card.to_json()


def test_every_error_of_an_artifact_is_a_user_error() -> None:
    assert issubclass(BrokenArtifact, SurrogateError)
    assert issubclass(NewerFormat, SurrogateError)
