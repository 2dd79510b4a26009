"""Who appears in which equation: variables that only report, and processes that follow from shocks alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from .calculus import solved_for
from .expressions import Expression, date_of, dated, names_in
from .model_file import Equation

Solve = Callable[[Equation, str], Expression | None]
"""An equation solved for a variable of today, or None."""


def dates_of(equation: Equation | Expression, variable: str) -> set[int | None]:
    """At which dates a variable appears; its steady state does not count."""
    expression = equation.residual if isinstance(equation, Equation) else equation
    found = (date_of(text) for text in names_in(expression))
    return {shift for text, shift in found if text == variable and shift is not None}


def variables_at(expression: Expression, shift: int, among: Collection[str]) -> set[str]:
    """Which variables appear at a date."""
    return {text for text, at in map(date_of, names_in(expression)) if at == shift and text in among}


def has_lead(equation: Equation) -> bool:
    """Whether it expects anything."""
    return any(date_of(text)[1] == 1 for text in names_in(equation.residual))


@dataclass(frozen=True)
class Trimmed:
    """What is left without variables that only report: equations, variables, and the definitions of those
    that are observed, which read nothing that has left.
    """

    equations: tuple[Equation, ...]
    variables: tuple[str, ...]
    observed: dict[str, Expression]
    dropped: tuple[str, ...]


def trimmed(equations: Sequence[Equation], variables: Sequence[str], observed: Collection[str]) -> Trimmed:
    """Drop every variable that appears in one equation only, and there without a lead, with that equation,
    again and again: nobody else needs it. One that is observed leaves only if it has an explicit definition.
    """
    kept, left, dropped = list(equations), list(variables), []
    definitions: dict[str, Expression] = {}
    needed = set(observed)
    while True:
        for variable in left:
            inside = [each for each in kept if dates_of(each, variable)]
            if len(inside) != 1 or 1 in dates_of(inside[0], variable):
                continue
            if variable in needed:
                formula = _definition(inside[0], variable, lags=variable in observed)
                if formula is None:
                    continue
                definitions[variable] = formula
                needed |= {date_of(text)[0] for text in names_in(formula)}
            else:
                dropped.append(variable)
            kept.remove(inside[0])
            left.remove(variable)
            break
        else:
            return Trimmed(tuple(kept), tuple(left), definitions, tuple(dropped))


def _definition(equation: Equation, variable: str, lags: bool) -> Expression | None:
    """An equation without leads solved for a variable that is there today only."""
    dates = {date_of(text)[1] for text in names_in(equation.residual)}
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
        own = {text for each in candidates for text in variables_at(each.residual, 0, variables)}
        while ready := [
            (each, text)
            for each in waiting
            if len(unknown := variables_at(each.residual, 0, own) - set(ordered)) == 1
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
            row
            for row, each in enumerate(kept)
            if row not in reached and variables_at(each.residual, 0, open_)
        }:
            reached |= new
            open_ |= {matched[row] for row in new if row in matched}
        closed = [each for row, each in enumerate(kept) if row in matched and row not in reached]
        closed = [each for each in closed if not variables_at(each.residual, -1, open_)]
        if len(closed) == len(kept):
            return closed
        kept = closed


def _matched(equations: Sequence[Equation], variables: Sequence[str]) -> dict[int, str]:
    """A largest matching of equations with variables of today that they read."""
    if not equations:
        return {}
    incidence = np.zeros((len(equations), len(variables)))
    for row, each in enumerate(equations):
        for text in variables_at(each.residual, 0, variables):
            incidence[row, list(variables).index(text)] = 1
    columns = maximum_bipartite_matching(csr_matrix(incidence), perm_type="column")
    return {row: str(variables[column]) for row, column in enumerate(columns) if column >= 0}


def moved(ordered: dict[str, Equation], shocks: Iterable[str]) -> set[str]:
    """Those of the processes that some shock moves, at once or later."""
    moving = set(shocks)
    while new := {
        text
        for text, each in ordered.items()
        if text not in moving and {date_of(name)[0] for name in names_in(each.residual)} - {text} & moving
    }:
        moving |= new
    return moving & set(ordered)


def is_dynamic(equation: Equation, variables: Collection[str], shocks: Collection[str]) -> bool:
    """Whether it reads the past or a shock."""
    return bool(variables_at(equation.residual, -1, variables) or variables_at(equation.residual, 0, shocks))


def lagged(expressions: Iterable[Expression], variables: Sequence[str]) -> list[str]:
    """Variables whose last value is read."""
    used = set().union(*map(names_in, expressions)) if expressions else set()
    return [text for text in variables if dated(text, -1) in used]
