"""Measuring the Euler errors of ONNX files against the equations."""

import shutil
from pathlib import Path

import pytest

from surrogate import Surrogate, catalogue, load
from surrogate.artifact.card import LAWS
from surrogate.artifact.reduction import is_reduced
from surrogate.errors import BadConfiguration, Changed
from tests.artifact_files import scale_output

pytest.importorskip("torch")

from surrogate import models
from surrogate.accuracy.errors import check_accuracy, measure

SOLVED = [name for name in catalogue.available() if not is_reduced(load(name).card)]
"""The others have no equations; see `tests/surrogate/artifact/test_reduction.py`."""


@pytest.mark.parametrize("name", SOLVED)
def test_shipped_files_keep_the_accuracy_in_their_card(name: str) -> None:
    artifact = load(name)
    checks = check_accuracy(artifact.card, measure(artifact, models.get(name)))
    assert [check.detail for check in checks if not check.passed] == []
    laws = [law for law in LAWS if law in artifact.card.accuracy]
    assert laws[:2] == ["box", "ergodic"]
    assert len(checks) == len(laws) * sum(equation.size for equation in models.get(name).equations)


@pytest.mark.parametrize("name", catalogue.available())
def test_shipped_cards_say_what_the_economy_and_the_recipe_say(name: str) -> None:
    card = load(name).card
    assert [parameter.unit for parameter in card.parameters] == [p.unit for p in models.get(name).parameters]
    assert ("Adam" in card.training["method"]) == (card.training["settings"].get("adam_steps", 0) > 0)


def test_a_policy_one_percent_off_is_found_out(tmp_path: Path) -> None:
    folder = tmp_path / "off"
    shutil.copytree(catalogue.find("rbc"), folder)
    scale_output(folder / "policy.onnx", "controls", 1.01)
    artifact = Surrogate(folder)
    checks = check_accuracy(artifact.card, measure(artifact, models.get("rbc")))
    assert not all(check.passed for check in checks)


def test_an_economy_without_equations_has_no_errors() -> None:
    with pytest.raises(BadConfiguration, match="hold it against krusell_smith"):
        measure(load("krusell_smith_reduced"), models.get("krusell_smith_reduced"))


def test_another_version_of_the_economy_is_refused() -> None:
    with pytest.raises(Changed, match="export the artifact again"):
        measure(load("an_schorfheide"), models.get("rbc"))
