"""Who appears in which equation: variables that only report, and processes that follow from shocks alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from .calculus import derivative, solved_for
from .expressions import Expression, Values, date_of, dated, evaluate, name, names_in, number, substituted
from .linear import UNIT_ROOT
from .model_file import Equation

Solve = Callable[[Equation, str], Expression | None]
"""An equation solved for a variable of today, or None."""


def dates_of(equation: Equation, variable: str) -> set[int]:
    """At which dates a variable appears; its steady state does not count."""
    return {shift for shift in (-1, 0, 1) if dated(variable, shift) in equation.names}


def variables_at(names: Iterable[str], shift: int, among: Collection[str]) -> set[str]:
    """Of names those of variables at a date, without it."""
    return {text for text, at in map(date_of, names) if at == shift and text in among}


def has_lead(equation: Equation) -> bool:
    """Whether it expects anything."""
    return any(date_of(text)[1] == 1 for text in equation.names)


@dataclass(frozen=True)
class Trimmed:
    """What is left without variables that only report: equations and variables; and what those were that have
    left, by formulas that may read the past, or None where there is no formula.
    """

    equations: tuple[Equation, ...]
    variables: tuple[str, ...]
    reported: dict[str, Expression | None]

    def formula(self, variable: str) -> Expression | None:
        """A variable by what is left, today and one period before; None where that does not say it."""
        return self._expressed(variable, 0)

    def _expressed(self, variable: str, shift: int) -> Expression | None:
        if variable not in self.reported:
            return name(dated(variable, shift))
        formula = self.reported[variable]
        by: dict[str, Expression] = {}
        for text in names_in(formula) if formula is not None else ():
            other, at = date_of(text)
            if at is None or other not in {*self.variables, *self.reported}:
                continue  # a number at rest, a parameter or a shock
            inner = self._expressed(other, at + shift) if at + shift in (-1, 0) else None
            if inner is None:
                return None
            by[text] = inner
        return None if formula is None else substituted(formula, by)


def trimmed(system: Trimmed, observed: Collection[str], values: Values, ahead: bool = True) -> Trimmed:
    """Drop every variable that appears in one equation only with that equation, again and again: it follows
    from the others, and none of them from it, unless it would explode. One that is observed leaves only if it
    has an explicit definition, and one that looks ahead, such as welfare or a price, only with `ahead`. At
    rest names have `values`.
    """
    kept, left, reported = list(system.equations), list(system.variables), dict(system.reported)
    needed = set(observed)
    for text in needed & reported.keys():
        needed |= {date_of(read)[0] for read in names_in(reported[text] or number(0.0))}
    while True:
        for variable in left:
            inside = [each for each in kept if dates_of(each, variable)]
            if len(inside) != 1 or not _settles(inside[0], variable, values):
                continue
            if 1 in dates_of(inside[0], variable) and not ahead:
                continue
            formula = _definition(inside[0], variable, lags=variable in observed or variable not in needed)
            if variable in needed:
                if formula is None:
                    continue
                needed |= {date_of(text)[0] for text in names_in(formula)}
            reported[variable] = formula
            kept.remove(inside[0])
            left.remove(variable)
            break
        else:
            return Trimmed(tuple(kept), tuple(left), reported)


def alone(
    equations: Sequence[Equation], variables: Sequence[str], shocks: Sequence[str], values: Values
) -> dict[str, Equation]:
    """Variables with an equation of theirs that reads tomorrow and nothing else: they never move."""
    found: dict[str, Equation] = {}
    for each in equations:
        read = {date_of(text)[0] for text in each.names if date_of(text)[1] is not None}
        read &= {*variables, *shocks}
        if len(read) != 1 or not has_lead(each):
            continue
        text = next(iter(read))
        if text not in {*found, *shocks} and dates_of(each, text) <= {0, 1} and _settles(each, text, values):
            found[text] = each
    return found


def _settles(equation: Equation, variable: str, values: Values) -> bool:
    """Whether an equation determines a variable and nothing else. Debt that explodes unless others see to it,
    for example, restricts those: the roots of a v(+1) + b v + c v(-1) have to be one outside the unit circle
    for the lead, and one on it or inside for the lag.
    """
    dates = dates_of(equation, variable)
    shifts = [shift for shift in (1, 0, -1) if shift in dates | {0}]
    slopes = [
        float(evaluate(derivative(equation.residual, dated(variable, each)), values)) for each in shifts
    ]
    if not np.isfinite(slopes).all() or not np.any(slopes):
        return False
    roots = np.abs(np.roots(slopes))
    return int((roots <= 1 + UNIT_ROOT).sum()) == (-1 in dates)


def _definition(equation: Equation, variable: str, lags: bool) -> Expression | None:
    """An equation without leads solved for a variable that is there today only."""
    dates = {date_of(text)[1] for text in equation.names}
    if 1 in dates or (-1 in dates and not lags) or dates_of(equation, variable) != {0}:
        return None
    return solved_for(variable, equation.left, equation.right)


def processes(equations: Sequence[Equation], variables: Sequence[str], solve: Solve) -> dict[str, Equation]:
    """Variables that follow from shocks, their own past and one another's, each with its equation, in an
    order in which they can be computed.

    The largest set of equations without leads, as many as variables, that read no other variable at any date:
    the well-determined part of the decomposition of Dulmage and Mendelsohn (1958).
    """
    candidates = [each for each in equations if not has_lead(each)]
    while True:
        candidates = _closed(candidates, variables)
        ordered: dict[str, Equation] = {}
        waiting = list(candidates)
        own = {text for each in candidates for text in variables_at(each.names, 0, variables)}
        while ready := [
            (each, text)
            for each in waiting
            if len(unknown := variables_at(each.names, 0, own) - set(ordered)) == 1
            and solve(each, text := next(iter(unknown))) is not None
        ]:
            each, text = ready[0]
            ordered[text] = each
            waiting.remove(each)
        if not waiting:
            return ordered
        candidates = [each for each in candidates if each not in waiting]


def _closed(equations: Sequence[Equation], variables: Sequence[str]) -> list[Equation]:
    """Of equations without leads those that determine all the variables that they read."""
    kept = list(equations)
    while True:
        matched = _matched(kept, variables)
        open_ = {text for text in variables if text not in matched.values()}
        reached: set[int] = set()
        while new := {
            row for row, each in enumerate(kept) if row not in reached and variables_at(each.names, 0, open_)
        }:
            reached |= new
            open_ |= {matched[row] for row in new if row in matched}
        closed = [each for row, each in enumerate(kept) if row in matched and row not in reached]
        closed = [each for each in closed if not variables_at(each.names, -1, open_)]
        if len(closed) == len(kept):
            return closed
        kept = closed


def _matched(equations: Sequence[Equation], variables: Sequence[str]) -> dict[int, str]:
    """A largest matching of equations with variables of today that they read."""
    if not equations:
        return {}
    incidence = np.zeros((len(equations), len(variables)))
    for row, each in enumerate(equations):
        for text in variables_at(each.names, 0, variables):
            incidence[row, list(variables).index(text)] = 1
    columns = maximum_bipartite_matching(csr_matrix(incidence), perm_type="column")
    return {row: str(variables[column]) for row, column in enumerate(columns) if column >= 0}


def moved(ordered: dict[str, Equation], shocks: Iterable[str]) -> set[str]:
    """Those of the processes that some shock moves, at once or later."""
    moving = set(shocks)
    while new := {
        text
        for text, each in ordered.items()
        if text not in moving and {date_of(read)[0] for read in each.names} & moving
    }:
        moving |= new
    return moving & set(ordered)


def is_dynamic(equation: Equation, variables: Collection[str]) -> bool:
    """Whether it reads the past; what reads only today's shocks is known where these are."""
    return bool(variables_at(equation.names, -1, variables))
