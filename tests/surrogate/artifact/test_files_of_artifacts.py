"""Artifacts that cannot be used say why and what to do."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from surrogate import load
from surrogate.artifact.card import METADATA_KEY, Card
from surrogate.artifact.graph import DIGEST_KEY, sealed
from surrogate.errors import BrokenArtifact, NewerFormat, SurrogateError
from tests.artifact_files import as_format_1, bare, rewrite_all_cards, rewrite_card, rewrite_graph
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
        (lambda card: card["states"][0].update(size=10**9), "at most 10000"),
        (lambda card: card["states"].extend({"name": f"v{i}", "size": 9_000} for i in range(3)), "columns"),
        (lambda card: card.update(model_version=10**400), "beyond 64 bits"),
        (lambda card: card["parameters"][0].update(lower=-(10**400)), "beyond 64 bits"),
        (lambda card: card["parameters"][0].update(upper=float("inf")), "Infinity is no number"),
        (lambda card: card["parameters"][0].update(upper=float("nan")), "NaN is no number"),
        (lambda card: card["parameters"][0].update(upper=1e300), "no interval of finite numbers"),
        (lambda card: card["parameters"][0].update(name="measurement_sd_y0"), "'measurement_sd_y0' twice"),
        (lambda card: card["states"][0].update(name="s1\u200b"), "impossible name"),
        (lambda card: card["states"][0].update(name=""), "impossible name"),
        (lambda card: card["states"][0].update(name="s1[0]"), "impossible name"),
        (lambda card: card["states"][0].update(name="\uff531"), "names 's1' twice"),
        (lambda card: card["states"][0].update(description="\ud800"), "cannot be shown"),
        (lambda card: card["states"][0].update(description="\x1b[2J"), "cannot be shown"),
        (lambda card: card.update(description="\x00"), "cannot be shown"),
        (lambda card: card.update(model="../../economy"), "is a path"),
        (lambda card: card["training"].update(settings=nested(40)), "nested too deeply"),
        (lambda card: card["training"].update(settings=nested(900)), "nested too deeply"),
        (lambda card: card["accuracy"].update(worst=[{"log10_error": "large"}]), "worst places"),
        (lambda card: card["accuracy"].update(share_of_box="all"), "share_of_box is not a number"),
        (lambda card: card["accuracy"].update(run_away="all"), "run_away is not a number"),
        (lambda card: card["accuracy"].update(rest={"p50": None}), "steady state"),
        (lambda card: card["accuracy"]["box"]["transition"].update(mean=True), "accuracy over the box"),
        (lambda card: card.update(region=with_scale(0.0)), "scale of zero"),
        (lambda card: card.update(region=with_scale("1")), "no number"),
    ],
)
def test_a_malformed_card_says_which_field(folder: Path, change: Callable, message: str) -> None:
    rewrite_all_cards(folder, change)
    with pytest.raises(BrokenArtifact, match=message):
        load(folder)


def nested(depth: int) -> list:
    """Lists in lists."""
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def with_scale(scale: object) -> dict:
    """A region of the three parameters."""
    zeros = [0.0] * 3
    region = {"description": "", "transforms": ["identity"] * 3, "center": zeros, "scale": [scale] * 3}
    return {**region, "constant": -1.0, "linear": zeros, "quadratic": [zeros] * 3}


def test_a_card_nested_beyond_what_python_reads_is_refused() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, "9" * 5_000, '{"a": 1, "a": 2}', "1e999"):
        with pytest.raises(BrokenArtifact, match=r"not (valid JSON|a JSON object)"):
            Card.from_json(text)


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


FILES = ("policy.onnx", "step.onnx", "steady_state.onnx")


def test_an_artifact_of_a_version_before_digests_is_read(folder: Path) -> None:
    states, theta = np.zeros((3, 2)), {"rho": 0.5}
    expected = load(folder).policy(states, theta)
    as_format_1(folder)
    old = load(folder)
    assert (old.card.format_version, old.card.digests) == (1, {})
    np.testing.assert_array_equal(old.policy(states, theta), expected)


def test_a_file_of_today_without_its_digest_is_refused(folder: Path) -> None:
    model, metadata = bare(folder / "step.onnx")
    helper.set_model_props(model, {METADATA_KEY: metadata[METADATA_KEY]})
    onnx.save(model, folder / "step.onnx")
    with pytest.raises(BrokenArtifact, match=r"step\.onnx.*its digest is missing"):
        load(folder)


@pytest.mark.parametrize("file", FILES)
def test_the_digests_are_what_the_contract_says(folder: Path, file: str) -> None:
    """With the package onnx and a few lines, as docs/artifact.md has them."""
    content = (folder / file).read_bytes()
    model = onnx.load_from_string(content)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata[DIGEST_KEY] == hashlib.sha256(content[:-91]).hexdigest()
    del model.metadata_props[:]
    digests = json.loads(metadata[METADATA_KEY])["digests"]
    assert digests[file.removesuffix(".onnx")] == hashlib.sha256(model.SerializeToString()).hexdigest()


@pytest.mark.parametrize("file", FILES)
def test_a_byte_changed_anywhere_is_refused(folder: Path, file: str) -> None:
    content = (folder / file).read_bytes()
    for position in np.random.default_rng(0).integers(len(content), size=60):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        (folder / file).write_bytes(damaged)
        with pytest.raises(BrokenArtifact):
            load(folder)


def test_a_graph_of_another_export_is_refused_even_under_the_same_card(
    folder: Path, linear_economy: LinearEconomy, tmp_path: Path
) -> None:
    other = replace(linear_economy, control_mean=np.array([2.5]))
    write_artifact(other, tmp_path / "other")
    model, _ = bare(tmp_path / "other" / "policy.onnx")
    _, metadata = bare(folder / "policy.onnx")
    card = {METADATA_KEY: metadata[METADATA_KEY]}
    (folder / "policy.onnx").write_bytes(sealed(model.SerializeToString(), card))
    with pytest.raises(BrokenArtifact, match="its graph is not the one of its card"):
        load(folder)


def test_metadata_that_are_no_text_are_refused(folder: Path) -> None:
    as_format_1(folder)
    content = (folder / "policy.onnx").read_bytes()
    (folder / "policy.onnx").write_bytes(content.replace(b"Linear Gaussian", b"Linear \xff\xfeussian"))
    with pytest.raises(BrokenArtifact, match="utf-8"):
        load(folder)


def test_a_key_twice_in_the_metadata_is_refused(folder: Path) -> None:
    as_format_1(folder)
    model, metadata = bare(folder / "policy.onnx")
    for _ in range(2):
        model.metadata_props.add(key=METADATA_KEY, value=metadata[METADATA_KEY])
    onnx.save(model, folder / "policy.onnx")
    with pytest.raises(BrokenArtifact, match="two entries of one key"):
        load(folder)


def test_a_graph_that_fails_when_it_runs_is_one_clear_error(folder: Path) -> None:
    def break_shapes(model: onnx.ModelProto) -> None:
        widths = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.INT64]
        for tensor in widths:
            if list(numpy_helper.to_array(tensor)) == [-1, 2]:
                tensor.CopyFrom(numpy_helper.from_array(np.array([-1, 5]), tensor.name))

    rewrite_graph(folder / "policy.onnx", break_shapes)
    with pytest.raises(BrokenArtifact, match=r"policy\.onnx failed.*[^\n]$"):
        load(folder).policy(np.zeros((3, 2)), {})


def test_an_output_of_another_length_is_refused(folder: Path) -> None:
    def cut(model: onnx.ModelProto) -> None:
        model.graph.node[-1].output[0] = "whole"
        bounds = [numpy_helper.from_array(np.array([end]), name) for name, end in (("from", 0), ("to", 1))]
        model.graph.initializer.extend(bounds)
        model.graph.node.append(helper.make_node("Slice", ["whole", "from", "to"], ["controls"]))

    rewrite_graph(folder / "policy.onnx", cut)
    with pytest.raises(BrokenArtifact, match=r"returned controls of shape \(1, 1\) for 3 rows"):
        load(folder).policy(np.zeros((3, 2)), {})
