"""explore, on good artifacts and on what it cannot write."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.running import require_clear_error, run

PAGE = (Path(__file__).parents[2] / "docs" / "explorer.md").read_text(encoding="utf-8")


def test_it_writes_a_page(linear_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("explore", linear_folder)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "results" / "explore_linear.html").is_file()
    assert str(Path("results", "explore_linear.html")) in result.output


def test_bad_requests_are_one_clear_error(linear_folder: Path, tmp_path: Path) -> None:
    require_clear_error(run("explore", "rcb"), "Did you mean rbc?")
    require_clear_error(run("explore", "krusell_smith"), "krusell_smith has 121 states")
    (tmp_path / "thesis.html").write_text("<h1>Thesis</h1>")
    for place, words in (("thesis.html", "no page of explore"), (".", "is a folder")):
        result = run("explore", linear_folder, "--output", tmp_path / place)
        require_clear_error(result, words)
        assert result.output.count("\n") == 1
    (tmp_path / "artifact").mkdir()
    (tmp_path / "artifact" / "policy.onnx").write_bytes(b"not a graph")
    require_clear_error(run("explore", tmp_path / "artifact"), "policy.onnx")


def test_commands_run_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^ {4}dsge-surrogate (.*)$", PAGE, flags=re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        result = run(*shlex.split(command))
        assert result.exit_code == 0, result.output
    assert (tmp_path / "results" / "explore_an_schorfheide.html").is_file()
    assert (tmp_path / "growth.html").is_file()
