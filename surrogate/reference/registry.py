"""Classical answers by the name of the economy, each solved at one calibration at a time."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.card import ParameterRange
from surrogate.errors import UnknownName
from surrogate.region import Region

Array = NDArray[np.float64]

_SOLVERS: dict[str, str] = {
    "an_schorfheide": "surrogate.reference.an_schorfheide_projection:solve_an_schorfheide",
    "an_schorfheide_zlb": "surrogate.reference.an_schorfheide_projection:solve_an_schorfheide_zlb",
    "brock_mirman": "surrogate.reference.brock_mirman:solve_brock_mirman",
    "nk_linear": "surrogate.reference.nk_linear:solve_nk_linear",
    "olg_analytic": "surrogate.reference.olg_analytic:solve_olg_analytic",
    "ramsey": "surrogate.reference.ramsey:solve_ramsey",
    "rbc": "surrogate.reference.time_iteration:solve_rbc",
    "nk_zlb": "surrogate.reference.nk_zlb:solve_nk_zlb",
    "consumption_saving": "surrogate.reference.consumption_saving:solve_consumption_saving",
}
"""Economy -> module and function, imported when it is first asked for."""

_WITNESSES: dict[str, str] = {
    "nk_zlb": "surrogate.reference.nk_zlb:equilibrium_exists",
}
"""Economy -> module and function that says whether it has an equilibrium; for boxes that claim too much."""

_REGIONS: dict[str, str] = {
    "consumption_saving": "surrogate.reference.consumption_saving:stationary_region",
}
"""Economy -> module and function that gives the region with an equilibrium, from the names of its parameters;
where a theorem says so.
"""

Witness = Callable[[Mapping[str, Array]], NDArray[np.bool_]]
"""From columns of parameters by name, each [n], to whether there is an equilibrium, [n]."""


class Solution(Protocol):
    """What a solver returns: the economy's policy at one calibration."""

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Controls by name at states by name, arrays of any common shape, both in natural units.

        Raises
        ------
        BadData : a state outside the grid on which the economy was solved.
        """
        ...


def names() -> list[str]:
    """Economies with a classical answer, sorted."""
    return sorted(_SOLVERS)


def solve(name: str, parameters: Mapping[str, float]) -> Solution:
    """Solve the economy called `name` at `parameters` (by name, natural units), without its surrogate.

    Raises
    ------
    UnknownName : the economy has no classical answer here; the message names those that have one.
    SurrogateError : no solution is found at `parameters`.
    """
    if name not in _SOLVERS:
        raise UnknownName(
            f"There is no classical solution of {name!r} here; there is one of: {', '.join(names())}."
        )
    return _function(_SOLVERS[name])(parameters)


def witness(name: str) -> Witness | None:
    """The classical method that says whether the economy called `name` has an equilibrium at given
    parameters; None if there is no such method.
    """
    return _function(_WITNESSES[name]) if name in _WITNESSES else None


def proven_region(name: str, ranges: Sequence[ParameterRange]) -> Region | None:
    """Where the economy called `name` has an equilibrium, exactly, as a region over its parameters; None if
    no theorem says so.
    """
    return _function(_REGIONS[name])([each.name for each in ranges]) if name in _REGIONS else None


def _function(path: str) -> Callable:
    module, _, function = path.partition(":")
    return getattr(import_module(module), function)
