"""An estimation as one HTML page that opens offline."""

from .document import write_report

__all__ = ["write_report"]
