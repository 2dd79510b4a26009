"""What files of other writers lack is said file by file, all at once."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from surrogate import catalogue
from surrogate.artifact.card import METADATA_KEY
from surrogate.artifact.conformity import contract_checks
from tests.artifact_files import as_format_1, bare, rewrite_card, rewrite_graph
from tests.linear_artifact import LinearEconomy, write_artifact


@pytest.fixture
def folder(linear_economy: LinearEconomy, tmp_path: Path) -> Path:
    """A fresh artifact that a test may damage."""
    return write_artifact(linear_economy, tmp_path / "linear")


def complaints(folder: Path) -> dict[str, str]:
    """What fails, and why."""
    return {check.name: check.detail for check in contract_checks(folder) if not check.passed}


@pytest.mark.parametrize("name", catalogue.available())
def test_nothing_is_lacking_in_what_ships(name: str) -> None:
    checks = contract_checks(catalogue.find(name))
    assert [check for check in checks if not check.passed] == []
    assert len(checks) == 11


def test_format_1_and_two_files_are_enough(folder: Path) -> None:
    as_format_1(folder)
    (folder / "steady_state.onnx").unlink()
    assert complaints(folder) == {}


def test_bare_graphs_lack_a_card_each(folder: Path) -> None:
    for path in folder.glob("*.onnx"):
        onnx.save(bare(path)[0], path)
    (folder / "policy.onnx").unlink()
    found = complaints(folder)
    assert "not there" in found["policy.onnx"]
    assert METADATA_KEY in found["step.onnx: card"]
    assert "without a card" in found["step.onnx: tensors"]


def test_all_missing_fields_of_a_card_are_named(folder: Path) -> None:
    def forget(card: dict) -> None:
        del card["parity"], card["accuracy"], card["timing"]

    rewrite_card(folder / "step.onnx", forget)
    assert complaints(folder)["step.onnx: card"] == "It lacks accuracy, parity, timing."
    rewrite_card(folder / "policy.onnx", lambda card: card["states"][0].pop("name"))
    assert "misses a field" in complaints(folder)["policy.onnx: card"]


def test_digests_that_are_missing_or_wrong_are_named(folder: Path) -> None:
    model, metadata = bare(folder / "step.onnx")
    helper.set_model_props(model, {METADATA_KEY: metadata[METADATA_KEY]})
    onnx.save(model, folder / "step.onnx")
    rewrite_card(folder / "policy.onnx", lambda card: card["digests"].update(policy="0" * 64))
    found = complaints(folder)
    assert "That of the file is missing" in found["step.onnx: digests"]
    right = json.loads(metadata[METADATA_KEY])["digests"]["policy"]
    assert found["policy.onnx: digests"] == f'The card\'s digests["policy"] must be {right}.'
    assert "differ" in found["cards"]


def test_wrong_tensors_and_operators_are_named(folder: Path) -> None:
    def rename(model: onnx.ModelProto) -> None:
        model.graph.output[0].name = "decisions"
        for node in model.graph.node:
            node.output[:] = ["decisions" if name == "controls" else name for name in node.output]

    rewrite_graph(folder / "policy.onnx", rename)
    assert "the contract asks for controls" in complaints(folder)["policy.onnx: tensors"]
    loop = helper.make_node("RandomNormal", [], ["unused"], shape=[2])
    rewrite_graph(folder / "step.onnx", lambda model: model.graph.node.append(loop))
    assert "RandomNormal" in complaints(folder)["step.onnx"]


def test_a_graph_for_one_parameter_vector_only_fails_in_batches(folder: Path) -> None:
    """Where parameters are asked for in as many rows as states, which filters do not pass."""

    def insist(model: onnx.ModelProto) -> None:
        node = next(node for node in model.graph.node if "controls" in node.output)
        node.output[0] = "right"
        zeros = numpy_helper.from_array(np.zeros((3, 1), dtype=np.float32), "zeros")
        model.graph.initializer.append(zeros)
        nothing = helper.make_node("MatMul", ["parameters", "zeros"], ["nothing"])
        model.graph.node.extend([nothing, helper.make_node("Add", ["right", "nothing"], ["controls"])])

    rewrite_graph(folder / "policy.onnx", insist)
    assert set(complaints(folder)) == {"batches"}
