"""Measuring the Euler errors of ONNX files against the equations."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from surrogate import Surrogate, catalogue, load
from surrogate.errors import Changed
from tests.artifact_files import rewrite_graph

pytest.importorskip("torch")

from surrogate import models
from surrogate.accuracy.artifact import check_accuracy, measure


@pytest.mark.parametrize("name", catalogue.available())
def test_shipped_files_keep_the_accuracy_in_their_card(name: str) -> None:
    artifact = load(name)
    checks = check_accuracy(artifact.card, measure(artifact, models.get(name)))
    assert [check.detail for check in checks if not check.passed] == []
    assert len(checks) == 2 * sum(equation.size for equation in models.get(name).equations)


@pytest.mark.parametrize("name", catalogue.available())
def test_shipped_cards_say_what_the_economy_and_the_recipe_say(name: str) -> None:
    card = load(name).card
    assert [parameter.unit for parameter in card.parameters] == [p.unit for p in models.get(name).parameters]
    assert ("Adam" in card.training["method"]) == (card.training["settings"]["adam_steps"] > 0)


def test_a_policy_one_percent_off_is_found_out(tmp_path: Path) -> None:
    folder = tmp_path / "off"
    shutil.copytree(catalogue.find("rbc"), folder)

    def raise_consumption(model: onnx.ModelProto) -> None:
        last = next(node for node in model.graph.node if "controls" in node.output)
        last.output[list(last.output).index("controls")] = "right"
        model.graph.initializer.append(numpy_helper.from_array(np.array(1.01, dtype=np.float32), "factor"))
        model.graph.node.append(helper.make_node("Mul", ["right", "factor"], ["controls"]))

    rewrite_graph(folder / "policy.onnx", raise_consumption)
    artifact = Surrogate(folder)
    checks = check_accuracy(artifact.card, measure(artifact, models.get("rbc")))
    assert not all(check.passed for check in checks)


def test_another_version_of_the_economy_is_refused() -> None:
    with pytest.raises(Changed, match="export the artifact again"):
        measure(load("an_schorfheide"), models.get("rbc"))
