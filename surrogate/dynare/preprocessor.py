"""What Dynare's own preprocessor makes of a file: macros expanded, one lead and one lag, text as JSON.

Dynare (2024), Reference Manual, "The model file". The preprocessor is a program of its own that needs neither
MATLAB nor Octave; nothing of the file is run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ..errors import BadData, MissingPackage

PROGRAM = "dynare-preprocessor"
PLACES = (
    "/usr/lib/dynare/preprocessor",
    "/usr/lib/dynare/matlab/preprocessor64",
    "/usr/local/lib/dynare/preprocessor",
    "/opt/dynare/lib/dynare/preprocessor",
    "/opt/homebrew/opt/dynare/lib/dynare/preprocessor",
    "/Applications/Dynare",
    "C:/dynare",
)
"""Where Debian, Dynare's own installers and Homebrew put it, when it is not on the path."""
SECONDS = 120
MODEL, STEADY_STATE = "modfile.json", "steady_state_model.json"
_UNQUOTED = re.compile(r'("(?:lower_bound|upper_bound)": )([^"\s,}][^,}]*)')
"""Dynare 5 writes some numbers as the user typed them, such as .2 or (-1), which is no JSON."""


class Preprocessed(NamedTuple):
    """What the preprocessor says: the model, and the assignments of its steady state, as JSON has them."""

    name: str
    model: dict[str, Any]
    steady_state: list[dict[str, Any]]


def preprocess(path: Path, defines: Sequence[str] = ()) -> Preprocessed:
    """Read a `.mod` file, with macro variables ``NAME=VALUE`` defined, or a `modfile.json` that the
    preprocessor has left.

    Raises
    ------
    MissingPackage : there is no preprocessor.
    BadData : there is no such file, or the preprocessor does not accept it; the message is its own.
    """
    if not path.is_file():
        raise BadData(f"There is no file {path}.")
    if path.suffix == ".json":
        return _read(path.parent, path.stem if path.name != MODEL else _named_after(path), path.name)
    program = find_preprocessor()
    with TemporaryDirectory() as folder:  # where it leaves its own files
        shutil.copy(path, folder)
        command = [program, path.name, "json=transform", "onlyjson", "nopreprocessoroutput"]
        command += [f"-I{path.parent.resolve()}", *(f"-D{define}" for define in defines)]
        _run(command, Path(folder), path)
        return _read(Path(folder) / path.stem / "model" / "json", path.stem, MODEL)


def find_preprocessor() -> str:
    """The program, on the path or where Dynare usually is; raises MissingPackage."""
    found = shutil.which(PROGRAM) or shutil.which("dynare_m")
    candidates = [Path(place) / name for place in PLACES for name in (PROGRAM, "dynare-preprocessor.exe")]
    versions = (path for place in PLACES[-2:] for path in Path(place).glob(f"*/preprocessor/{PROGRAM}*"))
    found = found or next((str(path) for path in (*candidates, *versions) if path.is_file()), None)
    if found is None:
        raise MissingPackage(
            "Dynare's preprocessor is not here: install Dynare (`apt install dynare`), or pass the "
            "modfile.json that `dynare-preprocessor FILE.mod json=transform onlyjson` leaves elsewhere."
        )
    return found


def _run(command: list[str], folder: Path, path: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BadData(f"Dynare's preprocessor did not end within {SECONDS} seconds on {path}.") from error
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        errors = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines()[-1:]
        raise BadData(f"Dynare's preprocessor does not accept {path}: {' '.join(errors)[:300]}")


def _read(folder: Path, name: str, model: str) -> Preprocessed:
    """The two JSON files in a folder; the second is there only if the file has a steady_state_model."""
    content = _load(folder / model)
    place = folder / STEADY_STATE
    steady_state = _load(place).get("steady_state_model", []) if place.is_file() else []
    lacking = [
        key for key in ("endogenous", "model", "abstract_syntax_tree", "statements") if key not in content
    ]
    if lacking and "model" in content:
        raise BadData(
            f"{folder / model} has no {lacking[0]}: make it with `dynare-preprocessor FILE.mod "
            "json=transform onlyjson`. If the file declares an external function, it cannot be imported."
        )
    if lacking:
        raise BadData(f"{folder / model} is not what Dynare's preprocessor writes: it has no {lacking[0]}.")
    return Preprocessed(name, content, steady_state)


def _load(path: Path) -> dict[str, Any]:
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        content = json.loads(_UNQUOTED.sub(r'\1"\2"', text))
    except (ValueError, RecursionError) as error:
        raise BadData(f"{path.name} of Dynare's preprocessor cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise BadData(f"{path} is not what Dynare's preprocessor writes.")
    return content


def _named_after(path: Path) -> str:
    """The file's name: the preprocessor leaves NAME/model/json/modfile.json."""
    parents = path.resolve().parents
    return parents[2].name if len(parents) > 2 and parents[0].name == "json" else path.parent.name
