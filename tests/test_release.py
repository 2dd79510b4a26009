"""What a release says about itself is the same everywhere."""

import re
from pathlib import Path

import yaml

from surrogate import __version__
from surrogate.artifact.card import FORMAT_VERSION

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    """A file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_changelog_begins_with_what_is_unreleased_and_then_this_version() -> None:
    headings = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(re.escape(__version__) + r" \(\d{4}-\d{2}-\d{2}\)", headings[1])


def test_the_citation_has_this_version_and_its_date() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == __version__
    assert f"## {__version__} ({citation['date-released']})" in read("CHANGELOG.md")


def test_the_page_of_the_format_has_its_version_and_all_before() -> None:
    page = read("docs/artifact.md")
    assert page.startswith(f"# The artifact, format {FORMAT_VERSION}\n")
    rows = re.findall(r"^\| (\d+) \|", page.split("## Versions of the format")[1], re.MULTILINE)
    assert rows == [str(version + 1) for version in range(FORMAT_VERSION)]
