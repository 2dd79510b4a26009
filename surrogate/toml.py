"""Read the TOML files that users write."""

import tomllib
from pathlib import Path
from typing import Any

from surrogate.errors import BadConfiguration

LARGEST = 2**24
"""Bytes; what is longer is no file that a user has written."""


def read(path: Path) -> dict[str, Any]:
    """What a TOML file says; raises BadConfiguration if it cannot be read or is not TOML."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise BadConfiguration(f"{path} is too large for a configuration.")
        return tomllib.loads(content.decode("utf-8-sig"))
    except FileNotFoundError:
        raise BadConfiguration(f"There is no file {path}.") from None
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, thousands of digits or of brackets
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from None
