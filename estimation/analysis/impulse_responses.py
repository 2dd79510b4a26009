"""Generalised impulse responses of a nonlinear economy, which depend on where it is and on the shock.

Koop, Pesaran and Potter (1996): what a shock of a given size changes, on average over all other shocks, then
and later,

    E[y(t+h) | e_j(t) = size, state(t-1)] - E[y(t+h) | state(t-1)].

Both means are over simulated paths with the same random numbers, each with its mirror image, so that in a
linear economy every response is exact.

Responses start at states of the ergodic distribution, at the bound, or of a quarter of the sample. Where an
occasionally binding bound holds an observable is found as the value at which it piles up.
"""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, unknown_name
from surrogate.house import figures
from surrogate.house.listener import track

from ..data import parse_quarter
from ..finding import Finding, band_table, draw_band, known_names, labels
from ..results import Results
from .simulation import (
    ergodic_states,
    follow,
    mirrored_normals,
    posterior_draws,
    posterior_paths,
    require_horizon,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]
COLORS = (figures.RED, figures.BLUE, "#4f8f4f", "#8a5aa8")
LEVELS: tuple[str, ...] = ("states", "size", "observable", "quarter")
LEAST_TIES = 5
CLOSE = 1e-3  # standard deviations: above single precision, below what happens without a bound
ERGODIC, BOUND, AWAY = "ergodic", "bound", "away"
LABELS = {ERGODIC: "ergodic distribution", BOUND: "at the bound", AWAY: "away from the bound"}
ROUNDS, GAP = 20, 10  # quarters from one look at the states to the next
PATHS = 10  # smoothed paths for each draw


def impulse_responses(
    results: Results,
    shocks: Sequence[str] = (),
    observables: Sequence[str] = (),
    sizes: Sequence[float] = (1.0, -1.0),
    starts: Sequence[str] = (),
    horizon: int = 20,
    draws: int = 200,
    replications: int = 100,
    seed: int = 0,
) -> list[Finding]:
    """Generalised impulse responses with credible bands, one finding for each shock.

    Parameters
    ----------
    results : a posterior; bands are over its draws.
    shocks, observables : names; all of the surrogate's if empty.
    sizes : of the shock, in its standard deviations; it hits in quarter 0.
    starts : where the economy is then, see :func:`estimation.analysis.impulse_responses.find_starts`.
    horizon : quarters shown, that of the shock included.
    draws, replications : posterior draws, and paths with and without the shock for each of them; made even.
    seed : of all random numbers.

    Raises
    ------
    UnknownName : a shock, observable or start that does not exist.
    BadConfiguration, BadData : numbers that make no sense, a bound that the economy lacks, a quarter outside
        the sample, a likelihood without states.
    """
    surrogate = results.posterior.surrogate
    shocks = known_names("shock", shocks, surrogate.shock_names)
    observables = known_names("observable", observables, surrogate.observable_names)
    if not len(sizes) or not all(np.isfinite(size) and size != 0 for size in sizes):
        raise BadConfiguration(f"Shocks have finite sizes other than zero, not {list(sizes)}.")
    theta = posterior_draws(results, draws)
    require_horizon(horizon, len(theta), replications)
    count = replications + replications % 2
    chosen = find_starts(results, theta, starts, count, seed)
    noise = mirrored_normals(np.random.default_rng([seed, 1]), horizon, 1, count, surrogate.n_shocks)
    places = [surrogate.shock_names.index(shock) for shock in shocks]
    columns = [surrogate.observable_names.index(name) for name in observables]
    parameters = results.posterior.parameters(theta)
    tables: list[list[pd.DataFrame]] = [[] for _ in shocks]
    used = {}
    for name, start in track(list(chosen.items()), "impulse responses"):
        vectors = parameters[start.draws]
        responses = generalised_responses(surrogate, vectors, start.states, noise, places, sizes)[
            ..., columns
        ]
        sound = np.isfinite(responses).all(axis=(0, 1, 2, 4))
        if not sound.any():
            raise BadConfiguration("Under every posterior draw the simulated economy explodes.")
        responses, used[name] = responses[..., sound, :], int(sound.sum())
        for table, values in zip(tables, responses, strict=True):
            levels = dict(zip(LEVELS, ([name], sizes, observables, range(horizon)), strict=True))
            table.append(band_table(values.transpose(2, 0, 3, 1)[:, None], levels))
    note = _note(used, len(theta), count)
    findings = []
    for shock, parts in zip(shocks, tables, strict=True):
        table = pd.concat(parts)
        title = f"Impulse responses to the {shock} shock"
        draw = partial(responses_figure, table, labels(surrogate))
        findings.append(Finding(f"irf_{shock}", title, table, note, draw))
    return findings


