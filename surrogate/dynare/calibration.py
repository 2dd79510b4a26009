"""The numbers of a file: its parameters, the sizes of its shocks, and where the economy rests."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadData, NoEquilibrium, UnknownName
from .calculus import derivative, simplified
from .computed import SAME, parameters_of, sizes_of
from .expressions import (
    Expression,
    Values,
    at_rest,
    date_of,
    dated,
    evaluate,
    names_in,
    number,
    substituted,
)
from .expressions import name as name_
from .model_file import ModelFile
from .octave import Computed

Array = NDArray[np.float64]

SOLVED = 1e-9
"""Largest error of an equation at rest, relative to its sides where they are large."""
STEPS, HALVINGS = 200, 20
"""Of Newton's method, and of each of its steps."""


@dataclass(frozen=True)
class Calibration:
    """A file at its own numbers.

    Attributes
    ----------
    parameters : all of them by name, those that the steady state sets included.
    derived : formulas of those that follow from others, in an order in which they can be computed.
    set_at_rest : names of those that `steady_state_model` sets.
    sds, correlations : of the shocks that are active, and of pairs of them.
    rest : the endogenous variables without shocks.
    assignments : formulas of the rest, in order; none where it was solved for.
    """

    parameters: Mapping[str, float]
    derived: Mapping[str, Expression]
    set_at_rest: tuple[str, ...]
    sds: Mapping[str, float]
    correlations: Mapping[tuple[str, str], float]
    rest: Mapping[str, float]
    assignments: tuple[tuple[str, Expression], ...]

    @property
    def in_closed_form(self) -> bool:
        """Whether formulas say where the economy rests."""
        return bool(self.assignments)

    @property
    def covariances(self) -> dict[tuple[str, str], float]:
        """Of the active shocks, by pairs of their names, in both orders; those that are not zero."""
        pairs = {(text, text): sd**2 for text, sd in self.sds.items()}
        for (one, two), value in self.correlations.items():
            pairs[one, two] = pairs[two, one] = value * self.sds[one] * self.sds[two]
        return pairs

    def values(self) -> dict[str, float]:
        """All names of an equation at rest: parameters, variables at every date, and shocks at zero."""
        return {**self.parameters, **everywhere(self.rest)}

    def at(self, moved: Values) -> dict[str, Any]:
        """Parameters and variables at rest, by their plain names, where some parameters are `moved` and
        others follow; arrays [...] if those are. Without formulas of the steady state there are only
        parameters.
        """
        values: dict[str, Any] = {**self.parameters, **moved}
        for text, formula in self.derived.items():
            values[text] = moved[text] if text in moved else evaluate(formula, values)
        for text, formula in self.assignments:
            values[text] = evaluate(formula, values)
        return values


def calibrate(file: ModelFile, computed: Computed | None = None) -> Calibration:
    """Compute the parameters of a file and find where the economy rests, or begin with what Dynare has
    `computed`.

    Raises
    ------
    BadData : a parameter has no value, or no shock is active.
    NoEquilibrium : no steady state is found.
    """
    parameters, derived = _parameters(file) if computed is None else parameters_of(file, computed)
    assigned = closed_form_of(file, parameters)
    set_at_rest = tuple(dict.fromkeys(text for text, _ in file.assignments if text in file.parameters))
    derived = {text: formula for text, formula in derived.items() if text not in set_at_rest}
    parameters = {text: float(assigned[text]) for text in (*parameters, *set_at_rest)}
    _require_values(file, parameters)
    sds, correlations = _sizes(file, parameters) if computed is None else sizes_of(file, computed)
    closed = {text: float(assigned[text]) for text in file.endogenous if text in assigned}
    known = _initial(file, parameters) if computed is None else computed.rest
    rest = {**dict.fromkeys(file.endogenous, 0.0), **known, **closed}
    assignments = _assignments(file, parameters)
    if assignments:
        rest = {text: float(closed.get(text, 0.0)) for text in file.endogenous}
    else:
        rest = solve_at_rest(file, parameters, rest)
    return Calibration(parameters, derived, set_at_rest, sds, correlations, rest, assignments)


