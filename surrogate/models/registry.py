"""Find an economy by its name, or in a Python file of the user's own."""

from __future__ import annotations

import difflib
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


def get(name: str) -> Model:
    """The economy called `name`, or the one that the Python file `name` (ending in .py) defines.

    Raises:
        UnknownName: if no economy has that name.
        SurrogateError: if the file does not define exactly one economy.
    """
    if name.endswith(".py"):
        return _from_file(Path(name))
    if name not in _MODELS:
        close = difflib.get_close_matches(name, _MODELS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownName(
            f"no economy is called {name!r}.{hint} There are: {', '.join(_MODELS)}; or pass a .py file."
        )
    return _MODELS[name]()


def _from_file(path: Path) -> Model:
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
    """The module in a file, registered so that its source can be found again."""
    spec = importlib.util.spec_from_file_location(f"economy_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SurrogateError(f"{path} cannot be imported as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's own code raises
        raise SurrogateError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _is_economy(candidate: object) -> bool:
    return inspect.isclass(candidate) and issubclass(candidate, Model)
