"""From a file's equations to an economy: states, what a network has to say, and all else by formulas.

Variables that only report leave; processes become states; what one equation of today says of one unknown is
solved for it; where nothing more can be solved, one more variable is left to the network (an output), until
all are known. The equations that are left over then are as many as the outputs: the residuals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import BadData, NoEquilibrium
from .calculus import simplified, solved_for
from .calibration import Calibration, at_rest_of
from .expressions import Expression, at_rest, date_of, dated, names_in, number, substituted
from .expressions import name as name_
from .incidence import Trimmed, alone, has_lead, is_dynamic, moved, processes, trimmed, variables_at
from .linear import LinearRule, covariance_of, solve_linear
from .model_file import Equation, ModelFile
from .positivity import logarithms
from .tearing import Tearing

MOST_STATES = 15
LARGE = 0.5
"""Standard deviation of a logarithm that is no economy's: the shocks are in percent."""


@dataclass(frozen=True)
class Reduced:
    """An economy of states, outputs and formulas, which read the names of the file.

    Attributes
    ----------
    processes : what follows from shocks and the past, by formulas, in order; `auxiliary` are those of them
        that are no states and only help to compute others. The past of the last ones may be anything's.
    lags : variables whose last value is a state.
    shocks : that are active; `impulses` are those that equations of today read, which are states as well.
    outputs : what a network says.
    definitions : all other variables of today, in order.
    residuals : equations, as many as outputs.
    constants : processes that no shock moves, by formulas of where they rest, or None where the file's steady
        state says it.
    observed : what can be observed, by formulas of today and of one period before.
    dropped : variables that only report and are not observed.
    rule : the first-order solution of what is left; `sds` are its ergodic standard deviations.
    """

    processes: tuple[tuple[str, Expression], ...]
    auxiliary: tuple[str, ...]
    lags: tuple[str, ...]
    shocks: tuple[str, ...]
    impulses: tuple[str, ...]
    outputs: tuple[str, ...]
    definitions: tuple[tuple[str, Expression], ...]
    residuals: tuple[Equation, ...]
    constants: Mapping[str, Expression | None]
    observed: Mapping[str, Expression]
    dropped: tuple[str, ...]
    rule: LinearRule
    sds: Mapping[str, float]

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states, lags as ``c(-1)``."""
        return (*(dated(text, -1) for text in self.lags), *self.own_states, *self.impulses)

    @property
    def own_states(self) -> tuple[str, ...]:
        """Names of the processes that are states."""
        return tuple(text for text, _ in self.processes if text not in self.auxiliary)

    def formulas(self) -> list[Expression]:
        """All formulas and equations of the economy itself."""
        pairs = [*self.processes, *self.definitions]
        return [formula for _, formula in pairs] + [each.residual for each in self.residuals]


def reduce(file: ModelFile, calibration: Calibration) -> Reduced:
    """Reduce a file's equations.

    Raises
    ------
    BadData : nothing looks ahead, there are more than `MOST_STATES` states or `MOST_OUTPUTS` outputs, or the
        shocks seem to be in percent.
    NoEquilibrium : no unique stable linear solution, or a unit root.
    """
    shocks, tearing = tuple(calibration.sds), Tearing(calibration)
    left, own, constants = _separated(file, calibration, tearing)
    if not any(map(has_lead, left.equations)):  # prices of assets, say, that nobody else depends on
        left, own, constants = _separated(file, calibration, tearing, ahead=False)
    by_rest = _at_rest(constants)
    equations, variables = left.equations, left.variables
    rule, tearing.sds = _first_order(equations, variables, calibration)

    formulas = {text: tearing.known(each, text) for text, each in own.items()}
    dynamic = [text for text in formulas if is_dynamic(own[text], variables)]
    used = {own[text].name for text in dynamic}
    today = [each for each in equations if each.name not in used]
    unknown = [text for text in variables if text not in dynamic]
    carried = _carried(today, unknown, (*variables, *shocks), tearing)
    today = [each for each in today if each not in carried.values()]
    unknown = [text for text in unknown if text not in carried]
    formulas |= {text: tearing.known(each, text) for text, each in carried.items()}
    dynamic += carried
    outputs, definitions, residuals = tearing.torn(today, unknown)
    helping = _read_today(formulas, dynamic)
    observed = _observed(file, left.formula, by_rest)
    read_today = set().union(*(each.names for each in today), *map(names_in, observed.values()))
    read = read_today.union(*(names_in(formulas[text]) for text in helping))
    reduced = Reduced(
        processes=tuple((text, formulas[text]) for text in formulas if text in helping),
        auxiliary=tuple(text for text in formulas if text in helping - set(dynamic)),
        lags=tuple(text for text in variables if any(dated(text, -1) in each.names for each in today)),
        shocks=tuple(text for text in shocks if text in read),
        impulses=tuple(text for text in shocks if text in read_today),
        outputs=tuple(outputs),
        definitions=tuple(definitions),
        residuals=tuple(residuals),
        constants=constants,
        observed=observed,
        dropped=tuple(text for text in left.reported if text not in observed),
        rule=rule,
        sds=tearing.sds,
    )
    _require_sensible(reduced, calibration)
    return reduced


def _separated(
    file: ModelFile, calibration: Calibration, tearing: Tearing, ahead: bool = True
) -> tuple[Trimmed, dict[str, Equation], dict[str, Expression | None]]:
    """What is left of the file without variables that only report, those that look ahead with `ahead`, and
    without constants; the processes with their equations; and the constants. Where one leaves, others may
    follow.
    """
    shocks = tuple(calibration.sds)
    values = calibration.values() | dict.fromkeys(shocks, 0.0)
    idle = [text for text in file.shocks if text not in shocks]
    zeros: dict[str, Expression] = {dated(text, shift): number(0.0) for text in idle for shift in (-1, 0, 1)}
    equations = tuple(_replaced(each, zeros) for each in file.equations)
    left = Trimmed(equations, tuple(file.endogenous), {})
    constants: dict[str, Expression | None] = {}
    while True:
        left = trimmed(left, file.observables, values, ahead)
        own = processes(left.equations, left.variables, tearing.solution)
        still = {text: each for text, each in own.items() if text not in moved(own, shocks)}
        still |= alone(left.equations, left.variables, shocks, values)
        new = _constants(file, still, constants, calibration)
        if not new:
            return left, own, constants
        constants |= new
        settled = {still[text].name for text in new}
        kept = (each for each in left.equations if each.name not in settled)
        left = replace(
            left,
            equations=tuple(_replaced(each, _at_rest(new)) for each in kept),
            variables=tuple(text for text in left.variables if text not in new),
        )


def _at_rest(constants: Mapping[str, Expression | None]) -> dict[str, Expression]:
    """Constants at any date, by their values at rest or by numbers."""
    return {
        dated(text, shift): formula if isinstance(formula, ast.Constant) else name_(at_rest(text))
        for text, formula in constants.items()
        for shift in (-1, 0, 1)
    }


def _replaced(equation: Equation, by: Mapping[str, Expression]) -> Equation:
    if not by.keys() & equation.names:
        return equation
    left, right = (simplified(substituted(side, by)) for side in (equation.left, equation.right))
    return replace(equation, left=left, right=right)


def _constants(
    file: ModelFile,
    still: Mapping[str, Equation],
    known: Mapping[str, Expression | None],
    calibration: Calibration,
) -> dict[str, Expression | None]:
    """Variables that nothing moves stay where they rest, if a formula says where that is."""
    constants: dict[str, Expression | None] = {}
    assigned = dict(calibration.assignments)
    for text, each in still.items():
        if calibration.in_closed_form:
            formula = assigned[text]
            constants[text] = formula if isinstance(formula, ast.Constant) else None
            continue
        formula = solved_for(text, at_rest_of(file, each.left), at_rest_of(file, each.right))
        if formula is not None and names_in(formula) <= {*calibration.parameters, *known, *constants}:
            constants[text] = formula
    return constants


def _read_today(formulas: Mapping[str, Expression], dynamic: Sequence[str]) -> set[str]:
    """The processes, and what their formulas read of today."""
    needed = set(dynamic)
    while (
        new := {text for each in needed for text in variables_at(names_in(formulas[each]), 0, formulas)}
        - needed
    ):
        needed |= new
    return needed


def _carried(
    today: Sequence[Equation], unknown: Sequence[str], moving: Sequence[str], tearing: Tearing
) -> dict[str, Equation]:
    """Variables of today that the past alone decides, with their equations, where they spare two lags or
    more: employment, which follows from last period's employment, vacancies and their chances, is one state.
    """
    carried: dict[str, Equation] = {}
    for each in today:
        now = variables_at(each.names, 0, moving)
        if has_lead(each) or len(now) != 1 or not now <= {*unknown} - {*carried}:
            continue
        (text,) = now
        others = set().union(*(e.names for e in today if e is not each and e not in carried.values()))
        spared = {dated(past, -1) for past in variables_at(each.names, -1, moving)} - others
        if len(spared) > 1 and tearing.solution(each, text) is not None:
            carried[text] = each
    return carried


def _observed(
    file: ModelFile, formula: Callable[[str], Expression | None], by_rest: Mapping[str, Expression]
) -> dict[str, Expression]:
    """What the file observes, or else lists, or else all of it, as far as there are formulas that move."""

    def moving(texts: Iterable[str]) -> dict[str, Expression]:
        formulas = {text: formula(text) for text in texts if text in file.endogenous}
        found = {text: simplified(substituted(f, by_rest)) for text, f in formulas.items() if f is not None}
        return {
            text: each
            for text, each in found.items()
            if any(
                variable in file.endogenous and date is not None
                for variable, date in map(date_of, names_in(each))
            )
        }

    return moving(file.observables or file.listed) or moving(file.endogenous)


def _first_order(
    equations: Sequence[Equation], variables: Sequence[str], calibration: Calibration
) -> tuple[LinearRule, dict[str, float]]:
    """The linear solution of what is left, and ergodic standard deviations."""
    if not any(has_lead(each) for each in equations):
        raise BadData("No equation of the file looks ahead: there is no policy that a network could learn.")
    shocks = tuple(calibration.sds)
    rule = solve_linear(equations, variables, shocks, calibration.values())
    sds = rule.sds(covariance_of(shocks, calibration.sds, calibration.correlations))
    if not np.isfinite(list(sds.values())).all():
        raise NoEquilibrium(
            "The economy has a unit root beside those of variables that only report: it rests nowhere. "
            "Write it in variables that are stationary."
        )
    return rule, sds


def _require_sensible(reduced: Reduced, calibration: Calibration) -> None:
    """Refuse what is too large, and shocks in percent."""
    if not reduced.shocks:
        raise BadData("No active shock moves anything but variables that only report.")
    if len(reduced.states) > MOST_STATES:
        raise BadData(
            f"The economy has {len(reduced.states)} states ({', '.join(reduced.states)}); more than "
            f"{MOST_STATES} are not solved here."
        )
    for text, sd in logarithms(reduced.formulas(), reduced.sds, calibration).items():
        if sd > LARGE:
            raise BadData(
                f"The logarithm of {text} has a standard deviation of {sd:.2g}: shocks seem to be in "
                "percent, which a first-order solution does not notice. Divide them by 100, in the file or "
                "by --percent."
            )