def generalised_responses(
    surrogate: Surrogate,
    parameters: Array,
    states: Array,
    noise: Array,
    shocks: Sequence[int],
    sizes: Sequence[float],
) -> Array:
    """Mean responses [shocks, sizes, T, w, n_observables] of m economies to each shock in the first period.

    Parameters
    ----------
    parameters : [w, n_parameters].
    states : before the shock, [w, m, n_states].
    noise : standard normal shocks [T, 1, m, n_shocks], the same for all w.
    shocks : columns of `noise` in which the first period is replaced by each of `sizes`.
    """
    baseline = follow(surrogate, parameters, states, noise).observables
    responses = []
    for column in shocks:
        for size in sizes:
            shocked = noise.copy()
            shocked[0, ..., column] = size
            path = follow(surrogate, parameters, states, shocked).observables
            responses.append((path - baseline).mean(axis=2, dtype=float))
    return np.reshape(responses, (len(shocks), len(sizes), *responses[0].shape))


def responses_figure(
    table: pd.DataFrame,
    label: dict[str, str],
    draw: Callable[..., None] = draw_band,
    period: str = "quarters",
) -> "Figure":
    """Observables beside each other, sizes below each other, starting points in colours.

    `draw(panel, periods, rows, color, start)` draws the rows of one response.
    """
    starts, sizes, observables, periods = (list(table.index.unique(level)) for level in LEVELS)
    figure, panels = figures.panels(len(sizes), len(observables), width=2.7, height=2.0, sharex=True)
    with figures.styled():
        for row, size in zip(panels, sizes, strict=True):
            row[0].set_ylabel(f"shock of {size:+g} sd")
            for panel, observable in zip(row, observables, strict=True):
                panel.axhline(0.0, color=figures.GRAY, linewidth=0.6)
                for start, color in zip(starts, itertools.cycle(COLORS), strict=False):
                    rows = table.xs((start, size, observable), level=LEVELS[:3])
                    draw(panel, periods, rows, color, start)
        for column, observable in zip(panels.T, observables, strict=True):
            column[0].set_title(label[observable], loc="left")
            column[-1].set_xlabel(f"{period} after the shock")
        figures.legend(figure, panels[0, 0])
    return figure


class Floor(NamedTuple):
    """A lower bound: the observable's name, its level, and up to where values count as at the bound."""

    observable: str
    level: float
    highest: float


def find_floor(surrogate: Surrogate, observables: NDArray[np.floating]) -> Floor | None:
    """The bound under simulated observables [..., n_observables]; None if no minimum is reached repeatedly.

    That is five values within a thousandth of a standard deviation of the smallest: without a bound, a normal
    sample has one there with a probability below one in a hundred.
    """
    columns = observables.reshape(-1, surrogate.n_observables).astype(float)
    columns = columns[np.isfinite(columns).all(axis=1)]
    if not len(columns):
        return None
    lowest, width = columns.min(axis=0), CLOSE * columns.std(axis=0)
    ties = np.where(width > 0, np.sum(columns - lowest <= width, axis=0), 0)
    which = int(ties.argmax())
    if ties[which] < LEAST_TIES:
        return None
    return Floor(surrogate.observable_names[which], float(lowest[which]), float((lowest + width)[which]))


def binds(surrogate: Surrogate, floor: Floor, observables: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether the bound binds [...], given observables [..., n_observables]."""
    return observables[..., surrogate.observable_names.index(floor.observable)] <= floor.highest


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
            sampled = posterior_paths(results, theta, PATHS, seed)
            states = sampled.paths.states[rows[name] + 1]
            states = states[:, np.arange(count) % states.shape[1]]
            starts[str(results.data.index[rows[name]])] = Start(states, sampled.draws)
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


def _note(used: dict[str, int], draws: int, count: int) -> str:
    note = (
        "Generalised impulse responses (Koop, Pesaran and Potter 1996) to a shock of so many standard "
        f"deviations in quarter 0: median and 90 % interval over {draws} posterior draws, {count} paths each."
    )
    rare = [f"{number} {name}" for name, number in used.items() if number < draws]
    return note + (
        f" Some draws have no such states, or explode from them; left are {', '.join(rare)}." if rare else ""
    )


def _row(results: Results, quarter: str) -> int:
    try:
        date = parse_quarter(quarter)
    except BadData:
        raise unknown_name("start of impulse responses", quarter, [*LABELS, "a quarter"]) from None
    quarters = list(results.data.index)
    if date not in quarters:
        raise BadData(f"{date} is not in the sample, {quarters[0]} to {quarters[-1]}.")
    return quarters.index(date)
