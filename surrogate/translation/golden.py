"""What the programs of an artifact say at a few places, in doubles, for code that should say the same.

ONNX Runtime must say so, too, or nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..artifact.runtime import Surrogate
from ..artifact.validation import draw_parameters
from ..errors import CannotTranslate
from .evaluate import evaluate
from .statements import Program

ECONOMIES, PERIODS = 3, 8
TOLERANCE = 1e-10
"""Of code in another language, over all periods, relative to one plus the absolute value."""
NO_ROUNDING = {"float32": 1e-2, "float64": 1e-9}
"""What rounding cannot explain: in float32 it costs the graphs that ship up to 7e-4, in rates in percent."""
DRAWS = 1_000

Row = NDArray[np.float64]
Function = Callable[..., tuple[Row, ...]]


def golden_vectors(
    surrogate: Surrogate, programs: Mapping[str, Program], constants: Mapping[str, Row]
) -> dict[str, Any]:
    """Paths of economies, and parameters that must be refused.

    Returns
    -------
    numbers : for each of `economies` parameter vectors of the region, the default first: parameters; states
        and controls of the steady state, or states of one where the artifact has none; controls by the
        policy; then, `periods` times, shocks and next states, controls and observables.
    outside : parameter vectors beyond the box, and outside the region if there are any in the box.
    from_artifact : the largest difference of ONNX Runtime, relative to one plus the absolute value.

    Raises
    ------
    CannotTranslate : ONNX Runtime says something else than the programs.
    """
    generator = np.random.default_rng(0)
    thetas = draw_parameters(surrogate, ECONOMIES, generator)
    if surrogate.inside(surrogate.default)[0]:
        thetas[0] = surrogate.default
    shocks = generator.normal(size=(ECONOMIES, PERIODS, surrogate.n_shocks))
    evaluators = (
        {name: _translated(program, constants) for name, program in programs.items()},
        {name: _of_artifact(getattr(surrogate, name)) for name in programs},
    )
    numbers, again = (
        np.concatenate([_path(each, surrogate.n_states, *pair) for pair in zip(thetas, shocks, strict=True)])
        for each in evaluators
    )
    difference = _gap(again, numbers)
    if not difference <= NO_ROUNDING[surrogate.card.dtype]:
        raise CannotTranslate(
            f"The translation of {surrogate.card.model} and ONNX Runtime differ by {difference:.1e}: "
            "report this, with the artifact, as a bug."
        )
    return {
        "tolerance": TOLERANCE,
        "economies": ECONOMIES,
        "periods": PERIODS,
        "numbers": numbers.tolist(),
        "outside": _outside(surrogate, generator).tolist(),
        "from_artifact": difference,
    }


def _translated(program: Program, constants: Mapping[str, Row]) -> Function:
    """A program as a function of rows, in the order of its inputs."""
    return lambda *rows: tuple(
        evaluate(program, constants, dict(zip(program.inputs, rows, strict=True))).values()
    )


def _of_artifact(method: Callable[..., Any]) -> Function:
    """A method of the runtime as a function of rows."""

    def run(*rows: Row) -> tuple[Row, ...]:
        found = method(*(row[np.newaxis] for row in rows))
        return tuple(each[0].astype(float) for each in ([found] if isinstance(found, np.ndarray) else found))

    return run


def _path(functions: Mapping[str, Function], n_states: int, theta: Row, shocks: Row) -> Row:
    """What `golden_vectors` says of one economy."""
    start = functions["steady_state"](theta) if "steady_state" in functions else (np.ones(n_states),)
    states, (controls,) = start[0], functions["policy"](start[0], theta)
    parts = [theta, *start, controls]
    for shock in shocks:
        states, controls, observables = functions["step"](states, controls, shock, theta)
        parts += [shock, states, controls, observables]
    return np.concatenate(parts)


def _gap(found: Row, expected: Row) -> float:
    """The largest difference relative to one plus the absolute value; infinite where one is NaN alone."""
    with np.errstate(invalid="ignore"):
        gaps = np.abs(found - expected) / (1 + np.abs(expected))
    gaps[np.isnan(found) & np.isnan(expected)] = 0
    return float(np.max(np.nan_to_num(gaps, nan=np.inf)))


def _outside(surrogate: Surrogate, generator: np.random.Generator) -> Row:
    beyond = np.repeat(surrogate.default[np.newaxis], 2, axis=0)
    beyond[0, 0] = surrogate.lower[0] - 1
    beyond[1, -1] = surrogate.upper[-1] + 1
    drawn = generator.uniform(surrogate.lower, surrogate.upper, (DRAWS, surrogate.n_parameters))
    return np.concatenate([beyond, drawn[~surrogate.inside(drawn)][:1]])
