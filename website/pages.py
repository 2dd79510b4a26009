"""The pages of the site by name, and what becomes of links between files of the repository.

Pages of docs/ link to each other, to source files and to pages at the root, as GitHub shows them. On the site
a source file is a page with its text, so that the site needs no network.
"""

import os
import re
from pathlib import Path, PurePosixPath

from .explorers import explorers, gallery
from .reference import reference

ROOT = Path(__file__).parents[1]
AT_THE_ROOT = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
LANGUAGES = {".py": "python", ".toml": "toml"}
CODE = re.compile(r"(^```.*?^```|^(?: {4}[^\n]*\n)+|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
TARGET = re.compile(r"\]\(([^)\s]+)\)")


def gather() -> dict[str, str]:
    """All pages: name, relative to the folder of the site's pages -> Markdown, or HTML of an explorer."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
    places = {name: f"docs/{name}" for name in pages}
    for file, name in AT_THE_ROOT.items():
        pages[name], places[name] = (ROOT / file).read_text(encoding="utf-8"), file
    listings: dict[str, str] = {}
    for name, place in places.items():
        for target in links(pages[name]):
            file = repository_file(place, target)
            if page_of(file).startswith("source/"):
                listings[page_of(file)] = listing(file)
        pages[name] = relinked(pages[name], place, name)
    pages["explorers.md"] = gallery()
    pages |= {f"explorers/{name}.html": text for name, text in explorers().items()}
    return {**pages, **listings, **reference()}


def links(text: str) -> list[str]:
    """Targets of a page's links to other files, without anchors; code has no links."""
    prose = CODE.split(text)[::2]
    targets = [target.partition("#")[0] for part in prose for target in TARGET.findall(part)]
    return [target for target in targets if target and "://" not in target]


def repository_file(place: str, target: str) -> str:
    """The file, relative to the repository's root, that a link on the page at ``place`` leads to."""
    return os.path.normpath(PurePosixPath(place).parent / target)


def page_of(file: str) -> str:
    """The name that a file of the repository has among the site's pages."""
    if file in AT_THE_ROOT:
        return AT_THE_ROOT[file]
    inside = PurePosixPath(file)
    if inside.parts[0] == "docs":
        return str(inside.relative_to("docs"))
    return f"source/{inside}.md"


def listing(file: str) -> str:
    """A page with the text of a source file, which the site's search leaves out."""
    path = ROOT / file
    text = path.read_text(encoding="utf-8")
    language = LANGUAGES.get(path.suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n\n# {file}\n\n````{language}\n{text}````\n"


def relinked(text: str, place: str, name: str) -> str:
    """A page with links to files of the repository turned into links between pages of the site."""

    def turned(match: re.Match[str]) -> str:
        target, hash_sign, anchor = match[1].partition("#")
        if not target or "://" in target:
            return match[0]
        page = page_of(repository_file(place, target))
        return f"]({os.path.relpath(page, PurePosixPath(name).parent)}{hash_sign}{anchor})"

    parts = CODE.split(text)
    parts[::2] = [TARGET.sub(turned, part) for part in parts[::2]]
    return "".join(parts)
