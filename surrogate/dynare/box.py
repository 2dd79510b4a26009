"""Over which parameters, and how far, an economy is to be solved."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from math import inf, isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from ..errors import BadConfiguration, shown, unknown_name
from .calibration import Calibration, errors_at_rest
from .model_file import Estimated, ModelFile

SHARE = 0.2
"""Of a parameter's distance to zero or one, whichever is nearer, on either side of it."""
TAIL, SPREAD = 0.01, 3.0
"""Probability of a prior beyond either end of the range; and, as inverse gamma densities have long tails,
how many times its mean, or its mean by as many, their ranges reach.
"""
AT_REST = 1e-6
"""Largest error at rest that still is one of rounding."""


class Range(NamedTuple):
    """Where a parameter goes, and its default."""

    lower: float
    upper: float
    default: float

    @classmethod
    def between(cls, lower: float, upper: float, default: float) -> Range:
        """A range whose ends have as many digits as anybody reads."""
        low, high = (float(f"{end:.10g}") for end in (lower, upper))
        return cls(low, high, min(max(default, low), high))


class Box(NamedTuple):
    """Ranges of parameters and, by the names of shocks, of their standard deviations; and where they come
    from.
    """

    ranges: dict[str, Range]
    source: str
    held: tuple[str, ...] = ()
    """Parameters that stay where they are, since formulas of the steady state hold for no other value."""


def choose_box(file: ModelFile, calibration: Calibration, path: Path | None, used: Collection[str]) -> Box:
    """The ranges in a TOML file, or those that the file estimates, or else ranges around its values, of those
    parameters that are `used`.

    Raises
    ------
    BadConfiguration : the file of ranges cannot be read, or names what cannot vary.
    UnknownName : it names nothing that is there.
    """
    values = {**calibration.parameters, **calibration.sds}
    if path is not None:
        source, ranges = f"the ranges in {path.name}", _from_toml(path, calibration, values, used)
        _require_steady_state(file, calibration, ranges, path.name)
        return Box(ranges, source)
    estimated = {each.name: each for each in file.estimated if each.name in used and each.name in values}
    estimated = {text: each for text, each in estimated.items() if text not in calibration.set_at_rest}
    if estimated:
        ranges = {text: _of_prior(each, values[text]) for text, each in estimated.items()}
        _require_steady_state(file, calibration, ranges, "estimated_params")
        return Box(ranges, "estimated_params (bounds, or else quantiles of the prior)")
    follow = {*calibration.derived, *calibration.set_at_rest}
    free = [
        text
        for text, value in values.items()
        if text in used and value != 0 and text in {*file.parameters, *file.shocks} - follow
    ]
    ranges = {
        text: _around(values[text]) for text in free if not (text in calibration.sds and values[text] == 1)
    }
    held = _without_steady_state(file, calibration, ranges)
    ranges = {text: each for text, each in ranges.items() if text not in held}
    source = f"{SHARE:.0%} of each value's distance to 0 or 1, whichever is nearer, around it"
    return Box(ranges, source, held)


def _without_steady_state(
    file: ModelFile, calibration: Calibration, ranges: Mapping[str, Range]
) -> tuple[str, ...]:
    """Parameters at whose ends, the others at their values, the formulas do not solve the equations."""
    if not calibration.in_closed_form:
        return ()
    ends = {text: np.array(each[:2]) for text, each in ranges.items() if text in calibration.parameters}
    worst = {
        text: errors_at_rest(file, calibration.at({text: moved})).max(initial=0.0)
        for text, moved in ends.items()
    }
    return tuple(text for text, error in worst.items() if not error < AT_REST)


def _require_steady_state(
    file: ModelFile, calibration: Calibration, ranges: Mapping[str, Range], source: str
) -> None:
    if wrong := _without_steady_state(file, calibration, ranges):
        raise BadConfiguration(
            f"The steady_state_model of the file solves its equations for no other {', '.join(wrong)} than "
            f"the file's: other numbers there seem to depend on it. Take it out of {source}, or mend the "
            "file."
        )


def _from_toml(
    path: Path, calibration: Calibration, values: Mapping[str, float], used: Collection[str]
) -> dict[str, Range]:
    """Lines such as ``alpha = [0.3, 0.4]``, with a default as third number or without."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadConfiguration(f"There is no file {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadConfiguration(f"{path} is no TOML file: {error}") from error
    ranges = {}
    for text, ends in content.items():
        if text not in values:
            raise unknown_name("parameter or shock", text, values)
        if text in calibration.set_at_rest:
            raise BadConfiguration(
                f"{path}: {text} is set by steady_state_model, so it has no range of its own."
            )
        if text not in used:
            raise BadConfiguration(f"{path}: no equation that is solved reads {text}.")
        ranges[text] = _range(f"{path}: {text}", ends, values[text])
    if not ranges:
        raise BadConfiguration(f"{path} has no ranges: write lines such as beta = [0.98, 0.995].")
    return ranges


def _range(place: str, ends: Any, value: float) -> Range:
    numbers = ends if isinstance(ends, list) else []
    if len(numbers) not in (2, 3) or not all(
        isinstance(each, int | float) and isfinite(each) for each in numbers
    ):
        raise BadConfiguration(
            f"{place} must be [lower, upper] or [lower, upper, default], not {shown(ends)}."
        )
    lower, upper = map(float, numbers[:2])
    default = (
        float(numbers[2]) if len(numbers) == 3 else value if lower <= value <= upper else (lower + upper) / 2
    )
    if not lower < upper or not lower <= default <= upper:
        raise BadConfiguration(f"{place} = {shown(ends)} is no range with a default in it.")
    return Range(lower, upper, default)


def _around(value: float) -> Range:
    """A range around a value that crosses neither zero nor one."""
    distance = abs(value) if value <= 0 or value == 1 else min(value, abs(1 - value))
    return Range.between(value - SHARE * distance, value + SHARE * distance, value)


def _of_prior(line: Estimated, value: float) -> Range:
    """Bounds, and quantiles of the prior for those that are missing; around the value where it has none."""
    low, high = _quantiles(line)
    lower = line.lower if isfinite(line.lower) else low
    upper = line.upper if isfinite(line.upper) else high
    if not (isfinite(lower) and isfinite(upper) and lower < upper):
        around = _around(value)
        lower, upper = around.lower, around.upper
    return Range.between(lower, upper, value)


def _quantiles(line: Estimated) -> tuple[float, float]:
    """Of a prior, by Dynare's number of its density; infinite ones where it has none."""
    mean, sd = line.mean, line.sd
    start, end = line.third, line.fourth
    if line.prior == 5:
        return (start, end) if isfinite(start) and isfinite(end) else (mean - 3**0.5 * sd, mean + 3**0.5 * sd)
    if not (mean > -inf):
        return -inf, inf
    if line.prior in (4, 6):
        return mean / SPREAD, mean * SPREAD
    laws = {
        1: lambda: _beta(mean, sd, start if isfinite(start) else 0.0, end if isfinite(end) else 1.0),
        2: lambda: stats.gamma((mean / sd) ** 2, scale=sd**2 / mean),
        3: lambda: stats.norm(mean, sd),
    }
    if line.prior not in laws or not 0 < sd < inf:
        return -inf, inf
    law = laws[line.prior]()
    return float(law.ppf(TAIL)), float(law.ppf(1 - TAIL))


def _beta(mean: float, sd: float, start: float, end: float) -> Any:
    share, spread = (mean - start) / (end - start), sd / (end - start)
    both = share * (1 - share) / spread**2 - 1
    return stats.beta(share * both, (1 - share) * both, loc=start, scale=end - start)
