"""Docstrings of the house as Markdown: sections with lines ``name : what it is``, and Sphinx's roles."""

import re
from inspect import cleandoc

SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^(\S[^\n]*?) : (.*?)(?=^\S[^\n]*? : |\n\n\S|\Z)", re.DOTALL | re.MULTILINE)
ROLE = re.compile(r":[a-z]+:`([^`]+)`")


def as_markdown(docstring: str) -> str:
    """Sections as headed lists, roles and doubled backticks as code; the rest is Markdown already."""
    text = ROLE.sub(r"`\1`", cleandoc(docstring)).replace("``", "`")
    return SECTION.sub(lambda match: f"**{match[1]}**\n\n{_as_list(match[2])}\n", text).strip()


def entries(docstring: str, section: str) -> dict[str, str]:
    """What a section such as Attributes says: name -> text on one line."""
    text = ROLE.sub(r"`\1`", cleandoc(docstring)).replace("``", "`")
    for title, body in SECTION.findall(text):
        if title == section:
            return {name: " ".join(meaning.split()) for name, meaning in ENTRY.findall(body)}
    return {}


def _as_list(body: str) -> str:
    """The entries of a section as a Markdown list; what comes after them as it is."""

    def item(match: re.Match[str]) -> str:
        names = ", ".join(f"`{name.strip('`')}`" for name in match[1].split(", "))
        return f"- {names}: {' '.join(match[2].split())}\n"

    return ENTRY.sub(item, body)