def everywhere(rest: Values) -> dict[str, Any]:
    """Values of variables at rest, under their names at every date."""
    return {
        text: value
        for variable, value in rest.items()
        for text in (*(dated(variable, shift) for shift in (-1, 0, 1)), at_rest(variable))
    }


def assignments_of(file: ModelFile) -> list[tuple[str, Expression]]:
    """Those of `steady_state_model`, and of the variables that Dynare has added for longer leads and lags, by
    their definitions; none where the file has none.
    """
    assignments = list(file.assignments)
    known = {text for text, _ in assignments} | set(file.parameters)
    added = {str(date_of(ast.unparse(each.left))[0]): at_rest_of(file, each.right) for each in file.equations}
    added = {
        text: formula for text, formula in added.items() if text in file.endogenous and text not in known
    }
    while assignments and (ready := [text for text, formula in added.items() if names_in(formula) <= known]):
        assignments += [(text, added.pop(text)) for text in ready]
        known |= set(ready)
    return assignments


def closed_form_of(file: ModelFile, parameters: Values) -> dict[str, Any]:
    """Parameters and all that `steady_state_model` assigns, at parameters of any shape [...].

    Raises
    ------
    BadData : a formula reads what has no value.
    """
    values: dict[str, Any] = dict(parameters)
    for text, formula in assignments_of(file):
        try:
            values[text] = evaluate(formula, values)
        except UnknownName as error:
            raise BadData(f"steady_state_model sets {text} by what has no value: {error}") from error
    return values


def at_rest_of(file: ModelFile, expression: Expression) -> Expression:
    """An expression without shocks, and with every date today's."""
    by = {
        text: number(0.0) if date_of(text)[0] in file.shocks else name_(date_of(text)[0])
        for text in names_in(expression)
    }
    return simplified(substituted(expression, by))


def errors_at_rest(file: ModelFile, values: Values) -> Array:
    """Errors of the equations at rest, [n_equations, ...], relative to a side where that is large."""
    errors = []
    for each in file.equations:
        left, right = (evaluate(at_rest_of(file, side), values) for side in (each.left, each.right))
        with np.errstate(invalid="ignore"):
            errors.append(np.abs(left - right) / np.maximum(1.0, np.abs(left)))
    return np.stack(np.broadcast_arrays(*errors))


def solve_at_rest(file: ModelFile, parameters: Values, start: Mapping[str, float]) -> dict[str, float]:
    """Where the economy rests, by Newton's method from `start`, which has a value of every variable.

    Where equations leave the level of something open, it stays where it started.

    Raises
    ------
    NoEquilibrium : the method ends elsewhere.
    """
    variables = list(file.endogenous)
    residuals = [at_rest_of(file, each.residual) for each in file.equations]
    slopes = {
        (row, column): derivative(residual, text)
        for row, residual in enumerate(residuals)
        for column, text in enumerate(variables)
        if text in names_in(residual)
    }

    def errors(x: Array) -> Array:
        values = {**parameters, **dict(zip(variables, x, strict=True))}
        return np.array([evaluate(residual, values) for residual in residuals])

    def jacobian(x: Array) -> Array:
        values = {**parameters, **dict(zip(variables, x, strict=True))}
        matrix = np.zeros((len(residuals), len(variables)))
        for place, slope in slopes.items():
            matrix[place] = evaluate(slope, values)
        return matrix

    x = _newton(errors, jacobian, np.array([start[text] for text in variables]))
    rest = dict(zip(variables, x.tolist(), strict=True))
    if not _solves(file, {**parameters, **rest}):
        raise NoEquilibrium(
            "No steady state is found from the values in the file: it may be in MATLAB code (a "
            "_steadystate.m), which is not run here. Give the file a steady_state_model, start nearer in "
            "initval, or pass --octave."
        )
    return rest


