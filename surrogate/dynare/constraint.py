"""Constraints that bind occasionally: each on a variable of today with two formulas, one for either regime.

Of `occbin_constraints`, whose equation the preprocessor writes as (1 - b) relax + b bind; of a
complementarity (the tag `mcp`); or of a max or min in an equation of today, such as r = max(0, rule). The
free formula is the one that holds at rest.

Both equations of a constraint hold in expectation, so where the free one looks ahead, a bound is on what is
expected: r = max(0, E[rule]). A max of what comes is another thing, E[max(0, rule)], a payoff say, and stays
a kink inside the expectation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
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

MOST_CONSTRAINTS = 3
"""Whose 2^3 combinations are as many policies of the network."""
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


class Bounded(NamedTuple):
    """A variable that is either what it would be if nothing bound it, which is the variable `free`, or its
    bound; and its slack, which is positive where nothing binds and one at rest.
    """

    variable: str
    free: str
    slack: Expression


class Constrained(NamedTuple):
    """A file with its constraints."""

    file: ModelFile
    calibration: Calibration
    bounded: tuple[Bounded, ...] = ()


def with_constraints(file: ModelFile, calibration: Calibration, idle: Collection[str] = ()) -> Constrained:
    """The file with the equations of its constraints solved for the variables that they bound, but for those
    of variables that are `idle`; nothing changes where there is none, or where a kink is right where the
    economy rests.

    Raises
    ------
    BadData : one is no such constraint.
    """
    constrained = Constrained(file, calibration)
    for equation in file.equations:
        told = equation.mcp or _switches(equation)
        if not told and (_looks_ahead(equation) or len(_kinks(equation)) != 1):
            continue
        pair = _pair(equation, file, calibration)
        apart = _apart(pair, calibration) if pair else 0.0
        if pair and apart and pair.variable not in idle:
            constrained = _with_free_variable(constrained, equation, pair, apart)
        elif told and not (pair and apart):
            why = (
                "it binds where the economy rests"
                if pair
                else "no variable of today has a formula either way"
            )
            raise BadData(f"The constraint in the equation {equation.name} is not imported: {why}.")
    return constrained


def require_few(bounded: Collection[Bounded]) -> None:
    """Refuse more than `MOST_CONSTRAINTS`."""
    if len(bounded) > MOST_CONSTRAINTS:
        raise BadData(
            f"The file has {len(bounded)} constraints that bind occasionally; more than {MOST_CONSTRAINTS}, "
            "whose regimes are their combinations, are not solved here."
        )


def _with_free_variable(
    constrained: Constrained, equation: Equation, pair: Pair, apart: float
) -> Constrained:
    """Put the variable that nothing bounds beside the one that is bounded."""
    file, calibration, bounded = constrained
    variable, free, bound, (first, second) = pair
    if variable in {each.variable for each in bounded}:
        raise BadData(f"The file bounds {variable} twice; a variable has one bound here.")
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
        (*bounded, Bounded(variable, own, simplified(slack))),
    )


def kinks_ahead(file: ModelFile) -> list[str]:
    """The equations that look ahead at a max or min."""

    def ahead(kink: ast.Call) -> bool:
        return any(date_of(text)[1] == 1 for text in names_in(kink))

    return [each.name for each in file.equations if any(map(ahead, _kinks(each)))]


def constraints_read(expressions: Iterable[Expression]) -> set[str]:
    """The free variables of the constraints whose two formulas they hold."""
    found = set()
    for each in expressions:
        if isinstance(each, ast.Call) and called(each) == CONSTRAINED:
            found |= names_in(each.args[0])
        found |= constraints_read(parts(each))
    return found


def _pair(equation: Equation, file: ModelFile, calibration: Calibration) -> Pair | None:
    """Both regimes of the constraint of an equation."""
    if equation.mcp:
        return _complementary(equation, file, calibration)
    if switches := _switches(equation):
        if len(switches) > 1:
            raise BadData(
                f"The equation {equation.name} depends on two constraints at once, which is not imported: "
                "give each an equation of its own."
            )
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
