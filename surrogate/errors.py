"""Errors a user can do something about.

Every message says what was wrong and what to do instead; the commands print it after ``Error:`` and leave
the traceback out.
"""

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


class SurrogateError(Exception):
    """Base of every error that the user's input, files or settings cause."""


class UnknownName(SurrogateError):
    """A model, parameter, variable, column or option that does not exist."""


class OutsideBox(SurrogateError):
    """A parameter vector where the surrogate is not certified."""


class NoEquilibrium(SurrogateError):
    """A calibration at which no equilibrium was found."""


class BadData(SurrogateError):
    """Numbers that cannot be used: wrong shape, not a number, infinite, unparsable."""


class BadConfiguration(SurrogateError):
    """Settings that contradict each other or miss something."""


class BrokenArtifact(SurrogateError):
    """A file that is missing, damaged or not a surrogate."""


class CannotTranslate(SurrogateError):
    """An artifact with something in it that has no counterpart in the source code of another language."""


class NewerFormat(SurrogateError):
    """A file that only a later version of this package can read."""


class Changed(SurrogateError):
    """A run cannot resume because what it depends on has changed."""


class NotSolved(SurrogateError):
    """A training run that did not find a solution."""


class StochasticSingularity(SurrogateError):
    """The observations have a singular distribution: too few shocks and measurement errors."""


class MissingPackage(SurrogateError):
    """An optional package that the request needs is not installed."""


class WriteFailed(SurrogateError):
    """A file could not be written, for example because the disk is full."""


def shown(value: Any) -> str:
    """A value as messages show it: on one line, and cut in the middle if it is long."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python does not write integers of several thousand digits
        return f"an integer of about {int(value).bit_length() * 0.30103:.0f} digits"


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """Build the error for a misspelt name: the close matches first, else everything there is.

    Parameters
    ----------
    kind : what the name should have been, such as ``"parameter"``.
    name : what was given.
    known : the names that exist.
    """
    names = [str(candidate) for candidate in known]
    close = get_close_matches(str(name), names, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(names) or 'none'}."
    return UnknownName(f"Unknown {kind} {shown(name)}. {hint}")
