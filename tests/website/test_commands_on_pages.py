"""Every command on every page is one that the program takes; commands.md has all of them."""

import re
import shlex

import click
import pytest

from cli.main import dsge_surrogate
from tests.website.running_pages import DOCS, ROOT

PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SHOWN = [
    (path.name, command)
    for path in PAGES
    for command in re.findall(
        r"^(?: {4})?dsge-surrogate ([a-z][^\n]*)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
]


@pytest.mark.parametrize(("page", "shown"), SHOWN)
def test_commands_have_the_arguments_and_options_that_pages_give_them(page: str, shown: str) -> None:
    """Without running them; files that only a reader has are no mistake."""
    name, *arguments = shlex.split(shown.partition("  #")[0])
    command = dsge_surrogate.commands[name]
    try:
        command.make_context(name, arguments)
    except click.BadParameter as error:
        if "does not exist" not in error.message:
            raise


def test_there_are_many() -> None:
    assert len(SHOWN) > 40
    assert {command.split()[0] for _, command in SHOWN} == set(dsge_surrogate.commands)


def test_the_table_of_commands_has_each() -> None:
    listed = re.findall(r"^\| `([a-z-]+)", (DOCS / "commands.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(dsge_surrogate.commands) <= set(listed)
