"""Who leaves, what is a process, which variables the network says: on systems of a few equations."""

import numpy as np
import pytest

from surrogate.dynare.calculus import solved_for
from surrogate.dynare.expressions import evaluate, from_text, name, names_in, substituted
from surrogate.dynare.incidence import Trimmed, alone, moved, processes, trimmed
from surrogate.dynare.model_file import Equation
from surrogate.dynare.positivity import arguments, is_positive, surpluses_in

VALUES = {f"{text}{date}": 1.0 for text in "abcdxyz" for date in ("", "(+1)", "(-1)")} | {"e": 0.0, "u": 0.0}


def expression(text: str):
    """A formula in which c_next and c_last are tomorrow's and yesterday's c."""
    read = from_text(text)
    dates = {"_next": "(+1)", "_last": "(-1)"}
    by = {word: name(word[:-5] + dates[word[-5:]]) for word in names_in(read) if word[-5:] in dates}
    return substituted(read, by)


def system(*texts: str) -> Trimmed:
    """Equations left = right, of the variables that they read."""
    sides = [[expression(side) for side in text.split("=")] for text in texts]
    equations = tuple(Equation(f"equation_{row}", left, right) for row, (left, right) in enumerate(sides))
    read = {word[0] for each in equations for word in each.names} - {"e", "u"}
    return Trimmed(equations, tuple(sorted(read)), {})


def solve(equation: Equation, variable: str):
    return solved_for(variable, equation.left, equation.right)


def test_what_only_reports_leaves_again_and_again() -> None:
    left = trimmed(
        system("c = 0.9*c_next + x", "x = 0.5*x_last + 0.1*c + e", "y = c + x", "z = y - y_last"), (), VALUES
    )
    assert left.variables == ("c", "x")
    assert list(left.reported) == ["z", "y"]


def test_a_value_leaves_although_it_looks_ahead() -> None:
    left = trimmed(
        system("c = 0.9*c_next + x", "x = 0.5*x_last + 0.1*c + e", "a = c + 0.95*a_next"), (), VALUES
    )
    assert left.variables == ("c", "x")
    assert left.formula("a") is None


def test_a_price_that_nobody_needs_stays_if_it_is_all_there_is() -> None:
    equations = system("c = 0.9*c_next + x", "x = 0.5*x_last + e")
    assert trimmed(equations, (), VALUES).variables == ()
    assert trimmed(equations, (), VALUES, ahead=False).variables == ("c", "x")


@pytest.mark.parametrize(("growth", "stays"), [(1.02, True), (1.0, False), (0.9, False)])
def test_debt_that_explodes_restricts_the_others(growth: float, stays: bool) -> None:
    """The level of prices is none of that, with its unit root."""
    left = trimmed(system("c = 0.9*c_next + x", "x = 0.5*x_last + e", f"d = {growth}*d_last + c"), (), VALUES)
    assert ("d" in left.variables) == stays


def test_a_value_that_is_not_discounted_stays() -> None:
    left = trimmed(system("c = 0.9*c_next + x", "x = 0.5*x_last + e", "a = c + 1.05*a_next"), (), VALUES)
    assert "a" in left.variables


def test_what_is_observed_has_a_formula_of_what_is_left() -> None:
    equations = system("c = 0.9*c_next + x", "x = 0.5*x_last + e", "y = c*x", "z = log(y) - log(y_last)")
    left = trimmed(equations, ("z",), VALUES)
    assert left.variables == ("c", "x")  # which z needs
    formula = left.formula("z")
    assert formula is not None
    values = {"c": 2.0, "x": 3.0, "c(-1)": 1.0, "x(-1)": 4.0}
    assert evaluate(formula, values) == pytest.approx(np.log(6 / 4))
    twice = trimmed(
        system("c = 0.9*c_next + x", "x = 0.5*x_last + e", "y = x_last", "z = y_last"), (), VALUES
    )
    assert twice.formula("z") is None  # of two periods before


def test_processes_are_the_largest_part_that_stands_alone() -> None:
    """x and y follow from shocks; b is simultaneous with d; a depends on c, which looks ahead."""
    left = system(
        "y = 0.3*y_last + x",
        "x = 0.5*x_last + e",
        "c = 0.9*c_next + x",
        "a = c_last + x",
        "b + d = x",
        "b - d = y*d",
    )
    own = processes(left.equations, left.variables, solve)
    assert list(own) == ["x", "y"]
    assert moved(own, ["e"]) == {"x", "y"}
    assert moved(own, ["u"]) == set()


def test_capital_without_a_choice_is_a_process_and_with_one_is_none() -> None:
    saving = system("y = x*a_last", "a = 0.9*a_last + 0.2*y", "x = 0.5*x_last + e", "z = 0.9*z_next + y")
    assert set(processes(saving.equations, saving.variables, solve)) == {"a", "x", "y"}
    choosing = system("y = x*a_last", "a = 0.9*a_last + y - c", "x = 0.5*x_last + e", "c = 0.9*c_next + y")
    assert set(processes(choosing.equations, choosing.variables, solve)) == {"x"}


def test_a_variable_that_only_its_own_future_moves_never_moves() -> None:
    left = system("a = 0.9*a_next", "b = 1.1*b_next", "c = 0.9*c_next + x", "d = 0.5*d_next + 0.1*d_last")
    assert list(alone(left.equations, left.variables, ["e"], VALUES)) == ["a"]


def test_what_has_to_be_positive() -> None:
    found = arguments(from_text("(c - 0.5*a)^(-x)*log(y) + z^2/(1 - d)"))
    assert [names_in(each) for each in found] == [{"c", "a"}, {"y"}, {"d"}]
    assert [names_in(each) for each in surpluses_in(from_text("(c - 0.5*a)^(-x)/(1 - d)/y"))] == [
        {"c", "a"},
        {"d"},
    ]


def test_a_side_is_positive_because_its_parts_are() -> None:
    parameters = {"beta": 0.9, "mu": -1.0}
    for text, expected in (
        ("beta*c^(-2)", True),
        ("exp(x)/c + 1", True),
        ("c - 1", False),
        ("mu*c", False),
        ("beta*x", False),
        ("-c", False),
    ):
        assert is_positive(from_text(text), {"c"}, parameters) is expected
