"""An imported economy as a Python file that its author could have written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

import numpy as np

from ..errors import BadData
from .bounding import Bounding
from .box import Box
from .calibration import Calibration
from .constraint import Bounded
from .declarations import declarations
from .dependence import Dependence
from .expressions import at_rest, evaluate, names_in
from .incidence import has_lead
from .model_file import Equation, ModelFile
from .python_text import harmless, quoted
from .reduction import Reduced
from .scaling import as_share
from .spelling import Spelling

WIDTH = 108


class Author:
    """Writes one economy over the parameters of a box, with what is `bounded` now and then."""

    def __init__(
        self,
        file: ModelFile,
        calibration: Calibration,
        reduced: Reduced,
        dependence: Dependence,
        box: Box,
        bounded: Sequence[Bounded] = (),
    ) -> None:
        self.bounded = bounded
        self.file, self.calibration, self.reduced = file, calibration, reduced
        self.dependence, self.box = dependence, box
        self.spelling = Spelling(file, calibration, reduced, dependence, box)
        self.bounding = Bounding(file, calibration, reduced, self.spelling)
        self.formulas, self.names = self.spelling.formulas, self.spelling.names
        self.formulas.constraints = {each.free: self.names[each.variable] for each in bounded}

    def text(self, notes: Iterable[str]) -> str:
        """The whole file, with `notes` at its head."""
        blocks = [
            declarations(
                self.file,
                self.calibration,
                self.reduced,
                self.spelling,
                self.bounding,
                [each.variable for each in self.bounded],
            ),
            *self._compound_parameters(),
            *self._definitions(),
            *self._steady_state(),
            self._transition(),
            *self._equations(),
            self._observe(),
        ]
        body = "\n".join(blocks)
        constants = "\n".join(self._constants())
        return "\n".join([self._head(notes), *([constants, ""] if constants else []), "", body.rstrip(), ""])

    def ranged(self) -> dict[str, str]:
        """What the parameters that vary are called, by their names, or those of their shocks, in the file."""
        return {text: self.spelling.ranged(text) for text in self.box.ranges}

    def observables(self) -> dict[str, str]:
        """What the observables are called, by their names in the file."""
        return {text: self.names[text] for text in self.reduced.observed}

    def _head(self, notes: Iterable[str]) -> str:
        paragraphs = [fill(harmless(note), WIDTH, subsequent_indent="    ") for note in notes]
        title = f'"""{harmless(self.file.name)}.mod, as `dsge-surrogate import` has read it.'
        functions, closed = sorted(self.formulas.functions), self.calibration.in_closed_form
        models = ["Control", "ErgodicEllipse", "Model", "NumericalSteadyState", "ParameterRange", "Variable"]
        models = [each for each in models if not (closed and each == "NumericalSteadyState")]
        if self.bounded:
            functions = [each for each in functions if each != "where"]  # which does not know what is told
            models = ["Constraint", *models, "where"]
        imports = [
            *(["from types import SimpleNamespace", ""] if closed else []),
            *([f"from torch import {', '.join(functions)}", ""] if functions else []),
            f"from surrogate.models import {', '.join(models)}",
        ]
        return "\n".join([title, "", *paragraphs, '"""', "", *imports, ""])

    def _constants(self) -> list[str]:
        """Parameters and sizes of shocks that do not vary, as far as they are read."""
        values, sds = self.calibration.parameters, self.spelling.sds
        lines = [f"{self.names[text]} = {values[text]!r}" for text in values if text in self.spelling.fixed]
        sizes = [text for text in self.reduced.shocks if text not in self.box.ranges]
        return lines + [f"{sds[text]} = {self.calibration.sds[text]!r}" for text in sizes]

    def _compound_parameters(self) -> list[str]:
        """Parameters that follow from others, from the steady state, and processes that no shock moves."""
        varying, read = self.spelling.varying, self.dependence.parameters
        values = {
            text: self.formulas.text(formula, self.spelling.today)
            for text, formula in self.calibration.derived.items()
            if text in varying & read and text not in self.box.ranges
        }
        assigned = {text for text, _ in self.dependence.assignments}
        at_the_rest = [text for text in self.calibration.set_at_rest if text in varying & assigned]
        still = [text for text in self.dependence.at_rest if at_rest(text) in varying]
        for text in (*at_the_rest, *(each for each in still if each in self.reduced.constants)):
            formula = self.reduced.constants.get(text)
            values[text] = (
                f"p.rest.{self.names[text]}"
                if formula is None
                else self.formulas.text(formula, self.spelling.constant)
            )
        return [self._method(text, "p", value) for text, value in values.items()]

    def _definitions(self) -> list[str]:
        """All other variables of today, and bounds that move."""
        formulas = [*self.reduced.definitions, *self.bounding.methods().items()]
        methods = [
            self._method(text, "now, p", self.formulas.text(formula, self.spelling.today))
            for text, formula in formulas
        ]
        return [*methods, self._slack()] if self.bounded else methods

    def _slack(self) -> str:
        """How far each constraint is from binding, relative to rest."""
        entries = [
            f"{quoted(self.names[each.variable])}: {self.formulas.text(each.slack, self.spelling.today)}"
            for each in self.bounded
        ]
        return _returning("slack(self, now, p)", [("", entries)])

    def _method(self, text: str, arguments: str, value: str) -> str:
        spelled = self.names.get(text, text)
        about = harmless(self.file.endogenous.get(text, self.file.parameters.get(text, text)))
        sentence = about[:1].upper() + about[1:] + ("" if about.endswith(".") else ".")
        docstring = [] if about == text else [f'        """{sentence}"""']
        lines = [f"    def {spelled}(self, {arguments}):", *docstring, f"        return {value}", ""]
        return "\n".join(lines)

    def _steady_state(self) -> list[str]:
        """Formulas, or where to start looking for it."""
        reduced, rest = self.reduced, self.calibration.rest
        states = {spelled: text for text, spelled in self.spelling.lags.items()}
        states |= {self.names[text]: text for text in reduced.own_states}
        outputs = {self.names[text]: text for text in reduced.outputs}
        impulses = [self.names[text] for text in reduced.impulses]
        if not self.calibration.in_closed_form:
            values = {spelled: rest[text] for spelled, text in (states | outputs).items()}
            lines = [f"{quoted(spelled)}: {value!r}" for spelled, value in values.items()]
            lines += [f"{quoted(spelled)}: 0.0" for spelled in impulses]
            return [_returning("initial_values(self, p)", [("", lines)])]
        zero = f"0 * p.{self.spelling.ranged(next(iter(self.box.ranges)))}"
        first = [f"{quoted(spelled)}: {self._resting(text, zero)}" for spelled, text in states.items()]
        first += [f"{quoted(spelled)}: {zero}" for spelled in impulses]
        second = [f"{quoted(spelled)}: {self._resting(text, zero)}" for spelled, text in outputs.items()]
        both = [("states", first), ("choices", second)]
        return [self._rest(), _returning("steady_state(self, p)", both)]

    def _resting(self, text: str, zero: str) -> str:
        value = f"p.rest.{self.names[text]}"
        return value if at_rest(text) in self.spelling.varying else f"{value} + {zero}"

    def _rest(self) -> str:
        """The assignments of the file's steady state."""
        lines, local = [], dict[str, bool]()
        values = dict(self.calibration.parameters)

        def reading(text: str) -> tuple[str, bool]:
            """What has been set before is a local name."""
            return (self.names[text], local[text]) if text in local else self.spelling.parameter(text)

        for text, formula in self.dependence.assignments:
            lines.append(f"{self.names[text]} = {self.formulas.text(formula, reading, values)}")
            local[text] = any(reading(each)[1] for each in names_in(formula))
            values[text] = float(evaluate(formula, values))
        wanted = {*self.dependence.rest, *self.calibration.set_at_rest}
        kept = [self.names[text] for text in local if text in wanted]
        lines += ["return SimpleNamespace(", *(f"    {each}={each}," for each in kept), ")"]
        about = '"""Where the economy rests, as the file says it."""'
        return "\n".join(["    def rest(self, p):", *(f"        {line}" for line in (about, *lines)), ""])

    def _transition(self) -> str:
        """Shocks of the file's sizes and correlations, processes, and what becomes a last value."""
        reduced, names, sds = self.reduced, self.names, self.spelling.sds
        lines = []
        for text, weights in zip(reduced.shocks, self.factor(), strict=True):
            size = f"p.{sds[text]}" if text in self.box.ranges else sds[text]
            mixed = [
                f"e.{names[other]}" if weight == 1 else f"{float(f'{weight:.15g}')!r} * e.{names[other]}"
                for other, weight in zip(reduced.shocks, weights, strict=True)
                if weight
            ]
            together = mixed[0] if len(mixed) == 1 else f"({' + '.join(mixed)})"
            lines.append(f"{names[text]} = {size} * {together}")
        for text, formula in reduced.processes:
            lines.append(f"{names[text]} = {self.formulas.text(formula, self.spelling.tomorrow)}")
        entries = [f"{quoted(spelled)}: now.{names[text]}" for text, spelled in self.spelling.lags.items()]
        own = [names[text] for text in (*reduced.own_states, *reduced.impulses)]
        entries += [f"{quoted(each)}: {each}" for each in own]
        return _returning("transition(self, now, e, p)", [("", entries)], lines)

    def factor(self) -> np.ndarray:
        """The Cholesky factor [n_shocks, n_shocks] of the shocks' correlations."""
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
        """What is inside the expectation, and equations without one."""
        ahead = [each for each in self.reduced.residuals if has_lead(each)]
        others = [each for each in self.reduced.residuals if not has_lead(each)]
        inside = [f"{quoted(each.name)}: {self._residual(each)}" for each in ahead]
        methods = [_returning("inside(self, now, then, p)", [("", inside)])]
        if others:
            today = ["**vars(expected)", *(f"{quoted(each.name)}: {self._residual(each)}" for each in others)]
            methods.append(_returning("residuals(self, now, expected, p)", [("", today)]))
        return methods

    def _residual(self, equation: Equation) -> str:
        share = as_share(equation, self.bounding.positive, self.reduced.sds, self.calibration)
        return self.formulas.text(share, self.spelling.today)

    def _observe(self) -> str:
        entries = [
            f"{quoted(self.names[text])}: {self.formulas.text(formula, self.spelling.observed)}"
            for text, formula in self.reduced.observed.items()
        ]
        return _returning("observe(self, now, then, p)", [("", entries)])


def _returning(signature: str, dictionaries: list[tuple[str, list[str]]], lines: Iterable[str] = ()) -> str:
    """A method that returns one dictionary, or several with names."""
    body = list(lines)
    for name, entries in dictionaries:
        body += [f"{name} = {{" if name else "return {", *(f"    {entry}," for entry in entries), "}"]
    if names := [name for name, _ in dictionaries if name]:
        body.append(f"return {', '.join(names)}")
    return "\n".join([f"    def {signature}:", *(f"        {line}" for line in body), ""])
