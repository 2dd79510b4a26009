"""Where impulse responses start: states of the ergodic distribution, at the bound, or of a quarter of the
sample.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.analysis.bound import Floor, binds, find_floor
from estimation.analysis.paths import posterior_paths
from estimation.analysis.simulation import ergodic_states, follow, mirrored_normals
from estimation.data import parse_quarter
from estimation.results import Results
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, unknown_name
from surrogate.house.listener import track

Array = NDArray[np.floating]

ERGODIC, BOUND, AWAY = "ergodic", "bound", "away"
LABELS = {ERGODIC: "ergodic distribution", BOUND: "at the bound", AWAY: "away from the bound"}
ROUNDS, GAP = 20, 10  # quarters from one look at the states to the next
PATHS = 10  # smoothed paths for each draw


class Start(NamedTuple):
    """States [w, m, n_states] for those draws that have some, and which draws these are [w]."""

    states: Array
    draws: NDArray[np.intp]


class Visited(NamedTuple):
    """States [w, k, n_states] and observables [w, k, n_observables] of long simulations, and the bound."""

    states: Array
    observables: Array
    floor: Floor | None


def find_starts(
    results: Results, theta: Array, names: Sequence[str], count: int, seed: int
) -> dict[str, Start]:
    """`count` states for each draw of `theta` [w, n_free], by what they are called in tables.

    Parameters
    ----------
    names : ``"ergodic"``; ``"bound"`` and ``"away"`` for states of the ergodic distribution at which a bound
        binds or does not; a quarter such as ``"2009Q1"`` for its smoothed states. None at all: at the bound
        and away from it where the economy has one, else the ergodic distribution.

    Raises
    ------
    BadConfiguration : the economy has no bound, or the likelihood has no states.
    BadData, UnknownName : a quarter outside the sample, or another word.
    """
    rows = {name: _row(results, name) for name in names if name not in LABELS}
    surrogate, parameters = results.posterior.surrogate, results.posterior.parameters(theta)
    visited = None
    if not names or BOUND in names or AWAY in names:
        visited = visited_states(surrogate, parameters, count, np.random.default_rng(seed))
        names = names or ((ERGODIC,) if visited.floor is None else (BOUND, AWAY))
    starts = {}
    for name in names:
        if name in rows:
            starts[str(results.data.index[rows[name]])] = _smoothed(results, theta, rows[name], count, seed)
        elif name == ERGODIC:
            states = ergodic_states(surrogate, parameters, count, np.random.default_rng(seed))
            starts[LABELS[name]] = Start(states, np.arange(len(theta)))
        elif visited is not None:
            starts[LABELS[name]] = conditional(surrogate, visited, name, count)
    return starts


def visited_states(
    surrogate: Surrogate, parameters: Array, count: int, generator: np.random.Generator
) -> Visited:
    """States that `count` economies for each parameter vector visit, every ten quarters of two hundred.

    Each has shocks of its own, so that the same value twice is no accident.
    """
    vectors = len(parameters)
    states = ergodic_states(surrogate, parameters, count, generator, common=False)
    looks, observed = [], []
    for _ in track(range(ROUNDS), "looking for the bound"):
        shocks = mirrored_normals(generator, GAP, vectors, count, surrogate.n_shocks)
        path = follow(surrogate, parameters, states, shocks)
        states = path.states[-1]
        looks.append(states)
        observed.append(path.observables[-1])
    values = np.concatenate(observed, axis=1)
    return Visited(np.concatenate(looks, axis=1), values, find_floor(surrogate, values))


def _smoothed(results: Results, theta: Array, row: int, count: int, seed: int) -> Start:
    """States of a quarter on smoothed paths."""
    found = posterior_paths(results, theta, PATHS, seed)
    states = found.paths.states[row + 1]
    return Start(states[:, np.arange(count) % states.shape[1]], found.draws)


def conditional(surrogate: Surrogate, visited: Visited, name: str, count: int) -> Start:
    """`count` of the visited states at which the bound binds (``"bound"``) or does not (``"away"``).

    Raises
    ------
    BadConfiguration : there is no bound, or there are no such states.
    """
    if visited.floor is None:
        raise BadConfiguration(
            "No observable of this economy stays at a lower bound under the posterior: "
            f"leave out {BOUND} and {AWAY}."
        )
    bound = binds(surrogate, visited.floor, visited.observables)
    sound = np.isfinite(visited.states).all(axis=2) & np.isfinite(visited.observables).all(axis=2)
    wanted = sound & (bound if name == BOUND else ~bound)
    draws = np.flatnonzero(wanted.any(axis=1))
    if not len(draws):
        raise BadConfiguration(f"Under no posterior draw is the economy ever {LABELS[name]}.")
    chosen = []
    for draw in draws:
        places = np.flatnonzero(wanted[draw])
        chosen.append(visited.states[draw, places[np.arange(count) * len(places) // count]])
    return Start(np.stack(chosen), draws)


def _row(results: Results, quarter: str) -> int:
    try:
        date = parse_quarter(quarter)
    except BadData:
        raise unknown_name("start of impulse responses", quarter, [*LABELS, "a quarter"]) from None
    quarters = list(results.data.index)
    if date not in quarters:
        raise BadData(f"{date} is not in the sample, {quarters[0]} to {quarters[-1]}.")
    return quarters.index(date)
