"""Benchmarks that share a page leave each other's sections alone."""

from pathlib import Path

import pytest

from benchmarks.pages import write_page, write_section

ONE, TWO = "## One", "## Two"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(f"# Page\n\nText.\n\n{ONE}\n\nFirst.\n\n{TWO}\n\nSecond.\n")
    return path


def test_the_text_in_front_leaves_sections(page: Path) -> None:
    write_page(page, "# Page\n\nOther.\n", ONE)
    assert page.read_text() == f"# Page\n\nOther.\n\n{ONE}\n\nFirst.\n\n{TWO}\n\nSecond.\n"


def test_a_section_leaves_those_around_it(page: Path) -> None:
    write_section(page, f"{ONE}\n\nOther.\n", ONE)
    assert page.read_text() == f"# Page\n\nText.\n\n{ONE}\n\nOther.\n\n{TWO}\n\nSecond.\n"


def test_the_last_section_may_change(page: Path) -> None:
    write_section(page, f"{TWO}\n\nOther.\n", TWO)
    assert page.read_text() == f"# Page\n\nText.\n\n{ONE}\n\nFirst.\n\n{TWO}\n\nOther.\n"


def test_a_new_section_comes_last(page: Path) -> None:
    write_section(page, "## Three\n\nThird.\n", "## Three")
    assert page.read_text().endswith(f"{TWO}\n\nSecond.\n\n## Three\n\nThird.\n")
