"""A constraint that binds occasionally: one variable of today with two formulas, one for either regime.

Of `occbin_constraints`, whose equation the preprocessor writes as (1 - b) relax + b bind; of a
complementarity (the tag `mcp`) in an equation of today; or of a max or min there, such as r = max(0, rule).
The free formula is the one that holds at rest.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from ..errors import BadData, shown
from .calculus import minus, over, simplified, solved_for
from .calibration import Calibration, at_rest_of
from .expressions import (
    CONSTRAINED,
    Expression,
    called,
    constrained_call,
    date_of,
    evaluate,
    from_text,
    names_in,
    number,
    parts,
    rebuilt,
    substituted,
)
from .expressions import name as name_
from .model_file import Equation, ModelFile

APART = 1e-8
"""How far the formulas have to be from one another at rest, relative to one or their sizes."""
_SWITCH = re.compile(r"occbin_(\w+)_bind")
_TAG = re.compile(r"\s*([A-Za-z_]\w*)\s*([<>])=?\s*(.+)")


class Pair(NamedTuple):
    """A variable by either formula, and two sides, which are in the order that they have at rest where it is
    free.
    """

    variable: str
    free: Expression
    bound: Expression
    sides: tuple[Expression, Expression]


class Constrained(NamedTuple):
    """A file in which a variable is either what it would be if nothing bound it, which is a variable of its
    own, or its bound. `bounded` is its name, and its slack, which is positive where nothing binds and one at
    rest; nothing where there is no constraint.
    """

    file: ModelFile
    calibration: Calibration
    bounded: tuple[str, Expression] | None = None


def with_constraint(file: ModelFile, calibration: Calibration) -> Constrained:
    """The file with the equation of its constraint solved for the variable that it bounds; nothing changes
    where there is none, or where a kink is right where the economy rests.

    Raises
    ------
    BadData : there are several, or one that is no such constraint.
    """
    told = [each for each in file.equations if each.mcp or _switches(each)]
    if len(told) > 1 or any(len(_switches(each)) > 1 for each in told):
        raise BadData("The file has several constraints that bind occasionally; one is all that is imported.")
    kinked = [each for each in file.equations if not _looks_ahead(each) and len(_kinks(each)) == 1]
    if not told and (len(kinked) != 1 or sum(len(_kinks(each)) for each in file.equations) != 1):
        return Constrained(file, calibration)
    equation = told[0] if told else kinked[0]
    pair = _pair(equation, file, calibration)
    apart = pair and _apart(pair, calibration)
    if pair is None or not apart:
        if not told:
            return Constrained(file, calibration)
        why = "it binds where the economy rests" if pair else "no variable of today has a formula either way"
        raise BadData(f"The constraint in the equation {equation.name} is not imported: {why}.")
    return _with_free_variable(file, calibration, equation, pair, apart)


def _with_free_variable(
    file: ModelFile,
    calibration: Calibration,
    equation: Equation,
    pair: Pair,
    apart: float,
) -> Constrained:
    """Put the variable that nothing bounds beside the one that is bounded."""
    variable, free, bound, (first, second) = pair
    own = f"free_{variable}"
    while own in {*file.endogenous, *file.parameters, *file.shocks}:
        own += "_"
    chosen = replace(equation, left=name_(variable), right=constrained_call(name_(own), bound), mcp="")
    beside = Equation(own, name_(own), free)
    equations = tuple(
        new for each in file.equations for new in ((beside, chosen) if each is equation else (each,))
    )
    about = f"{file.endogenous[variable]} if nothing bound it"
    values = calibration.values() | dict.fromkeys(calibration.sds, 0.0)
    rest = {**calibration.rest, own: float(evaluate(free, values))}
    assigned = ((own, at_rest_of(file, free)),) if calibration.in_closed_form else ()
    slack = over(minus(name_(own) if _same(first, free) else first, second), number(apart))
    return Constrained(
        replace(file, endogenous={**file.endogenous, own: about}, equations=equations),
        replace(calibration, rest=rest, assignments=(*calibration.assignments, *assigned)),
        (variable, simplified(slack)),
    )


def reads_constraint(expression: Expression) -> bool:
    """Whether it holds the two formulas."""
    return (isinstance(expression, ast.Call) and called(expression) == CONSTRAINED) or any(
        map(reads_constraint, parts(expression))
    )


def _pair(equation: Equation, file: ModelFile, calibration: Calibration) -> Pair | None:
    """Both regimes of the constraint of an equation."""
    if _looks_ahead(equation):
        raise BadData(
            f"The constraint in the equation {equation.name}, which looks ahead, is not imported: write it "
            "as a max or min in an equation of today."
        )
    if equation.mcp:
        return _complementary(equation, file, calibration)
    if switches := _switches(equation):
        off, on = (
            simplified(substituted(equation.residual, dict.fromkeys(switches, number(value))))
            for value in (0.0, 1.0)
        )
        found = _solved(off, on, equation, file)
        return found and _beyond(*found)
    (kink,) = _kinks(equation)
    values = calibration.values() | dict.fromkeys(calibration.sds, 0.0)
    one, other = (float(evaluate(part, values)) for part in kink.args)
    first = (one > other) == (called(kink) == "max")
    free, bound = kink.args if first else kink.args[::-1]
    slack, binding = (simplified(_without(equation.residual, kink, part)) for part in (free, bound))
    found = _solved(slack, binding, equation, file, names_in(kink))
    return found and Pair(*found, (free, bound))


def _complementary(equation: Equation, file: ModelFile, calibration: Calibration) -> Pair | None:
    """Of the tag r > 0: the equation where r exceeds zero, and zero."""
    match = _TAG.fullmatch(equation.mcp)
    if not match or match[1] not in file.endogenous:
        raise BadData(f"The complementarity mcp = {shown(equation.mcp)} cannot be read.")
    free = solved_for(match[1], equation.left, equation.right)
    return None if free is None else _beyond(match[1], simplified(free), from_text(match[3]))


def _beyond(variable: str, free: Expression, bound: Expression) -> Pair:
    """A variable that is free where its formula exceeds the bound, or does not, as at rest."""
    return Pair(variable, free, bound, (free, bound))


def _solved(
    free: Expression,
    bound: Expression,
    equation: Equation,
    file: ModelFile,
    without: Collection[str] = (),
) -> tuple[str, Expression, Expression] | None:
    """Both regimes' residuals solved for the same variable, that on the left if possible."""
    for text in [each for each in equation.variables_in_order() if each in file.endogenous]:
        if text in without:
            continue
        one, other = (solved_for(text, each, number(0.0)) for each in (free, bound))
        if one is not None and other is not None:
            return text, simplified(one), simplified(other)
    return None


