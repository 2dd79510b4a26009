"""reduce, and what inspect and validate say of a reduced economy."""

import shutil
from pathlib import Path

import pytest

from surrogate import catalogue, load
from tests.artifact_files import rewrite_all_cards
from tests.cli.running import require_clear_error, run

pytest.importorskip("torch")
NAME = "krusell_smith_reduced"


def test_what_cannot_be_reduced_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    require_clear_error(run("reduce", "rbc", folder), "rbc stands for no other economy")
    require_clear_error(run("reduce", NAME, folder, "--full", "rbc"), "artifact is of rbc version 1")
    require_clear_error(run("reduce", NAME, folder, "--full", tmp_path / "none"), "no folder")
    require_clear_error(run("reduce", "krusell_smith_reduce", folder), "krusell_smith_reduced")
    require_clear_error(
        run("reduce", "hank_reduced", folder), "keeps inflation, output of the network of hank"
    )
    assert not folder.exists()


def test_a_reduced_economy_is_not_trained(tmp_path: Path) -> None:
    result = run("train", NAME, "--output", tmp_path / "new.pt")
    require_clear_error(result, "fit it to krusell_smith with dsge-surrogate reduce")
    assert not (tmp_path / "new.pt").exists()


def test_inspect_shows_how_far_it_is_from_the_full_economy() -> None:
    output = run("inspect", NAME).output
    assert "Absolute difference from the full economy" in output
    assert "Euler error" not in output
    mean = load(NAME).card.accuracy["reduction"]["log_capital"]["mean"]
    assert f"{mean:.2g}" in output


def test_validate_holds_it_against_the_full_economy_if_that_ships(tmp_path: Path) -> None:
    result = run("validate", NAME, "--seed", 3)
    assert result.exit_code == 0, result.output
    assert "from krusell_smith: log_consumption" in result.output
    copy = tmp_path / NAME
    shutil.copytree(catalogue.find(NAME), copy)
    rewrite_all_cards(copy, lambda card: card["training"]["source"].update(digests={}))
    result = run("validate", copy)
    assert result.exit_code == 0, result.output
    assert "the artifact that it was fitted to does not ship" in result.output
    require_clear_error(run("validate", copy, "--plots", tmp_path / "figures"), "does not ship")


@pytest.mark.slow
def test_the_command_makes_one_as_good_as_the_one_that_ships(tmp_path: Path) -> None:
    result = run("reduce", NAME, tmp_path / "new", "--seed", 1)
    assert result.exit_code == 0, result.output
    assert "mean differences from krusell_smith: log_capital" in result.output
    assert load(tmp_path / "new").card.accuracy["reduction"]["log_capital"]["mean"] < 1e-3
