"""Pages of docs/ that two benchmarks write: one its text, the other a last section."""

from __future__ import annotations

from pathlib import Path

from surrogate.house.files import atomic_path


def write_page(page: Path, text: str, last: str) -> None:
    """Write all but the last section, which keeps what it says; `last` is its heading."""
    _, marker, section = page.read_text(encoding="utf-8").partition(f"\n{last}")
    _write(page, f"{text}{marker}{section}")


def write_section(page: Path, text: str, last: str) -> None:
    """Write the last section, whose text begins with the heading `last`, and keep the rest."""
    before, _, _ = page.read_text(encoding="utf-8").partition(f"\n{last}")
    _write(page, f"{before.rstrip()}\n\n{text}")


def _write(page: Path, text: str) -> None:
    with atomic_path(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
