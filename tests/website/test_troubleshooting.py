"""The messages that docs/troubleshooting.md explains are those that the commands print."""

import ast
import re

import pytest

from tests.cli.running import run
from tests.website.running_pages import ROOT, blocks

SHOWN = [line for block in blocks("troubleshooting.md", "console") for line in block.splitlines()]
MISTAKES = {
    "prior": ("[priors.psi1]", "[priors.psi_1]"),
    "observable": ("inflation =", "infl ="),
    "density": ("gamma_pdf", "gama_pdf"),
    "section": ("[sampler]", "[sampling]"),
    "setting": ("target_ess", "ess"),
    "file": ("herbst_schorfheide_us", "us.csv"),
    "column": ('"INFL"', '"inflation"'),
    "sample": ("1983Q1", "1883Q1"),
    "mass": ("[sampler]", '[priors.pi_a]\ndensity = "normal_pdf"\nmean = 20.0\nsd = 2.0\n[sampler]'),
    "range": ("[sampler]", "[fixed]\ntau = 9.0\n[sampler]"),
    "twice": ("[sampler]", "[fixed]\npsi1 = 2.0\n[sampler]"),
    "no measurement error": ("share_of_sd = 0.2", ""),
    "measurement error": ('method = "twisted"\nparticles = 40', 'method = "inversion"'),
    "walkers": ("walkers = 16", "walkers = 6"),
    "type": ("walkers = 16", 'walkers = "16"'),
}
"""What is changed in the tutorial's configuration."""
COMMANDS = {
    "surrogate": ("inspect", "an_schorfheid"),
    "calibration": ("compare", "rbc", "--parameter", "gamma=9"),
    "configuration": ("estimate", "feds.toml"),
}
WORDS = 12
"""Letters that a message has at least beside what is filled in, so that it cannot be anything."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the command says to each mistake."""
    (text,) = blocks("tutorial.md", "toml")
    said = {mistake: run(*arguments).output.strip() for mistake, arguments in COMMANDS.items()}
    for mistake, (before, after) in MISTAKES.items():
        assert before in text
        file = tmp_path_factory.mktemp("mistake") / "fed.toml"
        file.write_text(text.replace(before, after))
        said[mistake] = run("estimate", file).output.strip()
    return said


@pytest.mark.parametrize("mistake", [*MISTAKES, *COMMANDS])
def test_mistakes_are_answered_as_the_page_says(mistake: str, printed: dict[str, str]) -> None:
    assert printed[mistake] in SHOWN


def messages() -> list[re.Pattern[str]]:
    """Every text in the packages with enough words, as a pattern that lets anything be filled in."""
    patterns = []
    for package in ("surrogate", "estimation", "cli"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant | ast.JoinedStr):
                    patterns.extend(_pattern(node))
    return patterns


def _pattern(node: ast.Constant | ast.JoinedStr) -> list[re.Pattern[str]]:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    words = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    if sum(len(re.sub(r"\W", "", word)) for word in words if isinstance(word, str)) < WORDS:
        return []
    return [re.compile(".*".join([re.escape(word) for word in words if isinstance(word, str)]))]


def test_every_other_message_is_one_of_the_code(printed: dict[str, str]) -> None:
    """Most of its text stands in the code: the rest is filled in."""
    others = [line.split(": ", 1)[1] for line in SHOWN if line not in printed.values()]
    assert len(others) > 10
    known = messages()
    for said in others:
        found = [match.span() for each in known if (match := each.search(said))]
        covered = {place for start, end in found for place in range(start, end)}
        assert len(covered) > 0.8 * len(said), said
