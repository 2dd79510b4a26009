"""Whose digits are wrong where the first-order solution differs from Dynare's by more than 1e-8.

    python -m benchmarks.dynare_digits FOLDER NAME [NAME ...]

For each file the largest difference of a coefficient, relative to one where coefficients are larger: between
the two; between them if ours is computed where Dynare says that the economy rests; and of each from the
solution in 50 digits at our place of rest, by time iteration from ours. Needs Octave, Dynare and mpmath.
"""

import sys
from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np

from surrogate.dynare.calibration import Calibration
from surrogate.dynare.linear import LinearRule, pencil_of
from surrogate.dynare.model_file import ModelFile
from surrogate.dynare.octave import computed_by_dynare, linear_rule_of_dynare
from surrogate.house.figures import markdown_table

from .dynare_files import difference, first_import, our_rule

DIGITS, ROUNDS, CLOSE = 50, 1_000, 1e-14
HEADER = ["file", "ours and Dynare's", "at Dynare's rest", "ours from exact", "Dynare's from exact"]


def exact_rule(file: ModelFile, calibration: Calibration) -> LinearRule:
    """The solution in many digits: y = X s with X = -(lead X select + now)^-1 lag."""
    start = our_rule(file, calibration)
    values = {**calibration.values(), **dict.fromkeys(file.shocks, 0.0)}
    pencil = pencil_of(file.equations, tuple(file.endogenous), tuple(file.shocks), values)
    n_states = len(pencil.states)
    arrays = (pencil.lead, pencil.now, -pencil.behind[n_states:, :n_states], pencil.select, pencil.impact)
    lead, now, lag, select, impact = (mpmath.matrix(each.tolist()) for each in arrays)
    policy = mpmath.matrix(start.on_states.tolist())
    for _ in range(ROUNDS):
        inverse = mpmath.inverse(lead * (policy * select) + now)
        new = -inverse * lag
        moved, policy = max(abs(each) for each in new - policy), new
        if moved < CLOSE:
            break
    on_shocks = -inverse * impact
    arrays = (np.array(each.tolist(), float) for each in (policy, on_shocks))
    return replace(start, **dict(zip(("on_states", "on_shocks"), arrays, strict=True)))


def row(path: Path) -> list[str]:
    """One line of the table."""
    imported, _, refused = first_import(path)
    if imported is None:
        return [path.stem, refused, "", "", ""]
    file, calibration = imported.file, imported.calibration
    ours, theirs = our_rule(file, calibration), linear_rule_of_dynare(path)
    at_theirs = replace(calibration, rest={**calibration.rest, **computed_by_dynare(path).rest})
    exact = exact_rule(file, calibration)
    gaps = [
        difference(ours, theirs),
        difference(our_rule(file, at_theirs), theirs),
        difference(ours, exact),
        difference(theirs, exact),
    ]
    return [path.stem, *(f"{gap:.0e}" for gap in gaps)]


if __name__ == "__main__":
    mpmath.mp.dps = DIGITS
    files = [next(Path(sys.argv[1]).rglob(f"{name}.mod")) for name in sys.argv[2:]]
    print(markdown_table(HEADER, map(row, files)))
