"""The classical policy where the network's would stand, and the states at which both are looked at."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from surrogate import catalogue, economies
from surrogate.card import Card, Variable, expanded_names
from surrogate.errors import UnknownName
from surrogate.runtime import Surrogate

Array = NDArray[np.float64]

SLICE_POINTS = 81


class ReferencePolicy:
    """The classical solution at one calibration as a function of plain arrays.

    Raises
    ------
    UnknownName : the economy has no classical solution, or one with other names.
    SurrogateError : none was found at these parameters.
    """

    def __init__(self, surrogate: Surrogate, parameters: Mapping[str, float]) -> None:
        self.card = surrogate.card
        _require_shipped(self.card)
        try:
            self.solution = economies.solve(self.card.model, parameters)
        except KeyError as error:
            raise _other_names(self.card.model, error) from error

    def __call__(self, states: Array) -> dict[str, Array]:
        """Controls by column name, each [n], at `states` [n, n_states].

        Raises
        ------
        BadData : a state outside the grid of the solution.
        """
        try:
            found = self.solution.controls(by_name(states, self.card.states))
        except KeyError as error:
            raise _other_names(self.card.model, error) from error
        given = [control for control in self.card.controls if control.name in found]
        columns = [np.asarray(found[control.name]).reshape(len(states), control.size) for control in given]
        return dict(zip(expanded_names(given), np.concatenate(columns, axis=1).T, strict=True))


def _require_shipped(card: Card) -> None:
    """Refuse an economy that has no more than the name of one with a classical solution."""
    if not card.training.get("shipped", True):
        raise UnknownName(
            f"{card.model!r} is an economy of your own, which has the name of one that ships but not its "
            "classical solution."
        )
    if card.model not in catalogue.available():
        return
    known = Surrogate(catalogue.find(card.model)).card
    groups = ("parameters", "states", "shocks")
    different = [group for group in groups if _names(card, group) != _names(known, group)]
    if different or card.model_version != known.model_version:
        raise UnknownName(
            f"This artifact is called {card.model!r}, but is not the economy that ships under it: other "
            f"{' and '.join(different) or 'version'}. There is no classical solution of it here."
        )


def _names(card: Card, group: str) -> tuple[str, ...]:
    return expanded_names(getattr(card, group))


def by_name(values: Array, variables: Sequence[Variable]) -> dict[str, Array]:
    """Columns of `values` [n, k] by variable: [n], or [n, size] for a vector group."""
    blocks = np.split(values, np.cumsum([variable.size for variable in variables])[:-1], axis=1)
    return {v.name: block[:, 0] if v.size == 1 else block for v, block in zip(variables, blocks, strict=True)}


def slices(visited: Array, rest: Array, names: Sequence[str]) -> dict[str, Array]:
    """States [81, n_states] along each state that moves, over the range `visited` [T, n_states] of a
    simulation, the others at `rest` [n_states].
    """
    lower, upper = visited.min(axis=0), visited.max(axis=0)
    return {
        name: _along(rest, column, np.linspace(lower[column], upper[column], SLICE_POINTS))
        for column, name in enumerate(names)
        if upper[column] > lower[column]
    }


def _along(rest: Array, column: int, values: Array) -> Array:
    states = np.repeat(rest[np.newaxis], len(values), axis=0)
    states[:, column] = values
    return states


def _other_names(model: str, error: KeyError) -> UnknownName:
    return UnknownName(
        f"The classical solution of {model!r} needs {error}, which this artifact does not have: "
        "rename the economy if it is another one."
    )
