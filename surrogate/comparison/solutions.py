"""The classical policy where the network's would stand, what is observed under it, and paths of both.

step.onnx observes what follows from the surrogate's own choice tomorrow. Under another policy the economy's
equations must say what is observed, and these are written for the training framework.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import catalogue, economies
from ..artifact.card import Card, Variable, expanded_names
from ..artifact.runtime import Surrogate
from ..economy import Economy
from ..errors import BadData, Changed, UnknownName

Array = NDArray[np.float64]
SLICE_POINTS = 81
Observe = Callable[[Array, Array, Array], Array]
"""From a path of states [T + 1, n_states] and controls [T + 1, n_controls] at one parameter vector
[n_parameters] to observables [T, n_observables].
"""
TOLERATED = 0.05
"""Share of the periods in which the economy may be beyond the grid of the classical solution."""


class ReferencePolicy:
    """The classical solution at one calibration as a function of plain arrays; that of an economy of the
    user's own is in its `entry`.

    Raises
    ------
    UnknownName : the economy has no classical solution, or one with other names.
    SurrogateError : none was found at these parameters.
    """

    def __init__(
        self, surrogate: Surrogate, parameters: Mapping[str, float], entry: Economy | None = None
    ) -> None:
        self.card = surrogate.card
        if entry is None:
            require_shipped(self.card)
        solve = partial(economies.solve, self.card.model) if entry is None else entry.solve
        try:
            self.solution = solve(parameters)
        except KeyError as error:
            raise _other_names(self.card.model, error) from error

    def __call__(self, states: Array) -> dict[str, Array]:
        """Controls by column name, each [n], at `states` [n, n_states].

        Raises
        ------
        BadData : a state outside the grid of the solution.
        """
        try:
            found = self.solution.controls(columns_by_name(states, self.card.states))
        except KeyError as error:
            raise _other_names(self.card.model, error) from error
        given = [control for control in self.card.controls if control.name in found]
        columns = [np.asarray(found[control.name]).reshape(len(states), control.size) for control in given]
        return dict(zip(expanded_names(given), np.concatenate(columns, axis=1).T, strict=True))


def columns_by_name(values: Array, variables: Sequence[Variable]) -> dict[str, Array]:
    """Columns of `values` [n, k] by variable: [n], or [n, size] for a vector group."""
    blocks = np.split(values, np.cumsum([variable.size for variable in variables])[:-1], axis=1)
    return {v.name: block[:, 0] if v.size == 1 else block for v, block in zip(variables, blocks, strict=True)}


def slices(visited: Array, rest: Array, names: Sequence[str]) -> dict[str, Array]:
    """States [81, n_states] along each state that moves, over the range `visited` [T, n_states] of a
    simulation, the others at `rest` [n_states].
    """
    lower, upper = visited.min(axis=0), visited.max(axis=0)
    states_along = {}
    for column, name in enumerate(names):
        if upper[column] > lower[column]:
            states_along[name] = np.repeat(rest[np.newaxis], SLICE_POINTS, axis=0)
            states_along[name][:, column] = np.linspace(lower[column], upper[column], SLICE_POINTS)
    return states_along


def observer(card: Card) -> Observe | None:
    """How the economy of `card` is observed; None without the extra ``train``, or if it does not ship.

    Raises
    ------
    Changed : the card describes another version of the economy.
    """
    if importlib.util.find_spec("torch") is None:
        return None
    from .. import models

    entry = economies.known().get(card.model)
    if entry is None or not entry.model:
        return None
    version = models.get(card.model).version
    if version != card.model_version:
        raise Changed(
            f"The artifact is of {card.model} version {card.model_version}, the economy here is version "
            f"{version}: export the artifact again."
        )
    return lambda states, controls, theta: _observe(card, states, controls, theta)


class SolutionPath(NamedTuple):
    """States [T + 1, n_states] and controls [T + 1, n_controls] from the start on, and observables
    [T, n_observables] of all later periods, None where they cannot be had.
    """

    states: Array
    controls: Array
    observables: Array | None


def follow_surrogate(surrogate: Surrogate, theta: Array, shocks: Array, start: Array) -> SolutionPath:
    """The path of the surrogate from `start` [n_states] with `shocks` [T, n_shocks]."""
    path = surrogate.simulate(theta, shocks, start)
    first = surrogate.policy(start, theta)
    states = np.concatenate([start[np.newaxis], path.states[:, 0]])
    controls = np.concatenate([first, path.controls[:, 0]])
    return SolutionPath(states.astype(float), controls.astype(float), path.observables[:, 0].astype(float))


class Followed(NamedTuple):
    """A path of the classical solution, and in which of its periods [T + 1] the economy was on the grid."""

    path: SolutionPath
    reached: NDArray[np.bool_]


def follow_reference(
    surrogate: Surrogate,
    policy: ReferencePolicy,
    theta: Array,
    shocks: Array,
    start: Array,
    observe: Observe | None,
) -> Followed:
    """The same with the classical policy.

    Controls that it does not have, such as multipliers, are the surrogate's; so are all of them in the few
    periods in which the economy is beyond the grid of the classical solution.

    Raises
    ------
    BadData : these are not few.
    """
    choice = _Choice(surrogate, policy, theta)
    states, controls = [start], [choice(start)]
    for shock in shocks:
        step = surrogate.step(states[-1], controls[-1], shock, theta)
        states.append(step.next_states[0].astype(float))
        controls.append(choice(states[-1]))
    choice.require_reached()
    visited, chosen = np.stack(states), np.stack(controls)
    observables = None if observe is None else observe(visited, chosen, theta)
    return Followed(SolutionPath(visited, chosen, observables), np.array(choice.reached))


def require_shipped(card: Card) -> None:
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


def _other_names(model: str, error: KeyError) -> UnknownName:
    return UnknownName(
        f"The classical solution of {model!r} needs {error}, which this artifact does not have: "
        "rename the economy if it is another one."
    )


def _observe(card: Card, states: Array, controls: Array, theta: Array) -> Array:
    import torch

    from ..models import get

    model = get(card.model)
    own = [expanded_names(card.controls).index(name) for name in expanded_names(model.controls)]
    s, x, vector = (torch.from_numpy(values) for values in (states, controls[:, own], theta))
    p = model.name_parameters(vector)
    now, then = (model.period(p, s[dates], x[dates]) for dates in (slice(-1), slice(1, None)))
    return model.observed(now, then, p).numpy()


class _Choice:
    """Controls [n_controls] at states [n_states], and whether the classical solution had them."""

    def __init__(self, surrogate: Surrogate, policy: ReferencePolicy, theta: Array) -> None:
        self.surrogate, self.policy, self.theta = surrogate, policy, theta
        self.reached: list[bool] = []
        self.refusal = ""

    def __call__(self, states: Array) -> Array:
        controls = self.surrogate.policy(states, self.theta)[0].astype(float)
        try:
            classical = self.policy(states[np.newaxis])
        except BadData as error:
            self.refusal = self.refusal or str(error).rstrip(".")
            classical = {}
        self.reached.append(bool(classical))
        for column, name in enumerate(self.surrogate.control_names):
            if name in classical:
                controls[column] = classical[name][0]
        return controls

    def require_reached(self) -> None:
        """Raise BadData if the economy was beyond the grid too often."""
        beyond = 1 - np.mean(self.reached)
        if beyond > TOLERATED:
            raise BadData(
                f"In {beyond:.0%} of the periods the economy is beyond the grid of the classical solution "
                f"({self.refusal}): choose a calibration with smaller or less persistent shocks."
            )
