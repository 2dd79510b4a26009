"""Read the TOML files that users write."""

import tomllib
from pathlib import Path
from typing import Any

from surrogate.errors import BadConfiguration


def read(path: Path) -> dict[str, Any]:
    """What a TOML file says; raises BadConfiguration if it cannot be read or is not TOML."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise BadConfiguration(f"There is no file {path}.") from None
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from None
