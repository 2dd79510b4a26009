"""Solve a calibration both ways and hold one answer against the other: policies, simulated paths, moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .. import economies
from ..artifact.card import Card
from ..artifact.runtime import Surrogate
from ..economy import Economy
from ..errors import BadData, UnknownName
from ..house.records import whole_number
from .solutions import (
    ReferencePolicy,
    SolutionPath,
    follow_reference,
    follow_surrogate,
    observer,
    require_shipped,
    slices,
)
from .tables import SHARES, AnyComparison, Policies, moment_table, path_table, policy_table

Array = NDArray[np.float64]
PERIODS, MOST_PERIODS = 1_000, 10_000_000
AT_REST = 0.7
"""An economy without shocks starts at this share of its steady state, so that there is a path to compare."""
WITHOUT_OBSERVABLES = (
    "Observables are left out: under another policy than the surrogate's they come from the equations of an "
    'economy that ships, which need pip install "dsge-surrogate[train]".'
)
SIMULATION = "simulation"
"""The states that the classical solution visits, beside the slices, which are called by their state."""


@dataclass(frozen=True)
class Comparison(AnyComparison):
    """A surrogate and the classical solution at one calibration.

    Attributes
    ----------
    surrogate : what is compared.
    parameters : the calibration, by name.
    seed : of the shocks.
    policies : both policies along each state, the others at the steady state, and, under
        ``"simulation"``, at the states that the classical solution visits.
    paths : (surrogate's, classical solution's), with the same shocks.
    beyond : periods in which the latter was beyond the grid of the classical solution and followed the
        surrogate's policy.
    """

    surrogate: Surrogate
    parameters: Mapping[str, float]
    seed: int
    policies: Mapping[str, Policies]
    paths: tuple[SolutionPath, SolutionPath]
    beyond: int

    @cached_property
    def simulations(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The surrogate's and the classical solution's paths: a row a period, columns (kind, variable)."""
        surrogate, classical = (self._frame(path) for path in self.paths)
        return surrogate, classical

    @property
    def series(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """What there is of either solution period by period."""
        return {"simulation": self.simulations}

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Differences of ``policies`` and ``paths``, and the ``moments`` side by side."""
        return {
            "policies": policy_table(self.policies),
            "paths": path_table(*self.simulations),
            "moments": moment_table(*self.simulations),
        }

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables has to know."""
        periods = len(self.simulations[0])
        notes = [
            f"Both solutions are followed for {periods} periods with the shocks of seed {self.seed}. {SHARES}"
        ]
        if self.beyond:
            notes.append(
                f"In {self.beyond} periods the economy was beyond the grid of the classical solution; "
                "there the reference follows the surrogate's policy."
            )
        return notes if self.paths[1].observables is not None else [*notes, WITHOUT_OBSERVABLES]

    def _frame(self, path: SolutionPath) -> pd.DataFrame:
        compared = list(self.policies[SIMULATION].reference)
        chosen = [self.surrogate.control_names.index(name) for name in compared]
        groups = {
            "state": (self.surrogate.state_names, path.states[1:]),
            "control": (compared, path.controls[1:, chosen]),
        }
        if path.observables is not None:
            groups["observable"] = (self.surrogate.observable_names, path.observables)
        values = np.concatenate([values for _, values in groups.values()], axis=1)
        columns = [(kind, name) for kind, (names, _) in groups.items() for name in names]
        return pd.DataFrame(
            np.where(np.isfinite(values), values, np.nan),
            columns=pd.MultiIndex.from_tuples(columns, names=["kind", "variable"]),
            index=pd.RangeIndex(1, len(path.states), name="period"),
        )


def compare(
    surrogate: Surrogate,
    parameters: Mapping[str, ArrayLike],
    periods: int = PERIODS,
    seed: int = 0,
    entry: Economy | None = None,
) -> AnyComparison:
    """Solve the economy of `surrogate` at `parameters` (by name; the others at their default) both ways.

    Both solutions are followed for `periods` from the steady state, or, where the economy has no shocks,
    from seven tenths of it. An economy whose entry has a comparison of its own is left to that, such as one
    of many households to `surrogate.comparison.households` or `surrogate.comparison.sequence_space`. An
    economy of the user's own has its `entry`, which says by what method it is solved.

    Raises
    ------
    UnknownName : an unknown parameter, an economy without a classical solution, one that has no more than the
        name of one that ships, or the entry of another one.
    OutsideBox : the surrogate is not certified at `parameters`.
    BadConfiguration : too few or too many periods.
    BadData : the economy is often beyond the grid of the classical solution.
    SurrogateError : there is no classical solution at `parameters`.
    """
    whole_number("The number of periods", periods, 2, MOST_PERIODS)
    theta = surrogate.parameter_array(parameters)
    if len(theta) > 1:
        raise BadData("A comparison is made at one calibration: give each parameter one number.")
    surrogate.require_inside(theta)
    theta = theta[0]
    named = dict(zip(surrogate.parameter_names, theta.tolist(), strict=True))
    known = _known(surrogate.card) if entry is None else _of_this(entry, surrogate.card)
    own = None if known is None else known.own_comparison()
    if own is not None:
        return own(surrogate, named, periods, seed)
    observe = observer(surrogate.card)
    policy = ReferencePolicy(surrogate, named, entry)
    rest = surrogate.steady_state(theta).states[0].astype(float)
    start = rest if surrogate.n_shocks else AT_REST * rest
    shocks = np.random.default_rng(seed).normal(size=(periods, surrogate.n_shocks))
    exact, reached = follow_reference(surrogate, policy, theta, shocks, start, observe)
    paths = follow_surrogate(surrogate, theta, shocks, start), exact
    visited = exact.states[reached]
    places = {**slices(visited, rest, surrogate.state_names), SIMULATION: visited}
    policies = {place: _policies(surrogate, policy, theta, states) for place, states in places.items()}
    return Comparison(surrogate, named, seed, policies, paths, int((~reached).sum()))


def _known(card: Card) -> Economy | None:
    """The entry under the card's name, if it is the card's economy that has one."""
    entry = economies.known().get(card.model)
    if entry is not None:
        require_shipped(card)
    return entry


def _of_this(entry: Economy, card: Card) -> Economy:
    """The entry, if it is of the card's economy."""
    if entry.name != card.model:
        raise UnknownName(f"The file has the economy {entry.name!r}, and the artifact is of {card.model!r}.")
    return entry


def _policies(surrogate: Surrogate, policy: ReferencePolicy, theta: Array, states: Array) -> Policies:
    exact = policy(states)
    chosen = surrogate.policy(states, theta).astype(float)
    found = dict(zip(surrogate.control_names, chosen.T, strict=True))
    return Policies(states, {name: found[name] for name in exact}, exact)
