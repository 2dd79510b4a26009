"""Which variables are left to the network, and by which formulas the others follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import BadData
from .calculus import affine_parts, derivative, solved_for
from .calibration import Calibration
from .expressions import Expression, date_of, dated, evaluate, names_in
from .incidence import dates_of, has_lead, variables_at
from .model_file import Equation
from .positivity import surpluses_in

SAME = 1e-7
"""How far, relative to one or itself, a formula may be from the variable's value at rest."""
ILL = 1.5
"""log10 of how much larger than a variable the parts may be of which a formula makes it: a rule for the
interest rate that is solved for inflation would be worse.
"""
MOST_OUTPUTS = 10
STILL = 1e-8
"""Standard deviations below are rounding, as that of price dispersion to first order."""


class Tearing:
    """Solve what can be solved; each equation is tried for each variable once. `sds`, ergodic standard
    deviations by variable, say how well-conditioned a formula is, once they are known.
    """

    def __init__(self, calibration: Calibration) -> None:
        self.values = calibration.values() | dict.fromkeys(calibration.sds, 0.0)
        self.sds: Mapping[str, float] = {}
        self._solutions: dict[tuple[int, str], tuple[Equation, Expression | None]] = {}
        self._costs: dict[int, float] = {}

    def solution(self, equation: Equation, variable: str) -> Expression | None:
        """An equation solved for a variable of today, if the formula is right at rest."""
        key = id(equation), variable
        if key not in self._solutions:
            formula = None
            if dates_of(equation, variable) & {0, 1} == {0}:
                formula = solved_for(variable, equation.left, equation.right)
            if formula is not None and not self._right(formula, variable):
                formula = None
            self._solutions[key] = equation, formula
        return self._solutions[key][1]

    def known(self, equation: Equation, variable: str) -> Expression:
        """A solution that there is; raises BadData."""
        formula = self.solution(equation, variable)
        if formula is None:
            raise BadData(f"The equation {equation.name} cannot be solved for {variable}.")
        return formula

    def torn(
        self, equations: Sequence[Equation], unknown: Sequence[str]
    ) -> tuple[list[str], list[tuple[str, Expression]], list[Equation]]:
        """Outputs, definitions in order, and residuals, of `equations` as many as variables `unknown` today.

        Raises
        ------
        BadData : there are more than `MOST_OUTPUTS` outputs.
        """
        waiting, open_ = list(equations), list(unknown)
        outputs: list[str] = []
        _require_few(sum(map(has_lead, equations)))  # each of which will be a residual
        definitions = self._solve_on(waiting, open_)
        surpluses = [each for equation in equations for each in surpluses_in(equation.residual)]
        bounded = {text: sum(affine_parts(text, each) is not None for each in surpluses) for text in unknown}
        while open_:
            best = max(open_, key=lambda text: self._trial(text, waiting, open_, bounded[text]))
            outputs.append(best)
            _require_few(len(outputs))
            open_.remove(best)
            definitions += self._solve_on(waiting, open_)
        return outputs, definitions, waiting

    def _trial(
        self, output: str, waiting: Sequence[Equation], open_: Sequence[str], surpluses: int
    ) -> tuple[int, int, float, bool]:
        """How good an output is: how many variables it unlocks, how many surpluses it keeps positive, at
        which cost others follow, and whether it is expected.
        """
        definitions = self._solve_on(list(waiting), [each for each in open_ if each != output])
        cost = sum(self._cost(formula, text) for text, formula in definitions)
        expected = any(dated(output, 1) in each.names for each in waiting)
        return len(definitions), surpluses, -round(cost, 6), expected

    def _solve_on(self, waiting: list[Equation], open_: list[str]) -> list[tuple[str, Expression]]:
        """Solve equations with one unknown, the best-conditioned first, until there are none; both lists get
        shorter.
        """
        definitions: list[tuple[str, Expression]] = []
        while True:
            ready = []
            for each in waiting:
                unknown = variables_at(each.names, 0, open_)
                if len(unknown) == 1 and not has_lead(each):
                    text = next(iter(unknown))
                    formula = self.solution(each, text)
                    if formula is not None and (cost := self._cost(formula, text)) < ILL:
                        ready.append((cost, len(ready), each, text, formula))
            if not ready:
                return definitions
            _, _, each, text, formula = min(ready, key=lambda item: item[:2])
            definitions.append((text, formula))
            waiting.remove(each)
            open_.remove(text)

    def _right(self, formula: Expression, variable: str) -> bool:
        value, rest = evaluate(formula, self.values), self.values[variable]
        return bool(abs(value - rest) <= SAME * max(1.0, abs(rest)))

    def _cost(self, formula: Expression, variable: str) -> float:
        """log10 of how large the parts are of which a formula makes a variable, in standard deviations."""
        if id(formula) not in self._costs:
            own, parts = self.sds.get(variable, 0.0), 0.0
            still = own < STILL * max(1.0, abs(self.values[variable]))
            for text in names_in(formula):
                sd = self.sds.get(date_of(text)[0], 0.0)
                if sd > 0 and date_of(text)[1] is not None:
                    parts += abs(float(evaluate(derivative(formula, text), self.values))) * sd
            self._costs[id(formula)] = (
                max(0.0, float(np.log10(parts / own))) if parts > 0 and not still else 0.0
            )
        return self._costs[id(formula)]


def _require_few(outputs: int) -> None:
    if outputs > MOST_OUTPUTS:
        raise BadData(
            f"The economy leaves {outputs} or more variables to the network; more than {MOST_OUTPUTS} are "
            "not solved here."
        )
