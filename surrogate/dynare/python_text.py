"""Formulas as Python: names that the file may use, and functions of PyTorch where a number is a tensor."""

from __future__ import annotations

import ast
import json
import keyword
from collections.abc import Callable, Iterable, Mapping

from .calculus import simplified
from .expressions import (
    CONSTRAINED,
    Expression,
    called,
    evaluate,
    names_in,
    number,
    parts,
    rebuilt,
    substituted,
)
from .expressions import name as name_

_WORDS = """
adding_up after anchor annotations at_rest at_the_end beforehand binds burn_in calm chances characteristics
constraints complementarities complementary conditions controls coordinates default_parameters description
deviations discount draw_households e edge ellipse_radius equations evaluation_cost expected feasible
first_order first_order_numbers given household in_continuous_time initial_values inputs inside
kind_of_economy likelihood made_of name name_parameters now observables observe observed of_households
outcomes p parameter_box parameters period place in_closed_form prepared told regimes residuals rest
rest_in_free_coordinates reward self settled shocks slack solved_by somewhere spread stakes state_bounds
states steady_state super then told_tomorrow tomorrow transition units vars vector version where written exp
log log10 sqrt abs sign sin cos tan atan sinh cosh tanh erf Control ErgodicEllipse Model NumericalSteadyState
ParameterRange SimpleNamespace Variable Constraint full_like recipe
"""
TAKEN = frozenset(_WORDS.split())
"""Names that mean something else in an economy's file."""

Reading = Callable[[str], tuple[str, bool]]
"""From a name in a formula to how Python reads it there, and whether that is a tensor."""


def python_names(texts: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Identifiers for names of a Dynare file, by name: an underscore follows where Python, or the economy,
    has another use for it.
    """
    used, names = {*TAKEN, *taken, *keyword.kwlist}, {}
    for text in texts:
        new = text.lstrip("_") or "x"
        while new in used:
            new += "_"
        used.add(new)
        names[text] = new
    return names


def quoted(text: str) -> str:
    """A text as Python writes it, between double quotes."""
    return json.dumps(text, ensure_ascii=False)


def harmless(text: str) -> str:
    """A text that cannot end the docstring in which it stands."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())


class Formulas:
    """Writes formulas; `functions` collects what they need of PyTorch. Where all that a function is applied
    to are plain numbers, its value is written, at the `values` of the calibration. `constraints` are what
    those are called of which formulas have two regimes, by their free variables.
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values, self.functions = values, set[str]()
        self.constraints: Mapping[str, str] = {}

    def text(
        self, expression: Expression, reading: Reading, values: Mapping[str, float] | None = None
    ) -> str:
        """A formula as Python; plain numbers have the `values` of the calibration unless others are given."""
        read = {text: reading(text) for text in names_in(expression)}
        tensors = {text for text, (_, is_tensor) in read.items() if is_tensor}
        plain = self.values if values is None else values
        written = self._written(simplified(expression), tensors, plain)
        by = {text: name_(spelled) for text, (spelled, _) in read.items()}
        return ast.unparse(_short(substituted(written, by)))

    def _written(self, expression: Expression, tensors: set[str], values: Mapping[str, float]) -> Expression:
        if isinstance(expression, ast.Call) and called(expression) == CONSTRAINED:
            (constraint,) = (self.constraints[text] for text in names_in(expression.args[0]))
            free, bound = (self._written(part, tensors, values) for part in parts(expression))
            if not names_in(bound) & tensors:
                self.functions.add("full_like")
                bound = ast.Call(name_("full_like"), [free, bound], [])
            return self._where(name_(f"now.binds({quoted(constraint)})"), bound, free)
        calls = isinstance(expression, ast.Call | ast.Compare)
        if calls and not names_in(expression) & tensors:
            return number(float(evaluate(expression, values)))
        inner = [self._written(part, tensors, values) for part in parts(expression)]
        if isinstance(expression, ast.Call) and called(expression) in ("max", "min"):
            order = ast.Gt() if called(expression) == "max" else ast.Lt()
            return self._where(ast.Compare(inner[0], [order], [inner[1]]), *inner)
        if isinstance(expression, ast.Compare):
            return self._where(rebuilt(expression, inner), number(1.0), number(0.0))
        if isinstance(expression, ast.Call):
            self.functions.add(called(expression))
        return rebuilt(expression, inner)

    def _where(self, condition: Expression, one: Expression, other: Expression) -> Expression:
        self.functions.add("where")
        return ast.Call(name_("where"), [condition, one, other], [])


def _short(expression: Expression) -> Expression:
    """Whole numbers without a decimal point."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, float):
        value = expression.value
        return ast.Constant(int(value)) if value.is_integer() and abs(value) < 1e15 else expression
    return rebuilt(expression, [_short(part) for part in parts(expression)])
