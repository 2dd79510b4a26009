"""Residuals without units: what one side of an equation is off, as a share."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .calculus import derivative, minus, over, terms
from .calibration import Calibration
from .expressions import Expression, date_of, evaluate, number
from .incidence import has_lead
from .model_file import Equation
from .positivity import is_positive

ZERO = 1e-8
"""Sizes of terms that count as none."""
DIGITS = 3


def as_share(
    equation: Equation, positive: Collection[str], sds: Mapping[str, float], calibration: Calibration
) -> Expression:
    """1 - right / left, or the other way round, where one side is known today and is positive because its
    parts are. Else the sum of the terms over half the sum of their sizes at rest; or, where all are zero at
    rest, over half the sum of coefficients times standard deviations.
    """
    for this, other in ((equation.left, equation.right), (equation.right, equation.left)):
        known = not has_lead(Equation("", this, number(0.0)))
        if known and is_positive(this, positive, calibration.parameters):
            return minus(number(1.0), over(other, this))
    size = float(f"{_size(equation, sds, calibration):.{DIGITS}g}")
    return equation.residual if size in (0.0, 1.0) else over(equation.residual, number(size))


def _size(equation: Equation, sds: Mapping[str, float], calibration: Calibration) -> float:
    """Half the sum of sizes."""
    values = calibration.values() | dict.fromkeys(calibration.sds, 0.0)
    at_rest = sum(abs(float(evaluate(term, values))) for term in terms(equation.residual))
    if at_rest > ZERO:
        return at_rest / 2
    moves = {**sds, **calibration.sds}
    return (
        sum(
            abs(float(evaluate(derivative(equation.residual, text), values)))
            * moves.get(date_of(text)[0], 0.0)
            for text in equation.names
            if date_of(text)[1] is not None
        )
        / 2
    )
