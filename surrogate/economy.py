"""All that belongs to an economy beside its equations: how it is solved, and what else is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .artifact.card import ParameterRange
from .artifact.region import Region
from .errors import UnknownName

Array = NDArray[np.float64]
Witness = Callable[[Mapping[str, Array]], NDArray[np.bool_]]
"""From columns of parameters by name, each [n], to whether there is an equilibrium, [n]."""


class Solution(Protocol):
    """What a classical method returns: the economy's policy at one calibration."""

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Controls by name at states by name, arrays of any common shape, both in natural units.

        Raises
        ------
        BadData : a state outside the grid on which the economy was solved.
        """
        ...


Classical = Callable[[Mapping[str, float]], Solution]
"""From parameters by name, natural units, to the solution there; raises SurrogateError if there is none."""
Theorem = Callable[[Sequence[str]], Region]
"""From the names of an economy's parameters to the region where it has an equilibrium, exactly."""
OwnComparison = Callable[[Any, Mapping[str, float], int, int], Any]
"""From a surrogate, all parameters by name, periods and the seed of the shocks to a comparison with the
classical solution; see `surrogate.comparison.households`.
"""


@dataclass(frozen=True)
class Economy:
    """An entry: a model and what belongs to it. Functions and classes are given themselves or as
    ``"module:name"``, which is imported when it is first asked for.

    A package makes its economies known by entry points of the group ``dsge_surrogate.economies`` that lead
    to such entries; a Python file of one's own may define one beside the model.

    Attributes
    ----------
    name : of the economy, as its model has it.
    model : its class; in a file of one's own, the one that is there.
    settings : of the recipe, where they differ from the defaults of `surrogate.training.Settings`.
    test_nodes : points in each shock for the certificate, more than in training.
    classical : a method that solves it at one calibration, without its surrogate.
    exists : says whether it has an equilibrium, for boxes that claim too much.
    region : where it has one, if a theorem says so.
    full : of an economy that is reduced from another one and fitted to it, that one's name.
    reduction : settings of that fit, where they differ from the defaults of
        `surrogate.training.reduction.ReductionSettings`.
    comparison : holds its surrogate against the classical solution, if its states are too many to be shown
        one by one.
    artifact : folder of its surrogate inside a package, ``"package:folder"``, if it comes with one.
    """

    name: str
    model: str | type = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    test_nodes: int | tuple[int, ...] = 9
    classical: str | Classical | None = None
    exists: str | Witness | None = None
    region: str | Theorem | None = None
    full: str = ""
    reduction: Mapping[str, Any] = field(default_factory=dict)
    comparison: str | OwnComparison | None = None
    artifact: str = ""

    def solve(self, parameters: Mapping[str, float]) -> Solution:
        """Solve it at `parameters` (by name, natural units) by the classical method.

        Raises
        ------
        UnknownName : it has none.
        SurrogateError : no solution is found at `parameters`.
        """
        if self.classical is None:
            raise UnknownName(f"There is no classical solution of {self.name!r} here.")
        return _itself(self.classical)(parameters)

    def witness(self) -> Witness | None:
        """The classical method that says whether there is an equilibrium; None if there is no such method."""
        return None if self.exists is None else _itself(self.exists)

    def proven_region(self, ranges: Sequence[ParameterRange]) -> Region | None:
        """Where there is an equilibrium, exactly, over these parameters; None if no theorem says so."""
        return None if self.region is None else _itself(self.region)([each.name for each in ranges])

    def own_comparison(self) -> OwnComparison | None:
        """How it is compared with the classical solution; None if as any other economy."""
        return None if self.comparison is None else _itself(self.comparison)

    def model_class(self) -> type:
        """The class of its model."""
        return _itself(self.model)

    def artifact_folder(self) -> Path | None:
        """Where its surrogate is, None if its package has none."""
        package, _, folder = self.artifact.partition(":")
        place = Path(str(resources.files(package))) / folder if package else None
        return place if place is not None and (place / "policy.onnx").is_file() else None


def _itself(reference: Any) -> Any:
    return resolve_name(reference) if isinstance(reference, str) else reference
