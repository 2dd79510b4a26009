"""What docs/external-code.md shows runs, and lists what there is."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from surrogate.translation import LANGUAGES
from surrogate.translation.operators import OPERATORS
from tests.cli.running import run
from tests.surrogate.translation.running import PROGRAMS, require

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "external-code.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \| .* \| `(.*)` \|$", PAGE, flags=re.MULTILINE)
COMMANDS = re.findall(r"^ {4}(\S.*)$", PAGE, flags=re.MULTILINE)


def test_the_page_lists_every_language_and_its_files() -> None:
    assert {language for language, _, _ in ROWS} == set(LANGUAGES) == set(PROGRAMS)
    for language, files, _ in ROWS:
        assert re.findall(r"`(.*?)`", files) == [
            name.replace("NAME", "rbc") for name in LANGUAGES[language].files
        ]


@pytest.mark.parametrize(("language", "command"), [(language, command) for language, _, command in ROWS])
def test_self_tests_run_as_shown(language: str, command: str, tmp_path: Path) -> None:
    require(language)
    written = run("export-code", "rbc", "--language", language, "--output", tmp_path / "code")
    assert written.exit_code == 0, written.output
    result = subprocess.run(command, shell=True, cwd=tmp_path / "code", capture_output=True, text=True)
    assert (result.returncode, "passed" in result.stdout) == (0, True), result.stdout + result.stderr


def test_the_page_lists_every_operator_that_is_translated() -> None:
    listed = " ".join(line[2:] for line in PAGE.splitlines() if line.startswith("> "))
    assert listed.removesuffix(".").split(", ") == sorted(OPERATORS)


def test_c_from_another_package_is_made_as_shown(tmp_path: Path) -> None:
    require("c")
    pytest.importorskip("emx_onnx_cgen")
    for name in ("examples", "artifacts"):
        (tmp_path / name).symlink_to(ROOT / name)
    first = next(place for place, command in enumerate(COMMANDS) if "plain_c.py" in command)
    make, compile_it, run_it = COMMANDS[first : first + 3]
    assert (make.split()[0], compile_it.split()[0], run_it) == ("python", "cc", "rbc_plain_c/simulate 1000")
    subprocess.run([sys.executable, *make.split()[1:]], cwd=tmp_path, check=True)
    for command in (compile_it, run_it):
        subprocess.run(command, shell=True, cwd=tmp_path, check=True)


def test_commands_of_the_package_run_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with other programs, and the estimation, have tests of their own."""
    monkeypatch.chdir(tmp_path)
    for name in ("examples", "artifacts"):
        (tmp_path / name).symlink_to(ROOT / name)
    shown = [shlex.split(command) for command in COMMANDS]
    assert len(shown) == 15
    for program, *arguments in shown:
        if "plain_c.py" in arguments[0]:
            continue
        if program == "dsge-surrogate":
            result = run(*arguments)
            assert result.exit_code == 0, result.output
        elif program == "python" and "estimate" not in arguments[0]:
            environment = {"PATH": os.environ["PATH"]}
            subprocess.run([sys.executable, *arguments], check=True, env=environment)
