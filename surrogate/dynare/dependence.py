"""What an economy reads of the parameters, and which of its numbers move with those that vary."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..errors import BadData
from .calibration import Calibration
from .expressions import Expression, at_rest, date_of, names_in
from .reduction import Reduced

Assignments = list[tuple[str, Expression]]


class Dependence:
    """Of an economy: the assignments of its steady state that it needs, and all the parameters that it reads.

    Attributes
    ----------
    rest : names of variables of which the economy needs the value at rest.
    assignments : formulas that lead to them and to the parameters that are set there, in order.
    parameters : names of all parameters that are read somewhere.
    """

    def __init__(self, reduced: Reduced, calibration: Calibration) -> None:
        self.calibration, self.constants = calibration, reduced.constants
        formulas = [*reduced.formulas(), *reduced.observed.values()]
        formulas += [formula for formula in reduced.constants.values() if formula is not None]
        read = set().union(*map(names_in, formulas))
        self.at_rest = tuple(sorted({date_of(text)[0] for text in read if date_of(text)[1] is None}))
        states = [date_of(text)[0] for text in reduced.states if text not in reduced.impulses]
        self.rest = tuple(dict.fromkeys([*states, *reduced.outputs, *self.at_rest]))
        known = {
            *reduced.constants,
            *reduced.outputs,
            *reduced.own_states,
            *(t for t, _ in reduced.definitions),
        }
        if not calibration.in_closed_form and (open_ := set(self.at_rest) - known):
            raise BadData(
                f"An equation reads STEADY_STATE({min(open_)}), which only reports: the file needs a "
                "steady_state_model."
            )
        read = self._followed(read & calibration.parameters.keys())
        wanted = {*self.rest, *read}
        self.assignments = _leading_to(wanted, calibration.assignments)
        read |= (
            set().union(*(names_in(formula) for _, formula in self.assignments))
            if self.assignments
            else set()
        )
        self.parameters = self._followed(read & calibration.parameters.keys())

    def varying(self, chosen: Collection[str]) -> set[str]:
        """Parameters, and variables at rest, STEADY_STATE(c), that move with `chosen` parameters."""
        moving = set(chosen) & self.calibration.parameters.keys()
        derived = [pair for pair in self.calibration.derived.items() if pair[0] not in chosen]
        moving = _moved_by(moving, derived)
        still = [] if self.assignments else self.constants.items()
        inside = _moved_by(moving, [*self.assignments, *still])
        return moving | inside & set(self.calibration.set_at_rest) | {at_rest(text) for text in inside}

    def _followed(self, names: set[str]) -> set[str]:
        """Names, and those that their formulas read."""
        names = set(names)
        for text, formula in reversed(list(self.calibration.derived.items())):
            if text in names:
                names |= names_in(formula)
        return names


def _leading_to(wanted: Iterable[str], assignments: Sequence[tuple[str, Expression]]) -> Assignments:
    """The assignments that are needed, in order."""
    needed, kept = set(wanted), []
    for text, formula in reversed(assignments):
        if text in needed:
            needed = needed - {text} | names_in(formula)
            kept.append((text, formula))
    return kept[::-1]


def _moved_by(moving: set[str], formulas: Iterable[tuple[str, Expression | None]]) -> set[str]:
    """Names, and those of formulas, in order, that read a moving one."""
    moving = set(moving)
    for text, formula in formulas:
        reads = formula is not None and bool(names_in(formula) & moving)
        moving = moving | {text} if reads else moving - {text}
    return moving
