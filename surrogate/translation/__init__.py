"""From an artifact to source code in other languages that needs nothing: `export_code`."""

from .write import LANGUAGES, export_code, source_code

__all__ = ["LANGUAGES", "export_code", "source_code"]
