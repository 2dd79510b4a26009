"""What has to be positive: arguments of logarithms, bases of powers, denominators; and what follows for
outputs.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from .calculus import affine_parts, negative, over, simplified, size
from .calibration import Calibration
from .expressions import Expression, called, date_of, dated, evaluate, names_in, parts, substituted
from .expressions import name as name_

LONGEST = 300
"""Names and operations of a formula that is still put into another one."""
ZERO = 1e-10


class Bounds(NamedTuple):
    """Where an output may lie, by formulas of states and parameters; None where there is no bound."""

    lower: Expression | None = None
    upper: Expression | None = None


def arguments(expression: Expression) -> list[Expression]:
    """What has to be positive, or at least must not change its sign, for an expression to be a number."""
    found = [argument for part in parts(expression) for argument in arguments(part)]
    match expression:
        case ast.Call(_, [argument]) if called(expression) in ("log", "log10", "sqrt"):
            found += _factors(argument)
        case ast.BinOp(base, ast.Pow(), exponent) if not _whole(exponent):
            found += _factors(base)
        case ast.BinOp(_, ast.Div(), denominator):
            found += _factors(denominator)
    return found


def surpluses_in(expression: Expression) -> list[Expression]:
    """Of the arguments those that are sums of today's, such as consumption less habit, or time less hours."""
    today = [_today(each) for each in arguments(expression) if isinstance(each, ast.BinOp)]
    distinct = {ast.unparse(each): each for each in today if each is not None}
    return list(distinct.values())


def positive_names(expressions: Iterable[Expression], calibration: Calibration) -> set[str]:
    """Variables that stand in such a place by themselves, and are positive at rest."""
    alone = {
        date_of(each.id)[0]
        for expression in expressions
        for each in arguments(expression)
        if isinstance(each, ast.Name)
    }
    return {text for text in alone if calibration.rest.get(text, 0.0) > ZERO}


def is_positive(expression: Expression, positive: Collection[str], parameters: Mapping[str, float]) -> bool:
    """Whether an expression is positive because its parts are."""
    match expression:
        case ast.Constant(float() as value):
            return value > 0
        case ast.Name(text):
            return date_of(text)[0] in positive or parameters.get(text, 0.0) > 0
        case ast.BinOp(left, ast.Mult() | ast.Div() | ast.Add(), right):
            return all(is_positive(each, positive, parameters) for each in (left, right))
        case ast.BinOp(base, ast.Pow(), _):
            return is_positive(base, positive, parameters)
        case ast.Call():
            return called(expression) == "exp"
    return False


def logarithms(
    expressions: Iterable[Expression], sds: Mapping[str, float], calibration: Calibration
) -> dict[str, float]:
    """Standard deviations of variables that equations read as logarithms, exp(z), and of the logarithms that
    they take, log(a).
    """
    found: dict[str, float] = {}
    for node in [node for expression in expressions for node in _nodes(expression)]:
        if isinstance(node, ast.Call) and isinstance(node.args[0], ast.Name):
            text = date_of(node.args[0].id)[0]
            rest = {"exp": 1.0, "log": abs(calibration.rest.get(text, 0.0))}.get(called(node), 0.0)
            if text in sds and rest > ZERO:
                found[text] = sds[text] / rest
    return found


def bounds_of(
    outputs: Sequence[str],
    definitions: Sequence[tuple[str, Expression]],
    expressions: Iterable[Expression],
    calibration: Calibration,
) -> dict[str, Bounds]:
    """Bounds of the outputs within which each argument that moves with one of them only keeps its sign.

    Of several the one that is nearest at rest; definitions that no output moves keep their names.
    """
    moving = _moved_by(outputs, definitions)
    values = calibration.values() | dict.fromkeys(calibration.sds, 0.0)
    bounds = dict.fromkeys(outputs, Bounds())
    for argument in [each for expression in expressions for each in arguments(expression)]:
        today = _today(argument)
        full = None if today is None else _expanded(today, moving)
        inside = names_in(full) & set(outputs) if full is not None else set()
        if full is None or len(inside) != 1:
            continue
        output = inside.pop()
        line = affine_parts(output, full)
        value = float(evaluate(full, values))
        if line is None or not abs(value) > ZERO:
            continue
        end = simplified(over(negative(line[0]), line[1]))
        if not calibration.in_closed_form and any(date_of(text)[1] is None for text in names_in(end)):
            continue  # where the economy rests is looked for within the bounds
        below = value * float(evaluate(line[1], values)) > 0
        bounds[output] = _nearer(bounds[output], end, below, values)
    return bounds


def _nearer(bounds: Bounds, end: Expression, below: bool, values: Mapping[str, float]) -> Bounds:
    """The bounds with another lower or upper end, if that is nearer."""
    old = bounds.lower if below else bounds.upper
    if old is not None:
        step = float(evaluate(end, values)) - float(evaluate(old, values))
        farther = step <= ZERO if below else step >= -ZERO
        if farther:
            return bounds
    return bounds._replace(lower=end) if below else bounds._replace(upper=end)


def _moved_by(outputs: Sequence[str], definitions: Sequence[tuple[str, Expression]]) -> dict[str, Expression]:
    """Definitions that outputs move."""
    moving: dict[str, Expression] = {}
    for text, formula in definitions:
        if names_in(formula) & {*outputs, *moving}:
            moving[text] = formula
    return moving


def _expanded(expression: Expression, moving: Mapping[str, Expression]) -> Expression | None:
    """The expression with definitions put in, None if it gets too long."""
    while names_in(expression) & moving.keys():
        expression = substituted(expression, moving)
        if size(expression) > LONGEST:
            return None
    return expression


def _today(expression: Expression) -> Expression | None:
    """The expression with tomorrow's variables today, None if dates are mixed or it is yesterday's."""
    dates = {date_of(text)[1] for text in names_in(expression)}
    if -1 in dates and (1 in dates or dates <= {-1, None}):
        return None
    if 1 not in dates:
        return expression
    by = {text: name_(dated(date_of(text)[0], 0)) for text in names_in(expression) if date_of(text)[1] == 1}
    return substituted(expression, by)


def _factors(expression: Expression) -> list[Expression]:
    """What is multiplied and divided; whole powers and signs aside."""
    match expression:
        case ast.BinOp(left, ast.Mult() | ast.Div(), right):
            return _factors(left) + _factors(right)
        case ast.BinOp(base, ast.Pow(), exponent) if _whole(exponent):
            return _factors(base)
        case ast.UnaryOp(_, operand):
            return _factors(operand)
    return [expression]


def _whole(exponent: Expression) -> bool:
    match exponent:
        case ast.Constant(float() as value):
            return value.is_integer()
        case ast.UnaryOp(_, operand):
            return _whole(operand)
    return False


def _nodes(expression: Expression) -> list[Expression]:
    return [expression, *(node for part in parts(expression) for node in _nodes(part))]
