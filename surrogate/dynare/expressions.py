"""Expressions of a Dynare file, as syntax trees of Python's `ast` that are read and never run.

The leaves are names and numbers. Time is in the name: ``c``, ``c(+1)``, ``c(-1)``, and ``STEADY_STATE(c)``; a
name stands for one number at one date, and all that follows is algebra of names.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from ..errors import BadData, UnknownName, shown

Expression = ast.expr
Values = Mapping[str, float | NDArray[np.float64]]

AT_REST = "STEADY_STATE"
_KEYWORD = "__dynare"
_DATED = re.compile(r"(\w+)\(([+-]1)\)")
_REST = re.compile(rf"{AT_REST}\((\w+)\)")
_IDENTIFIER = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_DATES = re.compile(r"(?<=\w)\([+-]?\d+\)")
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
ROUNDED = 1e-5
"""How far, as a share, a number of six digits is from itself, and more."""
_NUMBERS = {"inf": float("inf"), "nan": float("nan")}
LONGEST = 100_000
"""Characters of an expression."""


class _Function(NamedTuple):
    """How a function of one number is computed, and its derivative as text in x."""

    value: Callable[[Any], Any]
    derivative: str


FUNCTIONS: dict[str, _Function] = {
    "exp": _Function(np.exp, "exp(x)"),
    "log": _Function(np.log, "1/x"),
    "log10": _Function(np.log10, "1/(2.302585092994046*x)"),
    "sqrt": _Function(np.sqrt, "1/(2*sqrt(x))"),
    "abs": _Function(np.abs, "sign(x)"),
    "sign": _Function(np.sign, "0"),
    "sin": _Function(np.sin, "cos(x)"),
    "cos": _Function(np.cos, "-sin(x)"),
    "tan": _Function(np.tan, "1+tan(x)^2"),
    "atan": _Function(np.arctan, "1/(1+x^2)"),
    "sinh": _Function(np.sinh, "cosh(x)"),
    "cosh": _Function(np.cosh, "sinh(x)"),
    "tanh": _Function(np.tanh, "1-tanh(x)^2"),
    "erf": _Function(erf, "1.1283791670955126*exp(-x^2)"),
}
"""All that an equation may call, beside max and min of two."""
CONSTRAINED = "constrained"
PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "max": np.maximum,
    "min": np.minimum,
    CONSTRAINED: lambda free, bound: free + 0 * bound,
}
"""Of two numbers. `CONSTRAINED`, which no file can call, is the first where nothing binds, as at rest."""
_SYNONYMS = {"ln": "log"}

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
}
_OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "^": ast.Pow,
}
_RELATIONS: dict[str, type[ast.cmpop]] = {">": ast.Gt, "<": ast.Lt, ">=": ast.GtE, "<=": ast.LtE}


def number(value: float) -> Expression:
    """A number."""
    return ast.Constant(value)


def name(text: str) -> Expression:
    """A name."""
    return ast.Name(text, ast.Load())


def dated(text: str, shift: int) -> str:
    """What a variable is called `shift` periods from now: -1, 0 or 1."""
    return f"{text}({shift:+d})" if shift else text


def at_rest(text: str) -> str:
    """What the steady state of a variable is called inside an equation."""
    return f"{AT_REST}({text})"


def date_of(text: str) -> tuple[str, int | None]:
    """The variable behind a name, and how many periods from now; None for its steady state."""
    if match := _DATED.fullmatch(text):
        return match[1], int(match[2])
    match = _REST.fullmatch(text)
    return (match[1], None) if match else (text, 0)


def from_text(text: str) -> Expression:
    """Read what Dynare writes outside of its equations, such as ``(1-alpha)*y^2``.

    Raises
    ------
    BadData : it is no formula of +, -, *, /, ^, numbers, names, comparisons and the functions of `FUNCTIONS`.
    """
    if len(text) > LONGEST:
        raise BadData(f"A formula of more than {LONGEST} characters cannot be read: {shown(text)}")
    safe = _IDENTIFIER.sub(lambda m: m[0] + _KEYWORD if keyword.iskeyword(m[0]) else m[0], text)
    try:
        tree = ast.parse(safe.strip().replace("^", "**"), mode="eval").body
        return _checked(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadData(f"The formula {shown(text)} cannot be read.") from error


def numbers_in(text: str) -> list[float]:
    """The numbers of an equation as Dynare writes it, from left to right, without those that are dates, which
    stand alone after a name as in ``c(-1)``; signs left out.
    """
    return [float(each) for each in _NUMBER.findall(_DATES.sub("", text))]


def from_tree(node: Mapping[str, Any], numbers: Iterator[float], rest: bool = False) -> Expression:
    """Read an expression of the preprocessor's `abstract_syntax_tree`, which, other than its text, keeps
    STEADY_STATE(), but six digits of a number only: all of them are in the text, in the same order, as
    `numbers`. With `rest`, all variables are meant at rest.

    Raises
    ------
    BadData : it holds an operator or a function that cannot be imported.
    """
    kind, op = node.get("node_type"), node.get("op")
    if kind == "NumConstNode":
        rounded, exact = float(node["value"]), next(numbers, float("nan"))
        if not abs(exact - abs(rounded)) <= ROUNDED * abs(exact):
            raise BadData(f"The preprocessor writes {rounded:g} here and {exact:g} there.")
        return number(math.copysign(exact, rounded))
    if kind == "VariableNode":
        if rest and node["type"] == "endogenous":
            return name(at_rest(node["name"]))
        still = node["type"] == "parameter"  # whose dates mean nothing
        return name(node["name"] if still else dated(node["name"], int(node["lag"])))
    if kind == "UnaryOpNode" and op == "steady_state":
        return from_tree(node["arg"], numbers, rest=True)
    if kind == "UnaryOpNode":
        return _unary(str(op), from_tree(node["arg"], numbers, rest))
    if kind == "BinaryOpNode":
        left = from_tree(node["arg1"], numbers, rest)
        return _binary(str(op), left, from_tree(node["arg2"], numbers, rest))
    raise BadData(f"An equation calls {shown(node.get('name') or op or kind)}, which cannot be imported.")


def names_in(expression: Expression) -> set[str]:
    """The names that occur in it, with their dates."""
    return {node.id for node in leaves(expression)}


def leaves(expression: Expression) -> Iterator[ast.Name]:
    """Each occurrence of a name that is not that of a function."""
    if isinstance(expression, ast.Name):
        yield expression
    for part in parts(expression):
        yield from leaves(part)


def parts(expression: Expression) -> list[Expression]:
    """What an operation or a function is applied to."""
    match expression:
        case ast.BinOp(left, _, right) | ast.Compare(left, _, [right]):
            return [left, right]
        case ast.UnaryOp(_, operand):
            return [operand]
        case ast.Call(_, arguments):
            return list(arguments)
    return []


def rebuilt(expression: Expression, new: list[Expression]) -> Expression:
    """The same operation or function, applied to something else."""
    match expression:
        case ast.BinOp(_, op, _):
            return ast.BinOp(new[0], op, new[1])
        case ast.Compare(_, ops, _):
            return ast.Compare(new[0], ops, [new[1]])
        case ast.UnaryOp(op, _):
            return ast.UnaryOp(op, new[0])
        case ast.Call(function, _):
            return ast.Call(function, new, [])
    return expression


def substituted(expression: Expression, by: Mapping[str, Expression]) -> Expression:
    """The expression with names replaced."""
    if isinstance(expression, ast.Name):
        return by.get(expression.id, expression)
    return rebuilt(expression, [substituted(part, by) for part in parts(expression)])


def constrained_call(free: Expression, bound: Expression) -> Expression:
    """The formula `free` where nothing binds, and `bound` where something does."""
    return ast.Call(name(CONSTRAINED), [free, bound], [])


def called(expression: ast.Call) -> str:
    """The function that is called."""
    return expression.func.id if isinstance(expression.func, ast.Name) else ""


def evaluate(expression: Expression, values: Values) -> Any:
    """The number, or the array [...], that an expression is where names have `values`; NaN where it has none.

    Raises
    ------
    UnknownName : a name has no value.
    """
    with np.errstate(all="ignore"):
        return _evaluate(expression, values)


def _evaluate(expression: Expression, values: Values) -> Any:
    inner = [_evaluate(part, values) for part in parts(expression)]
    match expression:
        case ast.Constant(value):
            return np.float64(value)  # pyright: ignore[reportArgumentType]
        case ast.Name(text):
            if text not in values:
                raise UnknownName(f"{text} has no value.")
            return np.asarray(values[text], float)[()]
        case ast.BinOp(_, op, _):
            return _BINARY[type(op)](*inner)
        case ast.UnaryOp(ast.USub(), _):
            return -inner[0]
        case ast.UnaryOp():
            return inner[0]
        case ast.Compare(_, [op], _):
            return np.asarray(_COMPARISONS[type(op)](*inner), float)[()]
        case ast.Call():
            text = called(expression)
            return PAIRS[text](*inner) if text in PAIRS else FUNCTIONS[text].value(*inner)
    raise BadData(f"{ast.dump(expression)[:80]} is no formula.")


def _unary(op: str, inner: Expression) -> Expression:
    if op == "uminus":
        return ast.UnaryOp(ast.USub(), inner)
    if op == "cbrt":
        return ast.BinOp(inner, ast.Pow(), ast.BinOp(number(1.0), ast.Div(), number(3.0)))
    return _call(_SYNONYMS.get(op, op), [inner], op)


def _binary(op: str, left: Expression, right: Expression) -> Expression:
    if op in _OPERATORS:
        return ast.BinOp(left, _OPERATORS[op](), right)
    if op in _RELATIONS:
        return ast.Compare(left, [_RELATIONS[op]()], [right])
    return _call(op, [left, right], op)


def _call(function: str, arguments: list[Expression], shown_as: str) -> Expression:
    known = PAIRS if len(arguments) == 2 else FUNCTIONS if len(arguments) == 1 else ()
    if function not in known or function == CONSTRAINED:
        raise BadData(f"The function {shown(shown_as)} cannot be imported.")
    return ast.Call(name(function), arguments, [])


def _checked(node: ast.AST, text: str) -> Expression:
    """The tree again, if it holds nothing but a formula; keywords of Python have their names back."""
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return number(float(value))
        case ast.Name(word):
            word = word.removesuffix(_KEYWORD)
            return number(_NUMBERS[word.lower()]) if word.lower() in _NUMBERS else name(word)
        case ast.BinOp(left, op, right) if type(op) in _BINARY:
            return ast.BinOp(_checked(left, text), op, _checked(right, text))
        case ast.UnaryOp(ast.USub() | ast.UAdd() as op, operand):
            return ast.UnaryOp(op, _checked(operand, text))
        case ast.Compare(left, [op], [right]) if type(op) in _COMPARISONS:
            return ast.Compare(_checked(left, text), [op], [_checked(right, text)])
        case ast.Call(ast.Name(function), arguments, []):
            inner = [_checked(each, text) for each in arguments]
            function = function.removesuffix(_KEYWORD)
            return _call(_SYNONYMS.get(function, function), inner, function)
    raise BadData(f"The formula {shown(text)} holds what cannot be imported.")
