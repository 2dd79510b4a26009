"""Pages of docs/ that several benchmarks write: one the text in front, and others a section each."""

from __future__ import annotations

from pathlib import Path

from surrogate.house.files import atomic_path


def write_page(page: Path, text: str, first: str) -> None:
    """Write all in front of the section `first`, a heading; it and those after it keep what they say."""
    _, marker, sections = page.read_text(encoding="utf-8").partition(f"\n{first}\n")
    _write(page, f"{text}{marker}{sections}")


def write_section(page: Path, text: str, heading: str) -> None:
    """Write the section whose text begins with its `heading`, and keep the rest; a new one comes last."""
    before, marker, section = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    _, following, after = section.partition("\n## ") if marker else ("", "", "")
    _write(page, f"{before.rstrip()}\n\n{text}{following}{after}")


def _write(page: Path, text: str) -> None:
    with atomic_path(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
