"""Solve a calibration both ways and hold one answer against the other: policies, simulated paths, moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..artifact.runtime import Surrogate
from ..errors import BadData
from ..house.records import whole_number
from .solutions import (
    ReferencePolicy,
    SolutionPath,
    follow_reference,
    follow_surrogate,
    observer,
    slices,
)

Array = NDArray[np.float64]
PERIODS, MOST_PERIODS = 1_000, 10_000_000
AT_REST = 0.7
"""An economy without shocks starts at this share of its steady state, so that there is a path to compare."""
STILL = 1e-9
"""A path whose standard deviation is below this share of its largest value does not move."""
SIMULATION = "simulation"
"""The states that the classical solution visits, beside the slices, which are called by their state."""


@dataclass(frozen=True)
class Comparison:
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

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Differences of ``policies`` and ``paths``, and the ``moments`` side by side."""
        return {
            "policies": policy_table(self.policies),
            "paths": path_table(*self.simulations),
            "moments": moment_table(*self.simulations),
        }

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
    surrogate: Surrogate, parameters: Mapping[str, ArrayLike], periods: int = PERIODS, seed: int = 0
) -> Comparison:
    """Solve the economy of `surrogate` at `parameters` (by name; the others at their default) both ways.

    Both solutions are followed for `periods` from the steady state, or, where the economy has no shocks,
    from seven tenths of it.

    Raises
    ------
    UnknownName : an unknown parameter, or an economy without a classical solution.
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
    observe = observer(surrogate.card)
    named = dict(zip(surrogate.parameter_names, theta.tolist(), strict=True))
    policy = ReferencePolicy(surrogate, named)
    rest = surrogate.steady_state(theta).states[0].astype(float)
    start = rest if surrogate.n_shocks else AT_REST * rest
    shocks = np.random.default_rng(seed).normal(size=(periods, surrogate.n_shocks))
    exact, reached = follow_reference(surrogate, policy, theta, shocks, start, observe)
    paths = follow_surrogate(surrogate, theta, shocks, start), exact
    visited = exact.states[reached]
    places = {**slices(visited, rest, surrogate.state_names), SIMULATION: visited}
    policies = {place: _policies(surrogate, policy, theta, states) for place, states in places.items()}
    return Comparison(surrogate, named, seed, policies, paths, int((~reached).sum()))


class Policies(NamedTuple):
    """Controls by name, each [n], of both solutions at the same states [n, n_states]."""

    states: Array
    surrogate: Mapping[str, Array]
    reference: Mapping[str, Array]


def relative_difference(found: Array, exact: Array) -> Array:
    """|found - exact| [n] as a share of |exact| where `exact` keeps its sign, else of its root mean square;
    NaN if that is zero.
    """
    keeps_sign = exact.min() > 0 or exact.max() < 0
    unit = np.abs(exact) if keeps_sign else np.sqrt(np.mean(exact**2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(unit > 0, np.abs(found - exact) / unit, np.nan)


def policy_table(places: Mapping[str, Policies]) -> pd.DataFrame:
    """Mean and largest `relative_difference` of each control, along each slice and along the simulation."""
    rows = {
        (control, place): relative_difference(found, at.reference[control])
        for place, at in places.items()
        for control, found in at.surrogate.items()
    }
    return pd.DataFrame(
        {"mean": [gap.mean() for gap in rows.values()], "max": [gap.max() for gap in rows.values()]},
        index=pd.MultiIndex.from_tuples(rows, names=["control", "along"]),
    ).sort_index(level="control", sort_remaining=False)


def path_table(surrogate: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Mean and largest |difference| of each variable of two simulations, in its unit and as a share of its
    standard deviation; periods in which a variable is undefined are left out.
    """
    gap = (surrogate[reference.columns] - reference).abs()
    spread = reference.std()
    spread = spread.where(spread > STILL * reference.abs().max())
    columns = {"mean": gap.mean(), "max": gap.max()}
    shares = {f"{name} / sd": values / spread for name, values in columns.items()}
    return pd.DataFrame({**columns, **shares})


def moment_table(surrogate: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and first autocorrelation of each variable, solution beside solution."""
    found, exact = moments(surrogate).loc[reference.columns], moments(reference)
    table = pd.DataFrame({"surrogate": found.stack(), "reference": exact.stack()}, index=found.stack().index)
    return table.rename_axis([*reference.columns.names, "moment"])


def moments(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd and first autocorrelation of each column, undefined periods left out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = frame.corrwith(frame.shift(1))
    moving = frame.std() > STILL * frame.abs().max()
    return pd.DataFrame(
        {"mean": frame.mean(), "sd": frame.std(), "autocorrelation": correlation.where(moving)}
    )


def formatted(table: pd.DataFrame, digits: int) -> tuple[list[str], list[list[str]]]:
    """Header and rows of text, the index first; a dash where there is no number."""

    def cell(value: object) -> str:
        """One entry of the table."""
        if not isinstance(value, float):
            return str(value)
        return "-" if np.isnan(value) else f"{value:.{digits}g}"

    flat = table.reset_index()
    rows = [[cell(value) for value in row] for row in flat.to_numpy(dtype=object)]
    return [str(name) for name in flat.columns], rows


def _policies(surrogate: Surrogate, policy: ReferencePolicy, theta: Array, states: Array) -> Policies:
    exact = policy(states)
    chosen = surrogate.policy(states, theta).astype(float)
    found = dict(zip(surrogate.control_names, chosen.T, strict=True))
    return Policies(states, {name: found[name] for name in exact}, exact)
