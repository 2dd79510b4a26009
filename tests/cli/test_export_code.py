"""export-code, on good artifacts and on what it cannot write."""

import subprocess
import sys
from pathlib import Path

import pytest
from onnx import helper

from surrogate.translation import LANGUAGES
from tests.artifact_files import rewrite_graph
from tests.cli.running import require_clear_error, run
from tests.linear_artifact import LinearEconomy, write_artifact


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_writes_a_folder_of_its_own(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("export-code", "rbc", "--language", language)
    assert result.exit_code == 0, result.output
    files = sorted(path.name for path in (tmp_path / "results" / f"rbc_{language}").iterdir())
    assert files == sorted(name.replace("NAME", "rbc") for name in LANGUAGES[language].files)
    assert all(name in result.output for name in files)


def test_bad_requests_are_one_clear_error(linear_economy: LinearEconomy, tmp_path: Path) -> None:
    require_clear_error(run("export-code", "rcb", "--language", "c"), "Did you mean rbc?")
    assert run("export-code", "rbc", "--language", "cobol").exit_code == 2
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    require_clear_error(
        run("export-code", "rbc", "--language", "c", "--output", tmp_path / "full"), "thesis.tex"
    )
    folder = write_artifact(linear_economy, tmp_path / "linear")
    sine = helper.make_node("Sin", ["parameters"], ["unused"])
    rewrite_graph(folder / "policy.onnx", lambda model: model.graph.node.append(sine))
    result = run("export-code", folder, "--language", "c", "--output", tmp_path / "code")
    require_clear_error(result, "policy.onnx has no translation. The operator Sin is not translated")
    assert not (tmp_path / "code").exists()


def test_it_needs_neither_torch_nor_onnx(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules.update(torch=None, onnx=None);"
        " from surrogate import load; from surrogate.translation import export_code;"
        f" export_code(load('rbc'), 'r', {str(tmp_path / 'code')!r})"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (tmp_path / "code" / "rbc.R").exists()
