"""Generalised impulse responses of an economy at one calibration, without an estimation.

The same as :mod:`estimation.analysis.impulse_responses`, from states that simulations visit or from rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, NoEquilibrium, unknown_name
from surrogate.house.listener import track
from surrogate.house.records import Values

from ..finding import Finding, known_names, labels
from .ergodic_moments import calibration_text, one_vector
from .impulse_responses import (
    AWAY,
    BOUND,
    ERGODIC,
    LABELS,
    LEVELS,
    Array,
    Start,
    conditional,
    generalised_responses,
    responses_figure,
    visited_states,
)
from .simulation import ergodic_states, mirrored_normals, require_horizon

REST, AT_REST = "rest", "at rest"
RESPONSE = "response"


def calibrated_responses(
    surrogate: Surrogate,
    parameters: Values,
    shocks: Sequence[str] = (),
    observables: Sequence[str] = (),
    sizes: Sequence[float] = (1.0, -1.0),
    starts: Sequence[str] = (),
    horizon: int = 20,
    replications: int = 1_000,
    seed: int = 0,
) -> list[Finding]:
    """Generalised impulse responses at one calibration, one finding for each shock.

    Parameters
    ----------
    parameters : one vector [n_parameters], or name -> value; what is not named has its default.
    shocks, observables : names; all of the surrogate's if empty.
    sizes : of the shock, in its standard deviations; it hits in period 0.
    starts : where the economy is then: ``"ergodic"``, ``"rest"`` (the steady state), ``"bound"`` or
        ``"away"``; by default the latter two where there is a bound, else the ergodic distribution.
    horizon, replications : periods shown, and simulated paths with and without the shock; made even.
    seed : of all random numbers.

    Raises
    ------
    UnknownName, OutsideBox : parameters, shocks, observables or a start that do not exist.
    BadConfiguration : numbers that make no sense, a bound that the economy lacks.
    NoEquilibrium : the simulated economy explodes.
    """
    theta = one_vector(surrogate, parameters)
    shocks = known_names("shock", shocks, surrogate.shock_names)
    observables = known_names("observable", observables, surrogate.observable_names)
    if not len(sizes) or not all(np.isfinite(size) and size != 0 for size in sizes):
        raise BadConfiguration(f"Shocks have finite sizes other than zero, not {list(sizes)}.")
    require_horizon(horizon, 1, replications)
    count = replications + replications % 2
    chosen = _starts(surrogate, theta, starts, count, seed)
    noise = mirrored_normals(np.random.default_rng([seed, 1]), horizon, 1, count, surrogate.n_shocks)
    places = [surrogate.shock_names.index(shock) for shock in shocks]
    columns = [surrogate.observable_names.index(name) for name in observables]
    tables: list[list[pd.DataFrame]] = [[] for _ in shocks]
    for name, states in track(list(chosen.items()), "impulse responses"):
        responses = generalised_responses(surrogate, theta, states, noise, places, sizes)[..., 0, columns]
        if not np.isfinite(responses).all():
            raise NoEquilibrium("The simulated economy explodes at this calibration.")
        levels = dict(zip(LEVELS, ([name], sizes, observables, range(horizon)), strict=True))
        index = pd.MultiIndex.from_product(list(levels.values()), names=list(levels))
        for table, values in zip(tables, responses, strict=True):
            table.append(pd.DataFrame({RESPONSE: values.transpose(0, 2, 1).ravel()}, index=index))
    note = (
        "Generalised impulse responses (Koop, Pesaran and Potter 1996) to a shock of so many standard "
        f"deviations in period 0, means over {count} paths at {calibration_text(surrogate, theta)}."
    )
    findings = []
    for shock, parts in zip(shocks, tables, strict=True):
        table = pd.concat(parts)
        draw = partial(responses_figure, table, labels(surrogate), _draw_line, "periods")
        findings.append(Finding(f"irf_{shock}", f"Impulse responses to the {shock} shock", table, note, draw))
    return findings


def _starts(
    surrogate: Surrogate, theta: Array, names: Sequence[str], count: int, seed: int
) -> dict[str, Array]:
    """States [1, count, n_states], by what they are called in tables."""
    for name in names:
        if name not in (*LABELS, REST):
            raise unknown_name("start of impulse responses", name, [*LABELS, REST])
    visited = None
    if not names or BOUND in names or AWAY in names:
        visited = visited_states(surrogate, theta, count, np.random.default_rng(seed))
        names = names or ((ERGODIC,) if visited.floor is None else (BOUND, AWAY))
    starts = {}
    for name in names:
        if name == REST:
            starts[AT_REST] = np.repeat(surrogate.steady_state(theta).states[:, None], count, axis=1)
        elif name == ERGODIC:
            starts[LABELS[name]] = ergodic_states(surrogate, theta, count, np.random.default_rng(seed))
        elif visited is not None:
            start: Start = conditional(surrogate, visited, name, count)
            starts[LABELS[name]] = start.states
    return starts


def _draw_line(panel: Any, periods: Sequence[int], rows: pd.DataFrame, color: str, label: str) -> None:
    panel.plot(periods, rows[RESPONSE], color=color, linewidth=1.4, label=label)
