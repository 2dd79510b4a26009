"""How an economy's file calls things, and how its formulas read them."""

from __future__ import annotations

from .box import Box
from .calibration import Calibration
from .dependence import Dependence
from .expressions import at_rest, date_of
from .model_file import ModelFile
from .python_text import Formulas, python_names
from .reduction import Reduced


class Spelling:
    """Names in Python by names in the Dynare file: `names` of all symbols, `lags` of states that are last
    values, `sds` of the shocks' standard deviations.

    The readings `today`, `tomorrow`, `observed` and `constant` say for a dated name how a formula at that
    place writes it, and whether it is a tensor there. `fixed` collects parameters that are read as plain
    numbers.
    """

    def __init__(
        self, file: ModelFile, calibration: Calibration, reduced: Reduced, dependence: Dependence, box: Box
    ) -> None:
        self.calibration, self.constants, self.box = calibration, reduced.constants, box
        self.varying = dependence.varying(box.ranges)
        self.fixed: set[str] = set()
        self.formulas = Formulas(calibration.values())
        helpers = [text for text, _ in dependence.assignments]
        symbols = [*file.endogenous, *file.shocks, *calibration.parameters, *helpers]
        self.names = python_names(dict.fromkeys(symbols))
        lags, sds = ([f"{text}_lag" for text in reduced.lags], [f"sd_{text}" for text in reduced.shocks])
        derived = python_names([*lags, *sds], self.names.values())
        self.lags = {text: derived[f"{text}_lag"] for text in reduced.lags}
        self.sds = {text: derived[f"sd_{text}"] for text in reduced.shocks}

    def ranged(self, text: str) -> str:
        """A parameter of the box, or the standard deviation of a shock there."""
        return self.sds[text] if text in self.sds else self.names[text]

    def parameter(self, text: str) -> tuple[str, bool]:
        """p.alpha, or alpha where it does not vary."""
        if text in self.varying:
            return f"p.{self.names[text]}", True
        self.fixed.add(text)
        return self.names[text], False

    def rest(self, variable: str) -> tuple[str, bool]:
        """A variable at rest: p.rest.c, a number where it does not vary, p.at_rest.c if it is solved for."""
        if not self.calibration.in_closed_form and variable not in self.constants:
            return f"p.at_rest.{self.names[variable]}", True
        if at_rest(variable) not in self.varying:
            return repr(float(self.calibration.rest[variable])), False
        return ("p." if variable in self.constants else "p.rest.") + self.names[variable], True

    def today(self, text: str) -> tuple[str, bool]:
        """In an equation: now.c, then.c, now.c_lag."""
        variable, shift = date_of(text)
        if shift is None:
            return self.rest(variable)
        if variable in self.calibration.parameters:
            return self.parameter(variable)
        spelled = self.lags[variable] if shift < 0 else self.names[variable]
        return f"{'then' if shift > 0 else 'now'}.{spelled}", True

    def tomorrow(self, text: str) -> tuple[str, bool]:
        """In a transition: what comes is a local name, and what was is of the period now."""
        variable, shift = date_of(text)
        if shift is None or variable in self.calibration.parameters:
            return self.today(text)
        return (f"now.{self.names[variable]}" if shift < 0 else self.names[variable]), True

    def observed(self, text: str) -> tuple[str, bool]:
        """In an observation: then.c, and now.c for the period before."""
        variable, shift = date_of(text)
        if shift is None or variable in self.calibration.parameters:
            return self.today(text)
        return f"{'now' if shift < 0 else 'then'}.{self.names[variable]}", True

    def constant(self, text: str) -> tuple[str, bool]:
        """In the formula of a constant, where other constants have their plain names."""
        return self.rest(text) if text in self.constants else self.today(text)
