"""An estimation as one HTML page that opens offline."""

from estimation.report.document import write_report

__all__ = ["write_report"]
