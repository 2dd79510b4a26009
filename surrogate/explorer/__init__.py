"""An artifact as one page to play with in a browser: `write_explorer`."""

from .page import explorer_page, write_explorer

__all__ = ["explorer_page", "write_explorer"]
