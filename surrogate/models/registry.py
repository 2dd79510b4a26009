"""Find an economy by its name, or in a Python file of the user's own."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from surrogate.errors import SurrogateError, UnknownName
from surrogate.models.an_schorfheide import AnSchorfheide, AnSchorfheideZeroLowerBound
from surrogate.models.brock_mirman import BrockMirman
from surrogate.models.consumption_saving import ConsumptionSaving
from surrogate.models.interface import Model
from surrogate.models.nk_linear import LinearNewKeynesian
from surrogate.models.nk_zlb import NewKeynesianZeroLowerBound
from surrogate.models.olg_analytic import AnalyticOverlappingGenerations
from surrogate.models.ramsey import Ramsey
from surrogate.models.rbc import RealBusinessCycle

_SHIPPED: tuple[type[Model], ...] = (
    Ramsey,
    RealBusinessCycle,
    BrockMirman,
    LinearNewKeynesian,
    NewKeynesianZeroLowerBound,
    ConsumptionSaving,
    AnalyticOverlappingGenerations,
    AnSchorfheide,
    AnSchorfheideZeroLowerBound,
)
_MODELS: dict[str, type[Model]] = {model.name: model for model in _SHIPPED}


DECLARED = ("name", "parameters", "states", "controls", "shocks", "observables", "equations")
"""What an economy has to say of itself beside its methods."""


def names() -> list[str]:
    """Names of the economies that ship."""
    return list(_MODELS)


def shipped_name(model: Model) -> str | None:
    """The name under which this very economy ships; None for anyone's own, whatever its name."""
    return model.name if _MODELS.get(model.name) is model.written else None


def get(name: str) -> Model:
    """The economy called `name`, or the one that the Python file `name` (ending in .py) defines.

    Raises:
        UnknownName: if no economy has that name.
        SurrogateError: if the file does not define exactly one economy.
    """
    return from_file(Path(name)) if name.endswith(".py") else get_shipped(name)


def get_shipped(name: str) -> Model:
    """The economy that ships under `name`; nothing is imported.

    Raises:
        UnknownName: if none does.
    """
    if name not in _MODELS:
        close = difflib.get_close_matches(name, _MODELS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownName(
            f"no economy is called {name!r}.{hint} There are: {', '.join(_MODELS)}; or pass a .py file."
        )
    return _MODELS[name]()


def from_file(path: Path) -> Model:
    """The economy that a Python file defines; this runs the file.

    Raises:
        SurrogateError: if the file cannot be run or does not define exactly one economy.
    """
    if not path.is_file():
        raise SurrogateError(f"there is no file {path}")
    module = _import(path)
    written = [m for m in vars(module).values() if _is_economy(m) and m.__module__ == module.__name__]
    found = [m for m in written if not inspect.isabstract(m)]
    if len(written) == 1 and not found:
        lacking = ", ".join(sorted(written[0].__abstractmethods__))
        raise SurrogateError(f"{written[0].__name__} in {path} does not define {lacking}")
    if len(found) != 1:
        raise SurrogateError(
            f"{path} defines {len(found)} complete subclasses of Model; it must define exactly one"
        )
    if missing := [name for name in DECLARED if not hasattr(found[0], name)]:
        raise SurrogateError(
            f"{found[0].__name__} in {path} declares no {', '.join(missing)}: see docs/model-authors-guide.md"
        )
    return found[0]()


def _import(path: Path) -> ModuleType:
    """The module in a file, from its text and not from bytecode beside it.

    It is registered under its place, so that its source can be found again and files of one name stay apart.
    """
    path = path.resolve()
    name = f"economy_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise SurrogateError(f"{path} cannot be imported as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        exec(compile(path.read_bytes(), path, "exec"), vars(module))
    except Exception as error:  # whatever the user's own code raises
        raise SurrogateError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _is_economy(candidate: object) -> bool:
    return inspect.isclass(candidate) and issubclass(candidate, Model)
