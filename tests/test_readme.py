"""What the README shows runs, and says what the commands say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import dsge_surrogate
from surrogate import load
from surrogate.catalogue import available

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_snippets_run(number: int, tmp_path: Path) -> None:
    """Each in a process of its own; sample and chains are cut short."""
    script = tmp_path / "snippet.py"
    shorter = re.sub(r'"steps": \d+', '"steps": 12', SNIPPETS[number])
    script.write_text(re.sub(r'end="\d{4}Q\d"', 'end="1986Q4"', shorter), encoding="utf-8")
    (tmp_path / "artifacts").symlink_to(ROOT / "artifacts")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error::DeprecationWarning", str(script)]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def test_there_are_snippets_to_run() -> None:
    assert len(SNIPPETS) == 3


def test_the_table_of_surrogates_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(dsge_surrogate, ["models", "--markdown"]).output.strip()
    assert printed in README, "put the output of `dsge-surrogate models --markdown` into the README"


def test_figures_around_the_table_are_those_of_cards() -> None:
    said = " ".join(README.split())
    seconds = [load(name).card.training["seconds"] for name in available()]
    assert "from a quarter of a minute to thirty-three minutes" in said
    assert min(seconds) == pytest.approx(15, abs=5)
    assert max(seconds) == pytest.approx(33 * 60, abs=60)
    constrained = load("an_schorfheide_zlb").card.accuracy["constrained"].values()
    mean, p99 = (max(errors[statistic] for errors in constrained) for statistic in ("mean", "p99"))
    assert f"the errors where it binds are {mean:.1f} ({p99:.1f})" in said
    capital = load("krusell_smith_reduced").card.accuracy["reduction"]["log_capital"]["mean"]
    assert f"differs by {100 * capital:.2f} % on average".replace("0.", ".") in said


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []
