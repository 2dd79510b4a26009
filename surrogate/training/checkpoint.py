"""A training run on disk: everything that it needs to continue to the same answer."""

from __future__ import annotations

import ast
import hashlib
import inspect
import io
from dataclasses import asdict, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from ..errors import BadConfiguration, BrokenArtifact, Changed, NotSolved, SurrogateError
from ..house.files import atomic_path
from ..models.interface import Aid, Model
from ..models.registry import from_file, get_installed, installed_name
from .settings import Settings

FORMAT = 1
SEAL, ARCHIVE = b"dsge-surrogate checkpoint ", b"PK"
"""How a file begins, and one of torch's own."""


def fingerprint(model: Model) -> str:
    """Hash of the code that an economy is written in, and of the economies that it extends: not of comments,
    docstrings or layout.
    """
    code = [_code(inspect.getsource(module)) for module in _modules(model)]
    return hashlib.sha256("\n".join([f"{model.name} {model.version}", *code]).encode()).hexdigest()


def file_fingerprint(file: Path) -> str:
    """Hash of the code in the Python file of an economy, which is not run.

    Raises:
        SurrogateError: if there is no such file or it is not Python.
    """
    try:
        return hashlib.sha256(_code(file.read_bytes()).encode()).hexdigest()
    except (OSError, SyntaxError, ValueError) as error:
        raise SurrogateError(f"{file} cannot be read as a Python file: {error}") from error


def _modules(model: Model) -> list[ModuleType]:
    """Where the economy's class and those of its ancestors below `Model` and `Aid` are written; what
    it is made of belongs to it.
    """
    ancestors = [each for each in type(model).__mro__ if issubclass(each, Aid) and each not in (Model, Aid)]
    modules = [inspect.getmodule(each) for each in ancestors]
    for part in model.made_of():
        modules += _modules(part)
    return list(dict.fromkeys(module for module in modules if module is not None))


