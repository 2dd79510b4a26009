"""Expressions of Dynare files: read, computed, differentiated, solved, and never run."""

import ast

import numpy as np
import pytest

from surrogate.dynare.calculus import affine_parts, derivative, simplified, solved_for, terms
from surrogate.dynare.expressions import (
    LONGEST,
    date_of,
    dated,
    evaluate,
    from_text,
    from_tree,
    names_in,
    numbers_in,
    substituted,
)
from surrogate.errors import BadData, UnknownName

VALUES = {"x": 1.3, "y": 0.7, "lambda": 2.1, "alpha": 0.36}
FORMULAS = (
    "x^alpha*y^(1-alpha)",
    "-x^2",
    "lambda*log(x)/sqrt(y)-exp(-x*y)",
    "x^y",
    "2^x+log10(x)",
    "sin(x)*cos(x)-tan(x)+atan(x)",
    "sinh(x)-cosh(x)*tanh(x)",
    "erf(x)+abs(-x)*sign(y)",
    "max(x,y)*min(x,lambda)",
    "(x>y)*x^3+(x<=y)*x",
    "((x/y)^(alpha-1))^(1/alpha)",
)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("name", ["x", "y"])
def test_derivatives_agree_with_differences(formula: str, name: str) -> None:
    expression = from_text(formula)
    step = 1e-5
    beside = [evaluate(expression, {**VALUES, name: VALUES[name] + k * step}) for k in (1, -1)]
    slope = evaluate(derivative(expression, name), VALUES)
    assert slope == pytest.approx((beside[0] - beside[1]) / (2 * step), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("formula", FORMULAS)
def test_simpler_expressions_are_the_same_numbers(formula: str) -> None:
    grid = {name: value * np.linspace(0.5, 2, 7) for name, value in VALUES.items()}
    expression = from_text(f"0+1*({formula})-(0-0)*x")
    expected = evaluate(from_text(formula), grid)
    np.testing.assert_allclose(evaluate(simplified(expression), grid), expected, rtol=1e-14)
    total = sum(evaluate(term, grid) for term in terms(from_text(f"x-({formula}-y)-(-y)")))
    np.testing.assert_allclose(total, grid["x"] - expected + 2 * grid["y"], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("log(x)", "y"),
        ("x^(-alpha)", "y*lambda"),
        ("y", "lambda*(3-x)^(alpha/2)"),
        ("x/(1+x)*y", "y"),
        ("exp(x*y-lambda)", "alpha"),
        ("y*x+alpha", "lambda*x-(x-1)/2"),
        ("sqrt(x)", "y"),
        ("alpha^x", "y"),
        ("y/(lambda-x)", "1/alpha"),
    ],
)
def test_what_is_solved_solves(left: str, right: str) -> None:
    solution = solved_for("x", from_text(left), from_text(right))
    if left.startswith("x/("):
        assert solution is None
        return
    assert solution is not None
    assert "x" not in names_in(solution)
    values = {**VALUES, "x": evaluate(solution, VALUES)}
    assert evaluate(from_text(left), values) == pytest.approx(evaluate(from_text(right), values), rel=1e-12)


@pytest.mark.parametrize("formula", ["x*exp(x)", "abs(x)+x", "x^2+x", "max(x,1)+x"])
def test_what_cannot_be_solved_is_not(formula: str) -> None:
    assert solved_for("x", from_text(formula), from_text("y")) is None
    assert affine_parts("x", from_text(formula)) is None


def test_what_is_linear_has_a_level_and_a_slope() -> None:
    found = affine_parts("x", from_text("lambda*(y-alpha*x)/2"))
    assert found is not None
    level, slope = (evaluate(each, VALUES) for each in found)
    assert level == pytest.approx(2.1 * 0.7 / 2)
    assert slope == pytest.approx(-2.1 * 0.36 / 2)


def test_dates_are_in_the_names() -> None:
    assert [date_of(each) for each in (dated("c", 1), dated("c", -1), dated("c", 0), "STEADY_STATE(c)")] == [
        ("c", 1),
        ("c", -1),
        ("c", 0),
        ("c", None),
    ]


def test_the_steady_state_is_of_every_variable_inside_it() -> None:
    variable = {"node_type": "VariableNode", "name": "c", "type": "endogenous", "lag": 0}
    parameter = {**variable, "name": "a", "type": "parameter"}
    product = {"node_type": "BinaryOpNode", "op": "*", "arg1": variable, "arg2": parameter}
    tree = {"node_type": "UnaryOpNode", "op": "steady_state", "arg": product}
    assert names_in(from_tree(tree, iter(()))) == {"STEADY_STATE(c)", "a"}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "x.y",
        "x[0]",
        "lambda: 1",
        "foo(x)",
        "exp(x, y)",
        "'text'",
        "[x for x in y]",
        "x if y else 1",
        "x = 1",
        "1j",
        "True and x",
        "x @ y",
        "(" * 500,
        "x" * (LONGEST + 1),
        "",
        "exp(x=1)",
        "exp(*x)",
    ],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(BadData):
        from_text(text)


def test_numbers_have_all_their_digits() -> None:
    assert numbers_in("c(1)^(-2)*x2(-1)+.5e-3*y_1-(-0.8333333333333334)/3.") == [
        2,
        5e-4,
        0.8333333333333334,
        3,
    ]
    rounded = {"node_type": "NumConstNode", "value": -0.333333}
    assert evaluate(from_tree(rounded, iter([1 / 3])), {}) == -1 / 3
    for other in ([0.3334], []):
        with pytest.raises(BadData, match="here and"):
            from_tree(rounded, iter(other))


def test_names_without_values_are_named() -> None:
    with pytest.raises(UnknownName, match="beta"):
        evaluate(from_text("beta*x"), VALUES)


def test_names_are_replaced() -> None:
    expression = substituted(from_text("lambda*x"), {"lambda": from_text("y+1")})
    assert ast.unparse(expression) == "(y + 1.0) * x"


def test_dates_of_parameters_mean_nothing() -> None:
    """As for Dynare, where a tax that may vary in another file is one."""
    node = {"node_type": "VariableNode", "name": "tau", "type": "parameter", "lag": 1}
    assert names_in(from_tree(node, iter(()))) == {"tau"}
