"""An artifact as one page to play with in a browser: `write_explorer`."""

from .page import write_explorer

__all__ = ["write_explorer"]
