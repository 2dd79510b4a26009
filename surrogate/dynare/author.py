"""An imported economy as a Python file that its author could have written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import fill

import numpy as np

from ..errors import BadData
from .box import Box
from .calibration import Calibration
from .dependence import Dependence
from .expressions import Expression, date_of, evaluate, names_in
from .incidence import has_lead
from .model_file import Equation, ModelFile
from .positivity import bounds_of, is_positive, positive_names
from .python_text import Formulas, python_names, quoted
from .reduction import Reduced
from .scaling import as_share

WIDTH = 108
NO_LEVEL = "log or deviation"
"""The unit of what may be negative."""


class Author:
    """Writes one economy over the parameters of a box."""

    def __init__(
        self, file: ModelFile, calibration: Calibration, reduced: Reduced, dependence: Dependence, box: Box
    ) -> None:
        self.file, self.calibration, self.reduced = file, calibration, reduced
        self.dependence, self.box = dependence, box
        self.varying = dependence.varying(box.ranges)
        self.fixed: set[str] = set()
        self.formulas = Formulas(calibration.values())
        helpers = [text for text, _ in dependence.assignments]
        symbols = [*file.endogenous, *file.shocks, *calibration.parameters, *helpers]
        lags = [f"{text}_lag" for text in reduced.lags]
        sds = [f"sd_{text}" for text in reduced.shocks]
        self.names = python_names(dict.fromkeys(symbols))
        derived = python_names([*lags, *sds], self.names.values())
        self.lags = {text: derived[f"{text}_lag"] for text in reduced.lags}
        self.sds = {text: derived[f"sd_{text}"] for text in reduced.shocks}
        everything = [each.residual for each in file.equations] + reduced.formulas()
        self.positive = positive_names(everything, calibration)
        self.bounds = bounds_of(reduced.outputs, reduced.definitions, reduced.formulas(), calibration)
        for text, formula in reduced.definitions:
            if is_positive(formula, self.positive, calibration.parameters):
                self.positive.add(text)

    def text(self, notes: Iterable[str]) -> str:
        """The whole file, with `notes` at its head."""
        blocks = [
            self._declarations(),
            *self._compound_parameters(),
            *self._definitions(),
            *self._bounds(),
            *self._steady_state(),
            self._transition(),
            *self._equations(),
            self._observe(),
        ]
        body = "\n".join(block for block in blocks if block)
        constants = "\n".join(self._constants())
        return "\n".join([self._head(notes), *([constants, ""] if constants else []), "", body.rstrip(), ""])

    def spelled(self) -> dict[str, str]:
        """What the parameters that vary are called, by their names, or those of their shocks, in the file."""
        return {text: self.sds[text] if text in self.sds else self.names[text] for text in self.box.ranges}

    def observables(self) -> dict[str, str]:
        """What the observables are called, by their names in the file."""
        return {text: self.names[text] for text in self.reduced.observed}

    # how formulas read names

    def _parameter(self, text: str) -> tuple[str, bool]:
        if text in self.varying:
            return f"p.{self.names[text]}", True
        self.fixed.add(text)
        return self.names[text], False

    def _at_rest(self, text: str) -> tuple[str, bool]:
        variable, _ = date_of(text)
        if text not in self.varying:
            return repr(float(self.calibration.rest[variable])), False
        inside = "p." if variable in self.reduced.constants else "p.rest."
        return inside + self.names[variable], True

    def _today(self, text: str) -> tuple[str, bool]:
        """In an equation: now.c, then.c, now.c_lag."""
        variable, shift = date_of(text)
        if shift is None:
            return self._at_rest(text)
        if variable in self.calibration.parameters:
            return self._parameter(variable)
        spelled = self.lags[variable] if shift < 0 else self.names[variable]
        return f"{'then' if shift > 0 else 'now'}.{spelled}", True

    def _tomorrow(self, text: str) -> tuple[str, bool]:
        """In a transition: what comes is a local name, and what was is of the period now."""
        variable, shift = date_of(text)
        if shift is None or variable in self.calibration.parameters:
            return self._today(text)
        return (f"now.{self.names[variable]}" if shift < 0 else self.names[variable]), True

    def _observed(self, text: str) -> tuple[str, bool]:
        """In an observation: then.c, and now.c for the period before."""
        variable, shift = date_of(text)
        if shift is None or variable in self.calibration.parameters:
            return self._today(text)
        return f"{'now' if shift < 0 else 'then'}.{self.names[variable]}", True

    # the parts of the file

    def _head(self, notes: Iterable[str]) -> str:
        paragraphs = [fill(note, WIDTH, subsequent_indent="    ") for note in notes]
        title = f'"""{self.file.name}.mod, as `dsge-surrogate import` has read it.'
        functions = sorted(self.formulas.functions)
        aids = ["FirstOrderAid", "Model"] + (
            [] if self.calibration.in_closed_form else ["NumericalSteadyState"]
        )
        models = ", ".join(sorted(["Control", "ParameterRange", "Variable", *aids]))
        imports = [
            *(["from types import SimpleNamespace", ""] if self.calibration.in_closed_form else []),
            *([f"from torch import {', '.join(functions)}", ""] if functions else []),
            f"from surrogate.models import {models}",
        ]
        return "\n".join([title, "", *paragraphs, '"""', "", *imports, ""])

    def _constants(self) -> list[str]:
        """Parameters and sizes of shocks that do not vary, as far as they are read."""
        values = self.calibration.parameters
        lines = [f"{self.names[text]} = {values[text]!r}" for text in values if text in self.fixed]
        sizes = [text for text in self.reduced.shocks if text not in self.box.ranges]
        return lines + [f"{self.sds[text]} = {self.calibration.sds[text]!r}" for text in sizes]

    def _declarations(self) -> str:
        reduced, endogenous = self.reduced, self.file.endogenous
        ranges = []
        for text, (lower, upper, default) in self.box.ranges.items():
            is_shock = text in self.file.shocks
            spelled = self.sds[text] if is_shock else self.names[text]
            about = f"standard deviation of {text}" if is_shock else self.file.parameters.get(text, "")
            ranges.append(
                f"ParameterRange({quoted(spelled)}, {lower!r}, {upper!r}, {default!r}, {quoted(about)})"
            )
        states = [
            self._variable(self.lags[text], f"{endogenous[text]}, one period before", text)
            for text in reduced.lags
        ]
        states += [self._variable(self.names[text], endogenous[text], text) for text in self._own_states()]
        states += [
            f'Variable({quoted(self.names[text])}, {quoted(self.file.shocks[text])}, "deviation")'
            for text in reduced.impulses
        ]
        shocks = [
            f'Variable({quoted(self.names[text])}, {quoted(self.file.shocks[text])}, "standard deviations")'
            for text in reduced.shocks
        ]
        observed = [
            f"Variable({quoted(self.names[text])}, {quoted(endogenous[text])})" for text in reduced.observed
        ]
        equations = [f"Variable({quoted(each.name)})" for each in reduced.residuals]
        groups = {
            "parameters": ranges,
            "states": states,
            "controls": [self._control(text) for text in reduced.outputs],
            "shocks": shocks,
            "observables": observed,
            "equations": equations,
        }
        aids = "" if self.calibration.in_closed_form else "NumericalSteadyState, "
        lines = [
            f"class {self._class_name()}(FirstOrderAid, {aids}Model):",
            f'    """{len(reduced.states)} states, {len(reduced.outputs)} left to the network."""',
            "",
            f"    name = {quoted(_identifier(self.file.name))}",
            f'    description = "{self.file.name}.mod"',
        ]
        for group, items in groups.items():
            lines += [f"    {group} = (", *(f"        {item}," for item in items), "    )"]
        return "\n".join([*lines, ""])

    def _own_states(self) -> list[str]:
        return [text for text, _ in self.reduced.processes if text not in self.reduced.auxiliary]

    def _variable(self, spelled: str, about: str, text: str) -> str:
        unit = "" if text in self.positive else NO_LEVEL
        words = [quoted(word) for word in (spelled, about, unit) if word]
        return f"Variable({', '.join(words)})"

    def _control(self, text: str) -> str:
        ends = ""
        for side, end in self.bounds[text]._asdict().items():
            if end is not None:
                value = self._number(end)
                ends += (
                    f", {side}={quoted(self._bound_name(text, side))}"
                    if value is None
                    else f", {side}={value!r}"
                )
        return f"Control({quoted(self.names[text])}, {quoted(self.file.endogenous[text])}{ends})"

    def _number(self, formula: Expression) -> float | None:
        """What a formula is if it does not vary."""
        text = self.formulas.text(formula, self._today)
        try:
            return float(text)
        except ValueError:
            return None

    def _bound_name(self, text: str, side: str) -> str:
        return f"{'least' if side == 'lower' else 'most'}_{self.names[text]}"

    def _compound_parameters(self) -> list[str]:
        methods = [
            self._method(text, "p", self.formulas.text(formula, self._today))
            for text, formula in self.calibration.derived.items()
            if text in self.varying & self.dependence.parameters and text not in self.box.ranges
        ]
        at_rest = [text for text in self.calibration.set_at_rest if text in self.varying]
        methods += [
            self._method(text, "p", f"p.rest.{self.names[text]}")
            for text in at_rest
            if text in {name for name, _ in self.dependence.assignments}
        ]
        for text, formula in self.reduced.constants.items():
            if f"STEADY_STATE({text})" in self.varying and text in self.dependence.at_rest:
                value = (
                    f"p.rest.{self.names[text]}"
                    if formula is None
                    else self.formulas.text(formula, self._constant)
                )
                methods.append(self._method(text, "p", value))
        return methods

    def _constant(self, text: str) -> tuple[str, bool]:
        """In the formula of a constant, where other constants have their plain names."""
        if text in self.reduced.constants:
            return self._at_rest(f"STEADY_STATE({text})")
        return self._today(text)

    def _definitions(self) -> list[str]:
        return [
            self._method(text, "now, p", self.formulas.text(formula, self._today))
            for text, formula in self.reduced.definitions
        ]

    def _bounds(self) -> list[str]:
        return [
            self._method(self._bound_name(text, side), "now, p", self.formulas.text(end, self._today))
            for text, bounds in self.bounds.items()
            for side, end in bounds._asdict().items()
            if end is not None and self._number(end) is None
        ]

    def _method(self, text: str, arguments: str, value: str) -> str:
        spelled = self.names.get(text, text)
        about = self.file.endogenous.get(text, self.file.parameters.get(text, text))
        docstring = [] if about == text else [f'        """{_sentence(about)}"""']
        return "\n".join(
            [f"    def {spelled}(self, {arguments}):", *docstring, f"        return {value}", ""]
        )

    def _steady_state(self) -> list[str]:
        reduced = self.reduced
        states = {self.lags[text]: text for text in reduced.lags}
        states |= {self.names[text]: text for text in self._own_states()}
        impulses = [self.names[text] for text in reduced.impulses]
        outputs = {self.names[text]: text for text in reduced.outputs}
        if not self.calibration.in_closed_form:
            rest = self.calibration.rest
            values = {spelled: rest[text] for spelled, text in (states | outputs).items()}
            values |= dict.fromkeys(impulses, 0.0)
            lines = [f"{quoted(spelled)}: {float(value)!r}" for spelled, value in values.items()]
            return [_returning("initial_values(self, p)", [("", lines)])]
        first = [f"{quoted(spelled)}: {self._resting(text)}" for spelled, text in states.items()]
        first += [f"{quoted(spelled)}: 0 * p.{self._first_parameter()}" for spelled in impulses]
        second = [f"{quoted(spelled)}: {self._resting(text)}" for spelled, text in outputs.items()]
        both = [("states", first), ("choices", second)]
        return [self._rest(), _returning("steady_state(self, p)", both)]

    def _rest(self) -> str:
        """The assignments of the file's steady state."""
        lines, local = [], dict[str, bool]()
        values = dict(self.calibration.parameters)

        def reading(text: str) -> tuple[str, bool]:
            """What has been set before is a local name."""
            return (self.names[text], local[text]) if text in local else self._parameter(text)

        for text, formula in self.dependence.assignments:
            lines.append(f"{self.names[text]} = {self.formulas.text(formula, reading, values)}")
            local[text] = any(reading(each)[1] for each in names_in(formula))
            values[text] = float(evaluate(formula, values))
        wanted = {*self.dependence.rest, *self.calibration.set_at_rest}
        kept = [self.names[text] for text in local if text in wanted]
        lines += ["return SimpleNamespace(", *(f"    {each}={each}," for each in kept), ")"]
        about = '"""Where the economy rests, as the file says it."""'
        return "\n".join(["    def rest(self, p):", *(f"        {line}" for line in (about, *lines)), ""])

    def _resting(self, text: str) -> str:
        value = f"p.rest.{self.names[text]}"
        return (
            value if f"STEADY_STATE({text})" in self.varying else f"{value} + 0 * p.{self._first_parameter()}"
        )

    def _first_parameter(self) -> str:
        text = next(iter(self.box.ranges))
        return self.sds[text] if text in self.file.shocks else self.names[text]

    def _transition(self) -> str:
        reduced, lines = self.reduced, []
        factor = self._factor()
        for row, text in enumerate(reduced.shocks):
            size = f"p.{self.sds[text]}" if text in self.box.ranges else self.sds[text]
            mixed = [
                f"e.{self.names[other]}" if weight == 1 else f"{_plain(weight)!r} * e.{self.names[other]}"
                for other, weight in zip(reduced.shocks, factor[row], strict=True)
                if weight
            ]
            together = mixed[0] if len(mixed) == 1 else f"({' + '.join(mixed)})"
            lines.append(f"{self.names[text]} = {size} * {together}")
        for text, formula in reduced.processes:
            lines.append(f"{self.names[text]} = {self.formulas.text(formula, self._tomorrow)}")
        entries = [f"{quoted(self.lags[text])}: now.{self.names[text]}" for text in reduced.lags]
        own = [self.names[text] for text in (*self._own_states(), *reduced.impulses)]
        entries += [f"{quoted(each)}: {each}" for each in own]
        return _returning("transition(self, now, e, p)", [("", entries)], lines)

    def _factor(self) -> np.ndarray:
        """The Cholesky factor of the shocks' correlations."""
        shocks = self.reduced.shocks
        matrix = np.eye(len(shocks))
        for (one, two), value in self.calibration.correlations.items():
            if one in shocks and two in shocks:
                row, column = shocks.index(one), shocks.index(two)
                matrix[row, column] = matrix[column, row] = value
        try:
            return np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise BadData("The correlations of the shocks are no correlations.") from None

    def _equations(self) -> list[str]:
        ahead = [each for each in self.reduced.residuals if has_lead(each)]
        others = [each for each in self.reduced.residuals if not has_lead(each)]
        inside = [f"{quoted(each.name)}: {self._residual(each)}" for each in ahead]
        methods = [_returning("inside(self, now, then, p)", [("", inside)])]
        if others:
            today = ["**vars(expected)", *(f"{quoted(each.name)}: {self._residual(each)}" for each in others)]
            methods.append(_returning("residuals(self, now, expected, p)", [("", today)]))
        return methods

    def _residual(self, equation: Equation) -> str:
        share = as_share(equation, self.positive, self.reduced.sds, self.calibration)
        return self.formulas.text(share, self._today)

    def _observe(self) -> str:
        entries = [
            f"{quoted(self.names[text])}: {self.formulas.text(formula, self._observed)}"
            for text, formula in self.reduced.observed.items()
        ]
        return _returning("observe(self, now, then, p)", [("", entries)])

    def _class_name(self) -> str:
        words = re.split(r"\W|_", self.file.name, flags=re.ASCII)
        name = "".join(word[:1].upper() + word[1:] for word in words if word)
        return name if name[:1].isalpha() else f"Economy{name}"


def _returning(signature: str, dictionaries: list[tuple[str, list[str]]], lines: Iterable[str] = ()) -> str:
    """A method that returns one dictionary, or several with names."""
    body = list(lines)
    for name, entries in dictionaries:
        body += [f"{name} = {{" if name else "return {", *(f"    {entry}," for entry in entries), "}"]
    if names := [name for name, _ in dictionaries if name]:
        body.append(f"return {', '.join(names)}")
    return "\n".join([f"    def {signature}:", *(f"        {line}" for line in body), ""])


def _plain(value: float) -> float:
    """Without the last digit's rounding."""
    return float(f"{value:.15g}")


def _identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower() or "economy"


def _sentence(text: str) -> str:
    plain = text.replace("\\", "/").replace('"', "'").strip()
    return plain[:1].upper() + plain[1:] + ("" if plain.endswith(".") else ".")
