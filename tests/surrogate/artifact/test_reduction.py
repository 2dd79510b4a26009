"""How far a reduced economy is from the full one, measured on files and held to the card."""

import shutil
from pathlib import Path

import pytest

from surrogate import Surrogate, catalogue, load
from surrogate.artifact import reduction
from surrogate.artifact.reduction import check_reduction, differences, is_reduced, is_source, source_of
from surrogate.artifact.validation import objection, validate
from surrogate.errors import BrokenArtifact
from tests.artifact_files import rewrite_all_cards, scale_output
from tests.linear_artifact import LinearEconomy, write_artifact

NAME = "krusell_smith_reduced"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The shipped one, to be changed."""
    return Path(shutil.copytree(catalogue.find(NAME), tmp_path / NAME))


def test_the_shipped_card_says_what_it_was_fitted_to() -> None:
    full = load("krusell_smith")
    card = load(NAME).card
    assert is_reduced(card)
    assert not is_reduced(full.card)
    assert is_source(card, full), "fit it again: `make artifacts` says how"
    assert not is_source(card, load("rbc"))
    assert [p.name for p in card.parameters] == [p.name for p in full.card.parameters]


def test_the_shipped_one_is_as_close_as_its_card_says_and_as_wanted() -> None:
    """At parameters and shocks that neither the fit nor the card has seen."""
    reduced = load(NAME)
    checks = check_reduction(reduced, load("krusell_smith"), seed=1)
    assert [check.detail for check in checks if not check.passed] == []
    assert [check.name.split()[-1] for check in checks] == list(reduced.observable_names)
    assert reduced.card.accuracy["reduction"]["log_capital"]["mean"] < 1e-3


def test_a_law_that_is_a_little_off_is_found_out(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Capital a hundredth of a percent larger each quarter adds up to some tenths."""
    monkeypatch.setattr(reduction, "BURN_IN", 500)
    monkeypatch.setattr(reduction, "PERIODS", 100)
    scale_output(copy / "policy.onnx", "controls", 0.998)
    scale_output(copy / "step.onnx", "next_controls", 0.998)
    checks = check_reduction(Surrogate(copy), load("krusell_smith"))
    assert not checks[0].passed, checks[0].detail


def test_an_economy_is_not_off_from_itself(linear: Surrogate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "BURN_IN", 3)
    monkeypatch.setattr(reduction, "PERIODS", 5)
    assert differences(linear, linear, 4) == {
        name: {"mean": 0.0, "p99": 0.0, "max": 0.0} for name in linear.observable_names
    }


def test_differences_of_linear_economies_are_known(
    linear: Surrogate, linear_economy: LinearEconomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with a mean that is .25 higher: so is what it observes, in every quarter."""
    monkeypatch.setattr(reduction, "BURN_IN", 3)
    monkeypatch.setattr(reduction, "PERIODS", 5)
    mean = linear_economy.observable_mean.copy()
    mean[0] += [0.25, 0.0]
    higher = LinearEconomy(**{**vars(linear_economy), "observable_mean": mean})
    found = differences(Surrogate(write_artifact(higher, tmp_path)), linear, 4)
    assert found["y0"] == pytest.approx({"mean": 0.25, "p99": 0.25, "max": 0.25}, abs=1e-5)
    assert found["y1"] == {"mean": 0.0, "p99": 0.0, "max": 0.0}


def test_one_that_is_far_off_stands_for_nothing(copy: Path) -> None:
    far = {"reduction": {"log_capital": {"mean": 0.02, "p99": 0.04, "max": 0.1}}}
    assert "log_capital differs by 0.02" in objection(far)
    assert objection(load(NAME).card.accuracy) == ""
    rewrite_all_cards(copy, lambda card: card["accuracy"].pop("reduction"))
    failed = [check for check in validate(Surrogate(copy)) if not check.passed]
    assert [check.detail for check in failed] == ["missing: accuracy.reduction"]


def test_differences_that_are_no_numbers_are_refused(copy: Path) -> None:
    rewrite_all_cards(copy, lambda card: card["accuracy"].update(reduction={"log_capital": 3}))
    with pytest.raises(BrokenArtifact, match="accuracy over the reduction is not made of numbers"):
        Surrogate(copy)


def test_another_export_of_the_full_economy_is_not_the_source(copy: Path) -> None:
    source = source_of(load("krusell_smith"))
    rewrite_all_cards(copy, lambda card: card["training"].update(source={**source, "digests": {"step": "0"}}))
    assert not is_source(Surrogate(copy).card, load("krusell_smith"))
    assert is_reduced(Surrogate(copy).card)
