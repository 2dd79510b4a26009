"""Find an economy by its name, or in a Python file of the user's own."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from .. import economies
from ..economy import Economy
from ..errors import SurrogateError, UnknownName
from .interface import Model
from .population import Population

DECLARED = ("name", "parameters", "states", "controls", "shocks", "observables", "equations")
"""What an economy has to say of itself beside its methods."""


_IN_FILES: dict[type[Model], Economy] = {}
"""Entries that files of the user's own define, by the class of the model there."""


def names() -> list[str]:
    """Names of the economies that ship and of those that installed packages add, without those that are
    reduced from others, which are not trained.
    """
    return [name for name, economy in economies.known().items() if economy.model and not economy.full]


def entry_of(model: Model) -> Economy | None:
    """What is known of this very economy; None for anyone's own without an entry, whatever its name."""
    written = model.written
    if written in _IN_FILES:
        return _IN_FILES[written]
    economy = economies.known().get(written.name)
    place = f"{written.__module__}:{written.__qualname__}"
    return economy if economy is not None and economy.model in (place, written) else None


def installed_name(model: Model) -> str | None:
    """The name under which this very economy is found without a file; None for one in a file of the user's
    own, whatever its name.
    """
    economy = entry_of(model)
    return None if economy is None or model.written in _IN_FILES else economy.name


def get(name: str) -> Model:
    """The economy called `name`, or the one that the Python file `name` (ending in .py) defines.

    Raises:
        UnknownName: if no economy has that name.
        SurrogateError: if the file does not define exactly one economy.
    """
    return from_file(Path(name)) if name.endswith(".py") else get_installed(name)


def get_installed(name: str) -> Model:
    """The economy that ships or is installed under `name`.

    Raises:
        UnknownName: if there is none.
    """
    try:
        return economies.find(name).model_class()()
    except UnknownName as error:
        raise UnknownName(f"{error} Or pass a .py file.") from None


def from_file(path: Path) -> Model:
    """The economy that a Python file defines; this runs the file.

    Raises:
        SurrogateError: if the file cannot be run or does not define exactly one economy.
    """
    if not path.is_file():
        raise SurrogateError(f"there is no file {path}")
    module = _import(path)
    classes = [each for each in vars(module).values() if inspect.isclass(each) and issubclass(each, Model)]
    populations = [each for each in classes if issubclass(each, Population) and hasattr(each, "household")]
    households = {type(each.household) for each in populations}
    written = [each for each in classes if each.__module__ == module.__name__ and each not in households]
    complete = [each for each in written if not inspect.isabstract(each)]
    if len(written) == 1 and not complete:
        lacking = ", ".join(sorted(written[0].__abstractmethods__))
        raise SurrogateError(f"{written[0].__name__} in {path} does not define {lacking}")
    if len(complete) != 1:
        raise SurrogateError(
            f"{path} defines {len(complete)} complete subclasses of Model; it must define exactly one"
        )
    model = complete[0]
    if missing := [name for name in DECLARED if not hasattr(model, name)]:
        raise SurrogateError(
            f"{model.__name__} in {path} declares no {', '.join(missing)}: see docs/model-authors-guide.md"
        )
    _note_entry(module, model)
    return model()


def _note_entry(module: ModuleType, model: type[Model]) -> None:
    """Remember the entry that a file defines beside its model."""
    entries = [each for each in vars(module).values() if isinstance(each, Economy)]
    if len(entries) > 1 or any(entry.name != model.name for entry in entries):
        raise SurrogateError(
            f"{module.__file__} may define one Economy, with the name of its model, {model.name!r}"
        )
    if entries:
        _IN_FILES[model] = entries[0]


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