def _apart(pair: Pair, calibration: Calibration) -> float:
    """How far the sides are from one another at rest, with a sign; zero if that is rounding."""
    values = calibration.values() | dict.fromkeys(calibration.sds, 0.0)
    free, bound = (float(evaluate(each, values)) for each in pair.sides)
    return free - bound if abs(free - bound) > APART * max(1.0, abs(free)) else 0.0


def _same(one: Expression, other: Expression) -> bool:
    return ast.unparse(simplified(one)) == ast.unparse(simplified(other))


def _switches(equation: Equation) -> set[str]:
    return {text for text in equation.names if _SWITCH.fullmatch(text)}


def _looks_ahead(equation: Equation) -> bool:
    return any(date_of(text)[1] == 1 for text in equation.names)


def _kinks(equation: Equation) -> list[ast.Call]:
    """Each max and min that moves."""
    return [
        node
        for node in _nodes(equation.residual)
        if isinstance(node, ast.Call) and called(node) in ("max", "min") and names_in(node)
    ]


def _without(expression: Expression, kink: ast.Call, part: Expression) -> Expression:
    """The expression with one of its arguments in the place of a max or min."""
    if expression is kink:
        return part
    return rebuilt(expression, [_without(each, kink, part) for each in parts(expression)])


def _nodes(expression: Expression) -> Iterator[Expression]:
    yield expression
    for part in parts(expression):
        yield from _nodes(part)
