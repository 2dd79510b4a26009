"""Imports go down only, those inside functions and those for type checkers included."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("cli", "estimation", "surrogate")
LAYERS = (
    ("cli",),
    ("report", "calibration"),
    ("analysis",),
    ("learnt",),
    ("likelihoods",),
    ("moments",),
    ("sampling",),
    ("filters",),
    ("work", "finding", "priors"),
    ("surrogate",),
)


def room_of(module: str) -> str:
    """``estimation.likelihoods.kalman`` -> ``likelihoods``; ``surrogate.errors`` -> ``surrogate``; names that
    ``estimation`` hands on -> ``__init__``.
    """
    top, *rest = module.split(".")
    if top != "estimation":
        return top
    place = ROOT / top / "".join(rest[:1])
    return rest[0] if rest and (place.is_dir() or place.with_suffix(".py").exists()) else "__init__"


def imports(file: Path) -> Iterator[str]:
    """Modules, or names in modules, that a file imports anywhere."""
    package = file.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def arrows() -> dict[str, set[str]]:
    """Room -> other rooms that its files import from."""
    found: dict[str, set[str]] = {}
    for top in PACKAGES:
        for file in (ROOT / top).rglob("*.py"):
            room = room_of(".".join(file.relative_to(ROOT).with_suffix("").parts))
            ours = {name for name in imports(file) if name.split(".")[0] in PACKAGES}
            found.setdefault(room, set()).update(set(map(room_of, ours)) - {room})
    return found


def below(room: str) -> set[str]:
    """All rooms that a room needs, directly or through others."""
    seen: set[str] = set()
    ahead = [room]
    while ahead:
        new = arrows().get(ahead.pop(), set()) - seen
        seen |= new
        ahead += new
    return seen


def test_rooms_need_one_another_in_no_circle():
    assert {room for room in arrows() if room in below(room)} == set()


def test_no_layer_needs_one_above_it():
    for number, layer in enumerate(LAYERS):
        above = {room for higher in LAYERS[:number] for room in higher}
        assert {room: below(room) & above for room in layer} == {room: set() for room in layer}


def test_layers_are_rooms():
    """Else a room that moved would be checked no longer."""
    assert {room for layer in LAYERS for room in layer} <= set(arrows())
