"""Bounds of what the network says, as an economy declares them: numbers, or methods where they move."""

from __future__ import annotations

from .calibration import Calibration
from .expressions import Expression
from .model_file import ModelFile
from .positivity import bounds_of, is_positive, positive_names
from .python_text import quoted
from .reduction import Reduced
from .spelling import Spelling


class Bounding:
    """Bounds of the outputs, and the names of variables that are `positive` whatever happens."""

    def __init__(
        self, file: ModelFile, calibration: Calibration, reduced: Reduced, spelling: Spelling
    ) -> None:
        self.spelling = spelling
        everything = [each.residual for each in file.equations] + reduced.formulas()
        self.positive = positive_names(everything, calibration)
        for text, formula in reduced.definitions:
            if is_positive(formula, self.positive, calibration.parameters):
                self.positive.add(text)
        self.bounds = bounds_of(reduced.outputs, reduced.definitions, reduced.formulas(), calibration)

    def arguments(self, output: str) -> str:
        """What Control takes beside name and description."""
        ends = ""
        for side, end in self.bounds[output]._asdict().items():
            if end is not None:
                value = self._number(end)
                ends += f", {side}={quoted(self._name(output, side)) if value is None else repr(value)}"
        return ends

    def methods(self) -> dict[str, Expression]:
        """Names and formulas of bounds that move."""
        return {
            self._name(output, side): end
            for output, bounds in self.bounds.items()
            for side, end in bounds._asdict().items()
            if end is not None and self._number(end) is None
        }

    def _name(self, output: str, side: str) -> str:
        return f"{'least' if side == 'lower' else 'most'}_{self.spelling.names[output]}"

    def _number(self, formula: Expression) -> float | None:
        """What a formula is if it is a number."""
        try:
            return float(self.spelling.formulas.text(formula, self.spelling.today))
        except ValueError:
            return None
