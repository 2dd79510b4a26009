"""Shows MkDocs' reader of source code the docstrings of the house as Markdown."""

from typing import Any

import griffe  # pyright: ignore[reportMissingImports]

from website.docstrings import ROLE, as_markdown

LINK = r'<autoref identifier="\1" optional><code>\1</code></autoref>'
"""Becomes a link if the site has that name."""


class HouseDocstrings(griffe.Extension):
    """Rewrites each docstring as it is read."""

    def on_instance(self, *, obj: Any, **others: Any) -> None:
        """Called once for every module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(ROLE.sub(LINK, obj.docstring.value))
