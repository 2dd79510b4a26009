"""The card: what a surrogate says about itself, one JSON text in the metadata of each of its ONNX files."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_origin
from unicodedata import normalize

from ..errors import BrokenArtifact, NewerFormat
from ..house import __version__, records
from .region import Region

METADATA_KEY = "dsge_surrogate.card"
FORMAT_VERSION = 2
"""1: without digests. Who reads 1 can read 2."""
LAWS = ("box", "ergodic", "constrained")
"""Where accuracy is certified: uniformly over parameters and states, and along simulations."""
LONGEST_NAME = 200
MOST_COLUMNS = 10_000
LARGEST = 1e30
"""In size, of the end of a range: any precision can compute with it."""


@dataclass(frozen=True)
class Variable:
    """A named quantity; with `size` > 1 a vector whose entries are called ``name[0]``, ``name[1]``, …"""

    name: str
    description: str = ""
    unit: str = ""
    size: int = 1

    def __post_init__(self) -> None:
        _require_name(self.name)
        if not 1 <= self.size <= MOST_COLUMNS:
            raise BrokenArtifact(
                f"Variable {self.name!r} has size {self.size}; it must be at least 1, at most {MOST_COLUMNS}."
            )


@dataclass(frozen=True)
class ParameterRange:
    """A structural parameter with the closed interval over which the economy was solved."""

    name: str
    lower: float
    upper: float
    default: float
    description: str = ""
    unit: str = ""

    @property
    def size(self) -> int:
        """Columns it takes: always one."""
        return 1

    @property
    def transform(self) -> str:
        """What straightens its effect: "log" where it stays positive, "log_one_minus" for a persistence or
        a discount factor, whose effect explodes near one, "identity" otherwise.
        """
        if self.lower > 0 and 0.9 < self.upper < 1:
            return "log_one_minus"
        return "log" if self.lower > 0 else "identity"

    def __post_init__(self) -> None:
        _require_name(self.name)
        if not -LARGEST < self.lower <= self.upper < LARGEST:
            raise BrokenArtifact(
                f"Parameter {self.name!r}: [{self.lower}, {self.upper}] is no interval of finite numbers."
            )
        if not self.lower <= self.default <= self.upper:
            raise BrokenArtifact(
                f"Parameter {self.name!r}: default {self.default} is not within [{self.lower}, {self.upper}]."
            )


@dataclass(frozen=True)
class Requirement:
    """What states have to satisfy, beyond being numbers: a weighted sum of groups of states, column by column
    (``of`` "each") or of all columns added up (``of`` "sum"), lies between two ends.
    """

    description: str
    weights: dict[str, float]
    lower: float = 0.0
    upper: float = LARGEST
    of: str = "each"

    def __post_init__(self) -> None:
        numbers = (*self.weights.values(), self.lower, self.upper)
        if not self.weights or not all(_is_number(each) and abs(each) <= LARGEST for each in numbers):
            raise BrokenArtifact(f"The requirement {self.description!r} is not made of numbers.")
        if self.of not in ("each", "sum"):
            raise BrokenArtifact(f"The requirement {self.description!r} is of {self.of!r}, not each or sum.")


@dataclass(frozen=True, kw_only=True)
class Card:
    """Names, units, ranges, provenance and certified accuracy of a surrogate.

    The order of each tuple is the order of the columns in the ONNX tensors. `accuracy` maps ``"box"``,
    ``"ergodic"`` and, where there is a constraint, ``"constrained"`` to equations, each with mean, p50, p90,
    p99 and max of the log10 absolute Euler error, beside the number (``test_points``) and ``law`` of the test
    points and the ``worst`` places; of a reduced economy ``"reduction"`` to observables, with mean, p99 and
    max of their difference from the full economy. `parity` says how far ONNX Runtime is from the training
    framework. `region` is `Region.to_dict`, None for all the box. `digests` maps the files' stems to
    `ModelFile.graph_digest`; a card that is not in a file has none.
    """

    format_version: int = FORMAT_VERSION
    oldest_reader: int = 1
    package_version: str = __version__
    model: str
    model_version: int
    description: str
    states: tuple[Variable, ...]
    controls: tuple[Variable, ...]
    shocks: tuple[Variable, ...]
    observables: tuple[Variable, ...]
    parameters: tuple[ParameterRange, ...]
    timing: str
    dtype: str
    training: dict[str, Any]
    accuracy: dict[str, Any]
    parity: dict[str, Any]
    region: dict[str, Any] | None = None
    feasible: tuple[Requirement, ...] = ()
    digests: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_name(self.model)
        if "/" in self.model or "\\" in self.model:
            raise BrokenArtifact(f"The economy's name {self.model!r} is a path.")
        if self.dtype not in ("float32", "float64"):
            raise BrokenArtifact(f"The card's dtype is {self.dtype!r}; it must be float32 or float64.")
        for law in LAWS:
            _require_statistics(law, self.accuracy.get(law, {}))
        _require_statistics("steady state", {"rest": self.accuracy.get("rest", {})})
        _require_statistics("reduction", self.accuracy.get("reduction", {}))
        _require_places(self.accuracy.get("worst", []))
        for share in ("share_of_box", "run_away"):
            if not _is_number(self.accuracy.get(share, 1.0)):
                raise BrokenArtifact(f"The card's {share} is not a number.")
        for group in (self.states, self.controls, self.shocks, self.observables, self.parameters):
            _require_distinct(item.name for item in group)
            if sum(item.size for item in group) > MOST_COLUMNS:
                raise BrokenArtifact(f"The card has more than {MOST_COLUMNS} columns of one kind.")
        errors = [f"measurement_sd_{name}" for name in expanded_names(self.observables)]
        _require_distinct(
            [*(parameter.name for parameter in self.parameters), *errors]
        )  # as priors name them
        _require_groups(self.feasible, self.states)
        if self.region is not None and len(Region.from_dict(self.region).center) != len(self.parameters):
            raise BrokenArtifact("The card's region and its parameters have different lengths.")

    def to_json(self) -> str:
        """The text that goes under `METADATA_KEY`; raises ValueError if a number in it is not finite."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """Read a card, ignoring fields added by later versions that this one may skip.

        Raises
        ------
        BrokenArtifact : not JSON, a field is missing or has the wrong type or an impossible value, names
            repeat.
        NewerFormat : the card says that only a later version can read the artifact.
        """
        try:
            values = records.read_json(text)
        except ValueError as error:
            raise BrokenArtifact(f"The card is not valid JSON ({error}).") from None
        if not isinstance(values, dict):
            raise BrokenArtifact("The card is not a JSON object.")
        _require_readable(values)
        values.setdefault("digests", {})
        values.setdefault("feasible", [])
        return cls(**{each.name: _field(values, each.name, each.type) for each in fields(cls)})


def expanded_names(variables: Iterable[Variable]) -> tuple[str, ...]:
    """Column names, with vector groups written out: ``("capital", "assets[0]", "assets[1]")``."""
    return tuple(
        variable.name if variable.size == 1 else f"{variable.name}[{i}]"
        for variable in variables
        for i in range(variable.size)
    )


def _require_readable(values: Mapping[str, Any]) -> None:
    oldest = _typed(values, "oldest_reader", int)
    if oldest > FORMAT_VERSION:
        raise NewerFormat(
            f"The artifact needs format {oldest}; this dsge-surrogate reads up to {FORMAT_VERSION}. "
            'Upgrade with `pip install --upgrade "dsge-surrogate"`.'
        )


def _require_statistics(law: str, equations: Any) -> None:
    """Whoever shows them may rely on numbers by equation and statistic, though not on which there are."""
    try:
        numbers = [value for statistics in equations.values() for value in statistics.values()]
    except AttributeError:
        numbers = [None]
    if not all(_is_number(number) for number in numbers):
        raise BrokenArtifact(f"The card's accuracy over the {law} is not made of numbers by equation.")


def _require_places(places: Any) -> None:
    """The same for the places of the largest errors."""
    try:
        numbers = [
            number for place in places for number in (place["log10_error"], *place["parameters"].values())
        ]
    except (AttributeError, KeyError, TypeError):
        numbers = [None]
    if not isinstance(places, list) or not all(_is_number(number) for number in numbers):
        raise BrokenArtifact("The card's worst places are not made of an error and parameters.")


def _require_groups(feasible: Iterable[Requirement], states: Iterable[Variable]) -> None:
    sizes = {state.name: state.size for state in states}
    for each in feasible:
        if None in (found := {sizes.get(name) for name in each.weights}) or len(found) > 1:
            raise BrokenArtifact(
                f"The requirement {each.description!r} is not about states of one size: "
                f"{', '.join(map(repr, each.weights))}."
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require_name(name: str) -> None:
    """Names become columns, labels and keys; brackets number the entries of a vector."""
    plain = name.isprintable() and name == name.strip() and not set(name) & set("[]")
    if not plain or not 0 < len(name) <= LONGEST_NAME:
        raise BrokenArtifact(f"The card has an impossible name: {name[:40]!a}.")


def _require_distinct(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if (same := normalize("NFKC", name)) in seen:
            raise BrokenArtifact(f"The card names {name!r} twice.")
        seen.add(same)


_KINDS: dict[Any, Any] = {
    int: int,
    str: str,
    dict[str, Any]: dict,
    dict[str, Any] | None: (dict, type(None)),
    tuple[Variable, ...]: Variable,
    tuple[ParameterRange, ...]: ParameterRange,
    tuple[Requirement, ...]: Requirement,
}


def _field(values: Mapping[str, Any], name: str, annotation: Any) -> Any:
    kind = _KINDS[annotation]
    if kind in (Variable, ParameterRange, Requirement):
        return tuple(_record(kind, name, record) for record in _typed(values, name, list))
    return _typed(values, name, kind)


def _typed(values: Mapping[str, Any], name: str, kind: Any) -> Any:
    if name not in values:
        raise BrokenArtifact(f"The card has no field {name!r}.")
    value = values[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BrokenArtifact(f"The card's field {name!r} has the wrong type: {type(value).__name__}.")
    return value


def _record(kind: Any, name: str, record: Any) -> Any:
    if not isinstance(record, dict):
        raise BrokenArtifact(f"An entry of the card's {name!r} is not an object.")
    accepted = {each.name: each.type for each in fields(kind)}
    given = {key: value for key, value in record.items() if key in accepted}
    for key, value in given.items():
        allowed = (int, float) if accepted[key] is float else get_origin(accepted[key]) or accepted[key]
        _typed({f"{name}.{key}": value}, f"{name}.{key}", allowed)
    try:
        return kind(**given)
    except TypeError as error:
        raise BrokenArtifact(f"An entry of the card's {name!r} misses a field ({error}).") from error
