"""What becomes of a folder of Dynare files: imported or refused, and how far the linear solution is from
Dynare's.

    python -m benchmarks.dynare_files FOLDER > table.md

Files that need an option are imported with it. Where Octave and Dynare are installed (Debian's packages
`octave` and `dynare`), Dynare solves each file to first order as well.
"""

import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from surrogate.dynare.calculus import derivative
from surrogate.dynare.calibration import Calibration, calibrate
from surrogate.dynare.expressions import date_of, names_in
from surrogate.dynare.importing import Imported, import_economy
from surrogate.dynare.incidence import has_lead
from surrogate.dynare.linear import LinearRule, solve_linear
from surrogate.dynare.model_file import Equation, ModelFile, read_model_file
from surrogate.dynare.octave import available, linear_rule_of_dynare
from surrogate.dynare.preprocessor import preprocess
from surrogate.errors import SurrogateError
from surrogate.house.figures import markdown_table

OPTIONS: tuple[tuple[str, ...], ...] = ((), ("percent",), ("octave",), ("octave", "percent"))
"""Of the import, in the order in which they are tried where a refusal names them."""


def our_rule(file: ModelFile, calibration: Calibration) -> LinearRule:
    """The first-order solution of the whole file by this package."""
    values = {**calibration.values(), **dict.fromkeys(file.shocks, 0.0)}
    return solve_linear(file.equations, tuple(file.endogenous), tuple(file.shocks), values)


def difference(ours: LinearRule, theirs: LinearRule) -> float:
    """Largest difference of coefficients that both have, relative to one where that is above one."""
    rows = [
        (ours.variables.index(each), theirs.variables.index(each))
        for each in theirs.variables
        if each in ours.variables
    ]
    mine, yours = np.array(rows).T
    worst = 0.0
    for kind, names in (("on_states", "states"), ("on_shocks", "shocks")):
        columns = [
            (getattr(ours, names).index(each), number) for number, each in enumerate(getattr(theirs, names))
        ]
        a, b = np.array(columns).T
        one, other = getattr(ours, kind)[np.ix_(mine, a)], getattr(theirs, kind)[np.ix_(yours, b)]
        worst = max(worst, float(np.max(np.abs(one - other) / np.maximum(1, np.abs(other)))))
    return worst


class Outcome(NamedTuple):
    """What became of a file: the economy, or why there is none, the linear solution beside Dynare's, and
    whether it `counts` as one of those that a global solution is for, nonlinear and stochastic.
    """

    path: Path
    imported: Imported | None
    options: tuple[str, ...]
    refused: str
    gap: float | None
    without_dynare: str
    counts: bool

    def __str__(self) -> str:
        if self.imported is None:
            said = f"refused: {self.refused}"
        else:
            reduced, note = self.imported.reduced, f" ({', '.join(self.options)})" if self.options else ""
            sizes = f"{len(reduced.states)} states, {len(reduced.outputs)} for the network"
            said = f"{len(self.imported.file.endogenous)} variables, {sizes}{note}"
        if self.gap is not None:
            return f"{said}; linear solution {self.gap:.0e} from Dynare's"
        return f"{said}; Dynare does not solve it: {self.without_dynare}" if self.without_dynare else said


def outcome(path: Path) -> Outcome:
    """What becomes of a file, with the first of the options that lets it in."""
    imported, options, refused = first_import(path)
    counts = is_nonlinear_and_stochastic(path, refused)
    return Outcome(path, imported, options, refused, *_beside_dynare(path, imported), counts)


def first_import(path: Path) -> tuple[Imported | None, tuple[str, ...], str]:
    """The economy, with the first of the options that lets it in, or why there is none."""
    refused = ""
    for options in OPTIONS:
        if options and not any(f"--{each}" in refused for each in options):
            continue
        if "octave" in options and not available():
            break
        try:
            imported = import_economy(path, percent="percent" in options, octave="octave" in options)
        except SurrogateError as error:
            refused = str(error)
            continue
        return imported, options, ""
    return None, (), " ".join(refused.split())


def is_nonlinear_and_stochastic(path: Path, refused: str) -> bool:
    """Whether a file is about an economy that is uncertain, looks ahead and has an equation that is not
    linear in its variables, whether or not it is `refused`.
    """
    if "nothing in it is uncertain" in refused:
        return False
    try:
        file = read_model_file(preprocess(path), code_has_run=True)
    except SurrogateError:
        return False
    moves = {*file.endogenous, *file.shocks}
    return any(map(has_lead, file.equations)) and not all(_is_linear(each, moves) for each in file.equations)


def _is_linear(equation: Equation, moves: Collection[str]) -> bool:
    """Whether no derivative depends on anything that `moves`."""

    def moving(texts: Iterable[str]) -> list[str]:
        dates = {text: date_of(text) for text in texts}
        return [text for text, (name, shift) in dates.items() if name in moves and shift is not None]

    slopes = (derivative(equation.residual, text) for text in moving(equation.names))
    return not any(moving(names_in(slope)) for slope in slopes)


def _beside_dynare(path: Path, imported: Imported | None) -> tuple[float | None, str]:
    """How far the linear solution is from Dynare's, or why there is none; also of a file that is refused, as
    far as it can be read.
    """
    if not available():
        return None, ""
    try:
        if imported is None:
            file = read_model_file(preprocess(path))
            ours = our_rule(file, calibrate(file))
        else:
            ours = our_rule(imported.file, imported.calibration)
    except SurrogateError:
        return None, ""
    try:
        return difference(ours, linear_rule_of_dynare(path)), ""
    except SurrogateError as error:
        return None, " ".join(str(error).split())


def outcomes(folder: Path) -> Iterator[Outcome]:
    """One for each file."""
    yield from map(outcome, sorted(folder.rglob("*.mod")))


def as_markdown(found: Iterable[Outcome]) -> str:
    """A table with a row for each file."""
    rows = []
    for each in found:
        imported, gap = each.imported, "-" if each.gap is None else f"{each.gap:.0e}"
        counts = "yes" if each.counts else ""
        if imported is None:
            rows.append([each.path.stem, counts, "", "", "", gap, each.refused])
            continue
        reduced = imported.reduced
        sizes = (len(imported.file.endogenous), len(reduced.states), len(reduced.outputs))
        options = ", ".join(f"`--{option}`" for option in each.options)
        rows.append([each.path.stem, counts, *map(str, sizes), gap, options])
    header = ["file", "nonlinear, stochastic", "variables", "states", "for the network", "from Dynare's"]
    header += ["option, or why not"]
    return markdown_table(header, rows)


if __name__ == "__main__":
    told = []
    for number in outcomes(Path(sys.argv[1])):
        print(f"{number.path.stem}: {number}", file=sys.stderr, flush=True)
        told.append(number)
    print(as_markdown(told))
    counted = [number for number in told if number.counts]
    print(f"\nNonlinear and stochastic: {len(counted)}, imported: {sum(bool(n.imported) for n in counted)}.")
