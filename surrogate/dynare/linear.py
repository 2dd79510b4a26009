"""The first-order solution of a file's equations: what Dynare calls `ghx` and `ghu`.

Around the steady state, with s the variables that appear with a lag,

    F_lead E[y'] + F_now y + F_lag s_lag + F_shock e = 0,        y = on_states s_lag + on_shocks e.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..rational_expectations import eigenvalues, solve_rational_expectations
from .calculus import derivative
from .expressions import Values, dated, evaluate
from .model_file import Equation

Array = NDArray[np.float64]

DOUBLINGS = 26
UNIT_ROOT = 1e-6
"""Roots up to one and this much count as stable, as Dynare counts them (`qz_criterium`)."""


@dataclass(frozen=True)
class LinearRule:
    """Deviations from rest: y = on_states s_lag + on_shocks e.

    `variables` [n], `states` [n_s] (those of the variables that have a lag) and `shocks` [n_e] name rows and
    columns of on_states [n, n_s] and on_shocks [n, n_e], natural units, shocks of size one.
    """

    variables: tuple[str, ...]
    states: tuple[str, ...]
    shocks: tuple[str, ...]
    on_states: Array
    on_shocks: Array

    def sds(self, covariance: Array) -> dict[str, float]:
        """Ergodic standard deviations by variable, for shocks with `covariance` [n_e, n_e]; infinite where
        there is a unit root.
        """
        rows = [self.variables.index(state) for state in self.states]
        transition, impact = self.on_states[rows], self.on_shocks[rows]
        if rows and np.abs(np.linalg.eigvals(transition)).max() >= 1 - UNIT_ROOT:
            return dict.fromkeys(self.variables, np.inf)
        of_states, power = impact @ covariance @ impact.T, transition
        for _ in range(DOUBLINGS):  # after k rounds the shocks of 2^k periods are in it
            of_states = of_states + power @ of_states @ power.T
            power = power @ power
        both = self.on_states @ of_states @ self.on_states.T + self.on_shocks @ covariance @ self.on_shocks.T
        return dict(zip(self.variables, np.sqrt(np.maximum(np.diag(both), 0.0)).tolist(), strict=True))


def solve_linear(
    equations: Sequence[Equation], variables: Sequence[str], shocks: Sequence[str], values: Values
) -> LinearRule:
    """Solve as many equations as variables to first order, where all names at rest have `values`.

    Raises
    ------
    Indeterminate, NoStableSolution : Blanchard and Kahn's conditions fail.
    """
    pencil = pencil_of(equations, variables, shocks, values)
    policy = solve_rational_expectations(
        pencil.ahead * (1 + UNIT_ROOT), pencil.behind, len(pencil.states)
    ).policy
    today = pencil.now + pencil.lead @ policy @ pencil.select
    on_shocks = np.asarray(-np.linalg.solve(today, pencil.impact), float)
    return LinearRule(tuple(variables), pencil.states, tuple(shocks), policy, on_shocks)


def roots_of(
    equations: Sequence[Equation], variables: Sequence[str], shocks: Sequence[str], values: Values
) -> tuple[NDArray[np.complex128], int]:
    """Eigenvalues around the place where all names have `values`, the smallest first, and how many of them
    have to be stable.
    """
    pencil = pencil_of(equations, variables, shocks, values)
    return eigenvalues(pencil.ahead, pencil.behind), len(pencil.states)


class Pencil(NamedTuple):
    """ahead (s, E[y']) = behind (s_lag, y), and the derivatives that it is made of."""

    ahead: Array
    behind: Array
    states: tuple[str, ...]
    select: Array
    lead: Array
    now: Array
    impact: Array


def pencil_of(
    equations: Sequence[Equation], variables: Sequence[str], shocks: Sequence[str], values: Values
) -> Pencil:
    """Derivatives around the place where all names have `values`."""
    used = set().union(*(each.names for each in equations))
    states = tuple(text for text in variables if dated(text, -1) in used)
    zeros = {**values, **{dated(text, shift): 0.0 for text in shocks for shift in (-1, 0, 1)}}
    lead, now = (_jacobian(equations, [dated(text, shift) for text in variables], zeros) for shift in (1, 0))
    lag = _jacobian(equations, [dated(text, -1) for text in states], zeros)
    n, n_s = len(variables), len(states)
    select = np.array([[float(text == state) for text in variables] for state in states]).reshape(n_s, n)
    ahead = np.block([[np.eye(n_s), np.zeros((n_s, n))], [np.zeros((n, n_s)), lead]])
    behind = np.block([[np.zeros((n_s, n_s)), select], [-lag, -now]])
    return Pencil(ahead, behind, states, select, lead, now, _jacobian(equations, shocks, zeros))


def covariance_of(
    shocks: Sequence[str], sds: Mapping[str, float], correlations: Mapping[tuple[str, str], float]
) -> Array:
    """The covariance [n, n] of shocks."""
    matrix = np.diag([sds[text] ** 2 for text in shocks])
    for (one, two), value in correlations.items():
        row, column = shocks.index(one), shocks.index(two)
        matrix[row, column] = matrix[column, row] = value * sds[one] * sds[two]
    return matrix


def _jacobian(equations: Sequence[Equation], names: Sequence[str], values: Values) -> Array:
    """Derivatives [n_equations, n_names] of what is left less what is right."""
    matrix = np.zeros((len(equations), len(names)))
    for row, each in enumerate(equations):
        present = each.names
        for column, text in enumerate(names):
            if text in present:
                matrix[row, column] = evaluate(derivative(each.residual, text), values)
    return matrix
