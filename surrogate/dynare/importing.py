"""From a Dynare file to an economy in Python, with what became of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BadConfiguration
from .author import Author
from .box import Box, choose_box
from .calibration import Calibration, calibrate
from .configuration import configuration_text
from .constraint import Constrained, constraints_read, kinks_ahead, require_few, with_constraints
from .dependence import Dependence
from .model_file import ModelFile, read_model_file
from .octave import computed_by_dynare
from .preprocessor import preprocess
from .reduction import Reduced, reduce


@dataclass(frozen=True)
class Imported:
    """An economy: `text` of its Python file, `notes` on what became of the parts of the Dynare file, and, if
    that estimates something, the text of a `configuration` file for `dsge-surrogate estimate`. `author` knows
    what everything is called there; `defines` and `percent` are those of the import.
    """

    name: str
    text: str
    notes: tuple[str, ...]
    configuration: str | None
    file: ModelFile
    calibration: Calibration
    reduced: Reduced
    box: Box
    author: Author
    defines: tuple[str, ...] = ()
    percent: bool = False


def import_economy(
    path: Path,
    defines: Sequence[str] = (),
    box: Path | None = None,
    percent: bool = False,
    octave: bool = False,
) -> Imported:
    """Import a `.mod` file, or the `modfile.json` that Dynare's preprocessor has made of it.

    Parameters
    ----------
    path : of the file.
    defines : macro variables, ``NAME=VALUE``.
    box : a TOML file of ranges of parameters and, by the names of shocks, of standard deviations.
    percent : the shocks of the file are in percent: divide them by 100.
    octave : let Dynare run the file's MATLAB code under Octave, for parameters and the steady state.

    Raises
    ------
    MissingPackage : the preprocessor, or Octave, is not installed.
    SurrogateError : the file cannot be imported; the message says why in a sentence.
    """
    source = preprocess(path, defines)
    computed = computed_by_dynare(path, defines) if octave else None
    file = read_model_file(source, code_has_run=octave)
    calibration = calibrate(file, computed)
    if percent:
        calibration = replace(calibration, sds={text: sd / 100 for text, sd in calibration.sds.items()})
        file = replace(file, estimated=tuple(each.in_percent() for each in file.estimated))
    constrained, reduced = _reduced(file, calibration)
    file, calibration = constrained.file, constrained.calibration
    dependence = Dependence(reduced, calibration)
    ranges = choose_box(file, calibration, box, dependence.parameters | set(reduced.shocks))
    if not ranges.ranges:
        raise BadConfiguration(
            "Every parameter is zero or follows from others: name ranges in a file for --box."
        )
    notes = (*_notes(constrained, reduced, ranges), *_how(ranges, percent, octave))
    author = Author(file, calibration, reduced, dependence, ranges, constrained.bounded)
    configuration = configuration_text(file, calibration, author.ranged(), author.observables())
    return Imported(
        file.name,
        author.text(notes),
        notes,
        configuration,
        file,
        calibration,
        reduced,
        ranges,
        author,
        tuple(defines),
        percent,
    )


def _reduced(file: ModelFile, calibration: Calibration) -> tuple[Constrained, Reduced]:
    """The economy with its constraints, but for those on what only reports."""
    idle: set[str] = set()
    while True:
        constrained = with_constraints(file, calibration, idle)
        reduced = reduce(constrained.file, constrained.calibration)
        read = constraints_read(reduced.formulas())
        if all(each.free in read for each in constrained.bounded):
            require_few(constrained.bounded)
            return constrained, reduced
        idle |= {each.variable for each in constrained.bounded if each.free not in read}


def _notes(constrained: Constrained, reduced: Reduced, box: Box) -> list[str]:
    """What became of the file, one sentence a part."""
    file, calibration = constrained.file, constrained.calibration
    derived = [text for text in calibration.derived if text in file.parameters and text not in box.ranges]
    parts = {
        "States": reduced.states,
        "Left to the network": reduced.outputs,
        "Solved by formulas": [text for text, _ in reduced.definitions],
        "Dropped, since nothing depends on them": reduced.dropped,
        "Constant, since no shock moves them": list(reduced.constants),
        "Follow from other parameters, where Dynare would keep their first values": derived,
        "Set by the steady state": calibration.set_at_rest,
        "Not observed, since no formula of today and yesterday says it": [
            text for text in file.observables or file.listed if text not in reduced.observed
        ],
        f"Bounded now and then, which makes {2 ** len(constrained.bounded)} regimes": [
            each.variable for each in constrained.bounded
        ],
        "Inside the expectation, with its kink, since it looks ahead": kinks_ahead(file),
        "Not varied, since the formulas of the steady state hold for no other values": box.held,
        "Ignored": file.ignored,
    }
    notes = [f"{what}: {', '.join(names)}." for what, names in parts.items() if names]
    if not calibration.in_closed_form:
        notes.append("The steady state is solved for numerically.")
    return notes


def _how(box: Box, percent: bool, octave: bool) -> list[str]:
    """Where numbers come from."""
    notes = [f"Ranges of the parameters: {box.source}."]
    if percent:
        notes = ["The standard deviations of the shocks are those of the file, divided by 100.", *notes]
    if octave:
        notes = [
            "Parameters, steady state and shocks are those that the file's MATLAB code computes.",
            *notes,
        ]
    return notes
