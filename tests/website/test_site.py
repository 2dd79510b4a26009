"""The site has every page, and its links lead somewhere, without building it."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from cli.main import dsge_surrogate
from surrogate.catalogue import available
from tests.website.running_pages import DOCS, ROOT
from website.__main__ import main
from website.docstrings import as_markdown, entries
from website.pages import AT_THE_ROOT, gather, links, page_of, relinked, repository_file
from website.reference import API, public_names, reference

CONFIGURATION = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
PAGES = gather()
DOCUMENTS = {path.name: f"docs/{path.name}" for path in DOCS.glob("*.md")} | {
    name: file for file, name in AT_THE_ROOT.items()
}


def in_navigation() -> list[str]:
    """Pages of the navigation, in order."""

    def below(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        inner = entry.values() if isinstance(entry, dict) else entry
        return [page for each in inner for page in below(each)]  # type: ignore[union-attr]

    return below(CONFIGURATION["nav"])


def test_the_navigation_has_every_page_once_and_no_other() -> None:
    """A new page of docs/ belongs into `nav` of mkdocs.yml."""
    pages = [name for name in PAGES if name.endswith(".md") and not name.startswith("source/")]
    assert sorted(in_navigation()) == sorted(pages)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_the_repository_lead_somewhere(name: str) -> None:
    """As GitHub follows them, pictures too."""
    text = (ROOT / DOCUMENTS[name]).read_text(encoding="utf-8")
    files = [repository_file(DOCUMENTS[name], target) for target in links(text)]
    assert [file for file in files if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("name", [*DOCUMENTS, *reference()])
def test_links_of_the_site_lead_somewhere(name: str) -> None:
    """To pages, pictures and headings."""
    for target, anchor in re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)", PAGES[name]):
        page = repository_file(name, target) if target else name
        if "://" in target or page.endswith((".png", ".svg")):
            assert "://" in target or (DOCS / page).is_file(), target
            continue
        assert page in PAGES, f"{target} on {name}"
        assert not anchor or anchor in anchors(PAGES[page]), f"#{anchor} of {page} on {name}"


def anchors(text: str) -> set[str]:
    """Names of a page's headings as GitHub and MkDocs both make them."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"\s+", "-", heading) for heading in plain}


def test_source_files_become_pages() -> None:
    text = "[the model](../surrogate/models/rbc.py), [a page](filters.md#x), `[no](link.md)`\n"
    expected = "[the model](source/surrogate/models/rbc.py.md), [a page](filters.md#x), `[no](link.md)`\n"
    assert relinked(text, "docs/index.md", "index.md") == expected
    assert "class RealBusinessCycle" in PAGES["source/surrogate/models/rbc.py.md"]
    assert page_of("docs/filters.md") == "filters.md"


def test_the_reference_has_all_commands_and_economies() -> None:
    pages = reference()
    headings = re.findall(r"^## ([\w-]+)$", pages["reference/commands.md"], re.MULTILINE)
    assert headings == list(dsge_surrogate.commands)
    for name in available():
        assert f"## {name}\n" in pages["reference/economies.md"]
    assert "| `--resume` |" in pages["reference/commands.md"]
    assert "| `target_ess` | none | stop when" in pages["reference/configuration.md"]


def test_the_reference_has_every_public_name_once() -> None:
    shown = [name for page in reference() for name in re.findall(r"^::: (\S+)$", PAGES[page], re.MULTILINE)]
    last = [name.rpartition(".")[2] for name in shown]
    assert len(last) == len(set(last))
    for _, modules in API.values():
        for module in modules:
            assert set(public_names(module)) <= set(last)
    assert "surrogate.load" in shown
    assert "estimation.Estimation" in shown


def test_docstrings_become_markdown() -> None:
    docstring = """Of :class:`a.B` and ``code``.

    Parameters
    ----------
    data : observations [T, n_y];
        see below.
    one, two : numbers.

    Raises
    ------
    BadData : if they are none.
    """
    assert as_markdown(docstring) == (
        "Of `a.B` and `code`.\n\n**Parameters**\n\n- `data`: observations [T, n_y]; see below.\n"
        "- `one`, `two`: numbers.\n\n**Raises**\n\n- `BadData`: if they are none."
    )
    assert entries(docstring, "Raises") == {"BadData": "if they are none."}


def test_gathering_leaves_all_that_the_builder_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, pictures, and what mkdocs.yml names; what was there before is gone."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "old.md").touch()
    monkeypatch.setattr(sys, "argv", ["website", str(folder)])
    main()
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {*PAGES, "pipeline.svg", "us-estimations/us_1984_2019_zlb-bound.png"} <= left
    assert {*CONFIGURATION["extra_css"], *CONFIGURATION["extra"]["polyfills"]} <= left
    assert "old.md" not in left
