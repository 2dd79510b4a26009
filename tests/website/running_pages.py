"""Blocks of the documentation's pages, and how to run them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from click.testing import Result

from tests.cli.running import run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    """The Markdown of a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """Fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page(name), flags=re.DOTALL | re.MULTILINE)


def commands(name: str) -> list[str]:
    """Commands that a page shows, without the program's name."""
    return re.findall(r"^ {4}dsge-surrogate (.*)$", page(name), flags=re.MULTILINE)


def run_python(text: str, folder: Path) -> str:
    """Standard output of a script in a process of its own, which must succeed."""
    script = folder / "page.py"
    script.write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error::DeprecationWarning", str(script)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def run_command(command: str, *more: str) -> Result:
    """A command of a page, in this process, with options that make it quick."""
    result = run(*shlex.split(command), *more)
    assert result.exit_code == 0, (command, result.output)
    return result
