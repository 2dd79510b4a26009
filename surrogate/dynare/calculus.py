"""Algebra of expressions: derivatives, terms, and equations solved for one of their names."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..errors import BadData
from .expressions import (
    CONSTRAINED,
    FUNCTIONS,
    PAIRS,
    Expression,
    called,
    from_text,
    leaves,
    names_in,
    number,
    parts,
    rebuilt,
    substituted,
)
from .expressions import name as name_


def plus(left: Expression, right: Expression) -> Expression:
    """left + right, zeros and signs put right."""
    if _is(left, 0):
        return right
    if _is(right, 0):
        return left
    if isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub):
        return minus(left, right.operand)
    return _folded(ast.BinOp(left, ast.Add(), right))


def minus(left: Expression, right: Expression) -> Expression:
    """left - right."""
    if _is(right, 0):
        return left
    if _is(left, 0):
        return negative(right)
    if isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub):
        return plus(left, right.operand)
    return _folded(ast.BinOp(left, ast.Sub(), right))


def times(left: Expression, right: Expression) -> Expression:
    """left * right."""
    if _is(left, 0) or _is(right, 0):
        return number(0.0)
    if _is(left, 1):
        return right
    if _is(right, 1):
        return left
    if _is(left, -1):
        return negative(right)
    if _is(right, -1):
        return negative(left)
    return _folded(ast.BinOp(left, ast.Mult(), right))


def over(left: Expression, right: Expression) -> Expression:
    """left / right."""
    if _is(right, 1) or _is(left, 0):
        return left
    if _is(right, -1):
        return negative(left)
    return _folded(ast.BinOp(left, ast.Div(), right))


def power(base: Expression, exponent: Expression) -> Expression:
    """base ** exponent."""
    if _is(exponent, 0):
        return number(1.0)
    return base if _is(exponent, 1) or _is(base, 1) else _folded(ast.BinOp(base, ast.Pow(), exponent))


def negative(inner: Expression) -> Expression:
    """The other sign."""
    if isinstance(inner, ast.Constant) and isinstance(inner.value, float):
        return number(-inner.value if inner.value else 0.0)
    if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub):
        return inner.operand
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
        return minus(inner.right, inner.left)
    return ast.UnaryOp(ast.USub(), inner)


def function(text: str, argument: Expression) -> Expression:
    """A function of one argument; log(exp(x)) and exp(log(x)) are x."""
    inverse = {"log": "exp", "exp": "log"}.get(text)
    if isinstance(argument, ast.Call) and called(argument) == inverse:
        return argument.args[0]
    return ast.Call(name_(text), [argument], [])


_BUILD: dict[type[ast.operator], Callable[[Expression, Expression], Expression]] = {
    ast.Add: plus,
    ast.Sub: minus,
    ast.Mult: times,
    ast.Div: over,
    ast.Pow: power,
}


def simplified(expression: Expression) -> Expression:
    """Without zeros that are added, ones that multiply, and operations of two numbers."""
    inner = [simplified(part) for part in parts(expression)]
    if isinstance(expression, ast.BinOp):
        return _BUILD[type(expression.op)](*inner)
    if isinstance(expression, ast.UnaryOp):
        return negative(inner[0]) if isinstance(expression.op, ast.USub) else inner[0]
    return rebuilt(expression, inner)


def derivative(expression: Expression, text: str) -> Expression:
    """The derivative with respect to a name."""
    if isinstance(expression, ast.Name):
        return number(float(expression.id == text))
    if text not in names_in(expression):
        return number(0.0)
    slopes = [derivative(part, text) for part in parts(expression)]
    match expression:
        case ast.BinOp(a, op, b):
            return _slope_of_pair(op, a, b, *slopes)
        case ast.UnaryOp(op, _):
            return negative(slopes[0]) if isinstance(op, ast.USub) else slopes[0]
        case ast.Compare():
            return number(0.0)
        case ast.Call(_, [argument]):
            outer = from_text(FUNCTIONS[called(expression)].derivative)
            return times(substituted(simplified(outer), {"x": argument}), slopes[0])
        case ast.Call(_, [_, _]) if called(expression) == CONSTRAINED:
            return slopes[0]
        case ast.Call(_, [a, b]) if called(expression) in PAIRS:
            larger = ast.Compare(a, [ast.Gt() if called(expression) == "max" else ast.Lt()], [b])
            return plus(times(larger, slopes[0]), times(minus(number(1.0), larger), slopes[1]))
    raise BadData(f"{ast.dump(expression)[:80]} has no derivative.")


def _slope_of_pair(
    op: ast.operator, a: Expression, b: Expression, da: Expression, db: Expression
) -> Expression:
    match op:
        case ast.Add():
            return plus(da, db)
        case ast.Sub():
            return minus(da, db)
        case ast.Mult():
            return plus(times(da, b), times(a, db))
        case ast.Div():
            return minus(over(da, b), over(times(a, db), power(b, number(2.0))))
    by_base = times(times(b, power(a, minus(b, number(1.0)))), da)
    if _is(db, 0):
        return by_base
    return plus(by_base, times(times(function("log", a), power(a, b)), db))


def terms(expression: Expression) -> list[Expression]:
    """What is added up at the top: a - (b + c) is a, -b, -c."""
    match expression:
        case ast.BinOp(left, ast.Add(), right):
            return terms(left) + terms(right)
        case ast.BinOp(left, ast.Sub(), right):
            return terms(left) + [negative(term) for term in terms(right)]
        case ast.UnaryOp(ast.USub(), operand) if isinstance(operand, ast.BinOp | ast.UnaryOp):
            inner = terms(operand)
            return [negative(term) for term in inner] if len(inner) > 1 else [expression]
    return [expression]


def solved_for(text: str, left: Expression, right: Expression) -> Expression | None:
    """What a name is if left = right, by inverting what stands around it or because it enters in proportion;
    None where neither leads there.
    """
    if text in names_in(right):
        if text in names_in(left):
            return _in_proportion(text, minus(left, right))
        left, right = right, left
    return _inverted(text, left, right) if text in names_in(left) else None


def _inverted(text: str, expression: Expression, target: Expression) -> Expression | None:
    """Solve expression = target, where the name is only in the expression."""
    if isinstance(expression, ast.Name):
        return simplified(target)
    inside = [text in names_in(part) for part in parts(expression)]
    match expression:
        case ast.BinOp(a, op, b) if not all(inside):
            inverse = _without_left(op, a, target) if inside[1] else _without_right(op, b, target)
            return None if inverse is None else _inverted(text, b if inside[1] else a, inverse)
        case ast.BinOp():
            return _in_proportion(text, minus(expression, target))
        case ast.UnaryOp(op, operand):
            return _inverted(text, operand, negative(target) if isinstance(op, ast.USub) else target)
        case ast.Call(_, [argument]):
            inverse = _INVERSES.get(called(expression))
            return None if inverse is None else _inverted(text, argument, inverse(target))
    return None


_INVERSES: dict[str, Callable[[Expression], Expression]] = {
    "exp": lambda target: function("log", target),
    "log": lambda target: function("exp", target),
    "sqrt": lambda target: power(target, number(2.0)),
}


def _without_right(op: ast.operator, b: Expression, target: Expression) -> Expression:
    """a, where `a op b` is the target."""
    match op:
        case ast.Add():
            return minus(target, b)
        case ast.Sub():
            return plus(target, b)
        case ast.Mult():
            return over(target, b)
        case ast.Div():
            return times(target, b)
    return power(target, _reciprocal(b))


def _without_left(op: ast.operator, a: Expression, target: Expression) -> Expression:
    """b, where `a op b` is the target."""
    match op:
        case ast.Add():
            return minus(target, a)
        case ast.Sub():
            return minus(a, target)
        case ast.Mult():
            return over(target, a)
        case ast.Div():
            return over(a, target)
    return over(function("log", target), function("log", a))


def _reciprocal(exponent: Expression) -> Expression:
    """1/b, the sign in front."""
    if isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub):
        return negative(over(number(1.0), exponent.operand))
    if isinstance(exponent, ast.BinOp) and isinstance(exponent.op, ast.Div):
        return over(exponent.right, exponent.left)
    return over(number(1.0), exponent)


def _in_proportion(text: str, difference: Expression) -> Expression | None:
    """The root of what is linear in a name."""
    slope = simplified(derivative(simplified(difference), text))
    if text in names_in(slope) or _is(slope, 0) or any(_jumps(node, text) for node in _nodes(difference)):
        return None
    rest = simplified(substituted(difference, {text: number(0.0)}))
    return over(negative(rest), slope)


def affine_parts(text: str, expression: Expression) -> tuple[Expression, Expression] | None:
    """Level and slope where an expression is linear in a name, None where it is not."""
    slope = simplified(derivative(simplified(expression), text))
    if text in names_in(slope) or _is(slope, 0) or any(_jumps(node, text) for node in _nodes(expression)):
        return None
    return simplified(substituted(expression, {text: number(0.0)})), slope


def size(expression: Expression) -> int:
    """How many names and operations it has."""
    return sum(1 for _ in _nodes(expression))


def occurrences(text: str, expression: Expression) -> int:
    """How often a name is there."""
    return sum(node.id == text for node in leaves(expression))


def _nodes(expression: Expression) -> list[Expression]:
    return [expression, *(node for part in parts(expression) for node in _nodes(part))]


def _jumps(node: Expression, text: str) -> bool:
    """Whether the slope does not say all: a comparison, a sign, a kink."""
    kinked = isinstance(node, ast.Compare) or (
        isinstance(node, ast.Call) and called(node) in {*PAIRS, "abs", "sign"}
    )
    return kinked and text in names_in(node)


def _is(expression: Expression, value: float) -> bool:
    return isinstance(expression, ast.Constant) and expression.value == value


def _folded(expression: ast.BinOp) -> Expression:
    """The number that an operation of two numbers is, where that loses nothing that a reader would miss."""
    match expression:
        case ast.BinOp(ast.Constant(float() as a), op, ast.Constant(float() as b)):
            short = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(op))
            return expression if short is None else number(short)
    return expression
