"""What the programs of an artifact say at a few places, in doubles, for code that should say the same.

ONNX Runtime must say so, too, or nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
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

Programs = Mapping[str, Program]
Constants = Mapping[str, NDArray[np.float64]]


def golden_vectors(surrogate: Surrogate, programs: Programs, constants: Constants) -> dict[str, Any]:
    """Paths of economies, and parameters that must be refused.

    Returns
    -------
    paths : for each of some parameter vectors of the region, the default first, `parameters`, `states` and
        `controls` at the start, `shocks` and `expected` by period; `expected` has next states, controls and
        observables one after the other. Starts are steady states where the artifact has them, else states of
        one.
    outside : parameter vectors beyond the box, and outside the region if there are any in the box.
    from_artifact : the largest difference of ONNX Runtime, relative to one plus the absolute value.

    Raises
    ------
    CannotTranslate : ONNX Runtime says something else than the programs.
    """
    generator = np.random.default_rng(0)
    drawn = draw_parameters(surrogate, ECONOMIES, generator)
    if surrogate.inside(surrogate.default)[0]:
        drawn[0] = surrogate.default
    shocks = generator.normal(size=(ECONOMIES, PERIODS, surrogate.n_shocks))
    paths = [_path(programs, constants, *each) for each in zip(drawn, shocks, strict=True)]
    difference = max(_difference(surrogate, path) for path in paths)
    if not difference <= NO_ROUNDING[surrogate.card.dtype]:
        raise CannotTranslate(
            f"The translation of {surrogate.card.model} and ONNX Runtime differ by {difference:.1e}: "
            "report this, with the artifact, as a bug."
        )
    outside = _outside(surrogate, generator).tolist()
    return {"tolerance": TOLERANCE, "paths": paths, "outside": outside, "from_artifact": difference}


def _path(
    programs: Programs, constants: Constants, theta: NDArray[np.float64], shocks: NDArray[np.float64]
) -> dict[str, Any]:
    """What `golden_vectors` says of one economy."""
    if "steady_state" in programs:
        states = evaluate(programs["steady_state"], constants, {"parameters": theta})["states"]
    else:
        states = np.ones(programs["step"].inputs["states"])
    given = {"states": states, "parameters": theta}
    controls = evaluate(programs["policy"], constants, given)["controls"]
    start = {"parameters": theta.tolist(), "states": states.tolist(), "controls": controls.tolist()}
    expected = []
    for shock in shocks:
        given = {"states": states, "controls": controls, "shocks": shock, "parameters": theta}
        following = evaluate(programs["step"], constants, given)
        states, controls = following["next_states"], following["next_controls"]
        expected.append(np.concatenate(list(following.values())).tolist())
    return {**start, "shocks": shocks.tolist(), "expected": expected}


def _difference(surrogate: Surrogate, path: Mapping[str, Any]) -> float:
    """The largest of ONNX Runtime's on the same path; infinite where one says a number and the other none."""
    states, theta = np.array([path["states"]]), np.array([path["parameters"]])
    controls = surrogate.policy(states, theta)
    pairs = [(controls[0], np.array(path["controls"]))]
    if "steady_state.onnx" in dict(surrogate.files):
        start = np.array([*path["states"], *path["controls"]])
        pairs.append((np.concatenate(surrogate.steady_state(theta), axis=1)[0], start))
    for shock, expected in zip(path["shocks"], path["expected"], strict=True):
        following = surrogate.step(states, controls, np.array([shock]), theta)
        states, controls = following.next_states, following.next_controls
        pairs.append((np.concatenate(following, axis=1)[0], np.array(expected)))
    gaps = [
        0.0 if np.isnan(a) and np.isnan(b) else float(np.nan_to_num(abs(a - b) / (1 + abs(b)), nan=np.inf))
        for found, expected in pairs
        for a, b in zip(found, expected, strict=True)
    ]
    return max(gaps)


def _outside(surrogate: Surrogate, generator: np.random.Generator) -> NDArray[np.float64]:
    beyond = np.repeat(surrogate.default[np.newaxis], 2, axis=0)
    beyond[0, 0] = surrogate.lower[0] - 1
    beyond[1, -1] = surrogate.upper[-1] + 1
    drawn = generator.uniform(surrogate.lower, surrogate.upper, (DRAWS, surrogate.n_parameters))
    return np.concatenate([beyond, drawn[~surrogate.inside(drawn)][:1]])