def _newton(errors: Callable[[Array], Array], jacobian: Callable[[Array], Array], x: Array) -> Array:
    """A root near `x`: Newton's method with shorter steps where a full one leads away."""
    error = errors(x)
    for _ in range(STEPS):
        slopes = jacobian(x)
        if not (np.isfinite(error).all() and np.isfinite(slopes).all()) or not np.abs(error).max() > 0:
            break
        direction = np.linalg.lstsq(slopes, error, rcond=None)[0]
        for length in 0.5 ** np.arange(HALVINGS):
            beside = errors(x - length * direction)
            if np.linalg.norm(beside) < np.linalg.norm(error):
                break
        else:
            break
        x, error = x - length * direction, beside
    return x


def _solves(file: ModelFile, values: Values) -> bool:
    return bool((errors_at_rest(file, values) < SOLVED).all())


def _assignments(file: ModelFile, parameters: Mapping[str, float]) -> tuple[tuple[str, Expression], ...]:
    """Formulas of where the economy rests: those of the file, and zero for variables that it does not set,
    as in models in deviations, if that solves the equations for other parameters as well; none if they do
    not, or the file starts to look elsewhere.
    """
    assigned = {text for text, _ in assignments_of(file)}
    zeros = {text: 0.0 for text in file.endogenous if text not in assigned}
    if any(_initial(file, parameters).get(text, 0.0) for text in zeros):
        return ()
    shares = 1 + 0.01 * np.arange(len(parameters)) / max(1, len(parameters))
    moved = {text: value * share for (text, value), share in zip(parameters.items(), shares, strict=True)}
    for values in (parameters, moved) if zeros else (parameters,):
        if not _solves(file, closed_form_of(file, {**values, **zeros})):
            return ()
    return (*((text, number(0.0)) for text in zeros), *assignments_of(file))


def _initial(file: ModelFile, parameters: Values) -> dict[str, float]:
    """Values of `initval`, which may read one another in order; what cannot be computed is left out."""
    values: dict[str, Any] = dict(parameters)
    for text, formula in file.initial.items():
        with suppress(UnknownName):
            values[text] = float(evaluate(formula, values))
    return {text: values[text] for text in file.endogenous if text in values}


def _parameters(file: ModelFile) -> tuple[dict[str, float], dict[str, Expression]]:
    """Values as Dynare computes them, one after the other, those that are only estimated where estimation
    starts; and the formulas of those that follow from others.
    """
    values = {each.name: each.start if isfinite(each.start) else each.mean for each in file.estimated}
    values = {text: value for text, value in values.items() if text in file.parameters}
    formulas: dict[str, Expression] = {}
    for text, formula in file.values:
        try:
            values[text] = float(evaluate(formula, values))
        except UnknownName as error:
            if text not in file.parameters:
                continue
            raise BadData(f"The parameter {text} is set by what has no value: {error}") from error
        formulas.pop(text, None)
        if names_in(formula) - {text}:
            formulas[text] = formula
    follow = {
        text: formula
        for text, formula in formulas.items()
        if text not in names_in(formula) and np.isclose(evaluate(formula, values), values[text], SAME, 0.0)
    }
    return values, follow


def _sizes(file: ModelFile, parameters: Values) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Standard deviations of active shocks, also of those that have one only where estimation starts, and
    correlations.
    """
    sds = {each.name: each.start if isfinite(each.start) else each.mean for each in file.estimated}
    try:
        sds |= {text: float(evaluate(sd, parameters)) for text, sd in file.sds.items()}
        active = {text: sds[text] for text in file.shocks if sds.get(text, 0.0) > 0}
        correlations = {
            pair: float(evaluate(value, parameters))
            for pair, value in file.correlations.items()
            if set(pair) <= set(active)
        }
    except UnknownName as error:
        raise BadData(f"The size of a shock is set by what has no value in the file: {error}") from error
    if not active:
        raise BadData("The file has no active shock: nothing in it is uncertain.")
    if not all(-1 <= value <= 1 for value in correlations.values()):
        raise BadData("The shocks of the file have correlations beyond one.")
    return active, correlations


def _require_values(file: ModelFile, parameters: Values) -> None:
    used = set().union(*(each.names for each in file.equations)) & set(file.parameters)
    if lacking := sorted(used - {text for text, value in parameters.items() if np.isfinite(value)}):
        raise BadData(
            f"The parameter {lacking[0]} has no value in the file: if MATLAB code sets it, write its "
            "value into the file, or pass --octave."
        )