def _code(text: str | bytes) -> str:
    """What a text of Python says, without comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # pyright: ignore[reportAttributeAccessIssue]
                line
                for line in body
                if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            ]
    return ast.dump(tree)


def save(path: Path, model: Model, settings: Settings, state: dict[str, Any]) -> None:
    """Write a checkpoint, whole or not at all; `state` holds tensors, numbers and strings."""
    file = source_file(model)
    header = {
        "format": FORMAT,
        "model": model.name,
        "source": "" if file is None else file.name,
        "text": "" if file is None else file_fingerprint(file),
        "fingerprint": fingerprint(model),
        "sizes": _sizes(model),
    }
    content = io.BytesIO()  # torch.save itself hides that a disk is full
    torch.save({**header, "settings": asdict(settings), "state": state}, content)
    with atomic_path(path) as temporary:
        temporary.write_bytes(_sealed(content.getvalue()))


def read(path: Path) -> dict[str, Any]:
    """Read a checkpoint without unpickling anything but tensors and plain values.

    Raises:
        BrokenArtifact: if it is missing, damaged, or not a checkpoint.
    """
    if not path.is_file():
        raise BrokenArtifact(
            f"there is no checkpoint {path}; make one with: dsge-surrogate train MODEL --output {path}"
        )
    try:
        content = torch.load(io.BytesIO(_unsealed(path.read_bytes())), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise BrokenArtifact(f"{path} is damaged or not a checkpoint of this package; train again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or not _is_complete(content):
        raise BrokenArtifact(
            f"{path} is not a checkpoint that this version of dsge-surrogate can read; train again"
        )
    return content


def _sealed(saved: bytes) -> bytes:
    """What torch saved after a line with its hash: torch itself reads wrong bytes without a word."""
    return SEAL + hashlib.sha256(saved).hexdigest().encode() + b"\n" + saved


def _unsealed(content: bytes) -> bytes:
    """What torch saved, if it is as it was; earlier versions wrote that and nothing else."""
    if content.startswith(ARCHIVE):
        return content
    saved = content.partition(b"\n")[2]
    if _sealed(saved) != content:
        raise ValueError("wrong hash")
    return saved


def _is_complete(content: dict[str, Any]) -> bool:
    """Whether everything is there and of its type, and no setting that another version of the package may
    have had.
    """
    types = {"model": str, "source": str, "fingerprint": str, "settings": dict, "state": dict}
    if not all(isinstance(content.get(name), kind) for name, kind in types.items()):
        return False
    if not isinstance(content.get("sizes", {}), dict):
        return False
    defaults = {each.name: each.default for each in fields(Settings)}
    return isinstance(content["state"].get("policy"), dict) and all(
        name in defaults and _is_like(value, defaults[name]) for name, value in content["settings"].items()
    )


def _is_like(value: Any, default: Any) -> bool:
    """Whether a setting is text where its default is, and else a number or a tuple of numbers."""
    if isinstance(default, str):
        return isinstance(value, str)
    numbers = value if isinstance(value, tuple) else (value,)
    return all(isinstance(number, int | float) for number in numbers)


def require_same(content: dict[str, Any], model: Model, settings: Settings, path: Path) -> None:
    """Refuse to continue a run of another economy or with other settings.

    Raises:
        Changed: naming what is different.
    """
    if content["fingerprint"] != fingerprint(model):
        raise Changed(
            f"the economy {model.name!r} has changed since {path} was written; train it into another file"
        )
    sizes = _sizes(model)
    if other := {name: n for name, n in content.get("sizes", sizes).items() if sizes.get(name) != n}:
        trained = ", ".join(f"{name} has {n} columns, not {sizes.get(name)}" for name, n in other.items())
        raise Changed(f"{path} is of another {model.name!r}: {trained}; take that one or train again")
    before, now = asdict(settings_of(content)), asdict(settings)
    changed = [name for name in now if before[name] != now[name]]
    if changed:
        changes = ", ".join(f"{name} was {before[name]!r}, is {now[name]!r}" for name in changed)
        raise Changed(
            f"{path} was trained with other settings ({changes}); use those or train without --resume"
        )


def _sizes(model: Model) -> dict[str, int]:
    """Columns of the states: of how many generations or countries an economy is."""
    return {state.name: state.size for state in model.states}


def require_solved(content: dict[str, Any], path: Path) -> None:
    """Refuse a checkpoint whose network is no solution.

    Raises:
        NotSolved: with what the run found and what to try.
    """
    if content["state"].get("failure"):
        raise NotSolved(f"{path} holds no solution: {content['state']['failure']}")


def settings_of(content: dict[str, Any]) -> Settings:
    """The settings of a checkpoint; those that it is too old to have are at their defaults."""
    return Settings(**content["settings"])


def economy_of(content: dict[str, Any], named: str | None, path: Path) -> Model:
    """The economy of a checkpoint: `named` by the user (by its name or its Python file), or a shipped one.

    Nothing that the checkpoint says is imported, and the file that the user names only if its code is that
    which was trained.

    Raises:
        BadConfiguration: if the checkpoint is of an economy of the user's own and no file is named.
        Changed: if the file is not the one that was trained.
        UnknownName: if no economy ships under the name in the checkpoint.
    """
    if named is None:
        if content["source"]:
            raise BadConfiguration(
                f"{path} is of an economy in a Python file of your own: name the file with --model FILE.py"
            )
        return get_installed(str(content["model"]))
    if not named.endswith(".py"):
        return get_installed(named)
    trained, file = content.get("text"), Path(named)
    if trained is not None and trained != file_fingerprint(file):
        raise Changed(
            f"{file} is not the economy that {path} was trained on, or has changed since; nothing in it was "
            "run. Name the right file with --model, or train again."
        )
    return from_file(file)


def source_file(model: Model) -> Path | None:
    """The Python file of a user's own economy; None for one that ships."""
    installed = installed_name(model) is not None
    return None if installed else Path(inspect.getfile(model.written))
