"""What an installed package owes others: types, and a word where something hides it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", ["surrogate", "estimation", "cli"])
def test_packages_say_that_they_have_types(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def command(folder: Path, *path: Path) -> subprocess.CompletedProcess:
    """Run the command in a folder, with others before the packages on Python's path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT)))}
    program = [sys.executable, "-m", "cli.main", "--version"]
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["estimation/__init__.py", "surrogate/__init__.py", "surrogate.py"])
def test_a_folder_of_the_users_that_hides_a_package_is_named(name: str, tmp_path: Path) -> None:
    hiding = tmp_path / name
    hiding.parent.mkdir(exist_ok=True)
    hiding.touch()
    place = hiding.parent if hiding.name == "__init__.py" else hiding
    for result in (command(tmp_path), command(ROOT.parent, tmp_path)):
        assert result.returncode == 1
        assert result.stderr.startswith(f"Error: {place} hides the package {place.stem} of dsge-surrogate")
        assert result.stderr.count("\n") == 1


def test_a_folder_without_code_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "estimation").mkdir()
    assert command(tmp_path).returncode == 0
