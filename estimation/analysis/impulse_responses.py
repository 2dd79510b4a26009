"""Generalised impulse responses of a nonlinear economy, which depend on where it is and on the shock.

Koop, Pesaran and Potter (1996): what a shock of a given size changes, on average over all other shocks, then
and later,

    E[y(t+h) | e_j(t) = size, state(t-1)] - E[y(t+h) | state(t-1)].

Both means are over simulated paths with the same random numbers, each with its mirror image, so that in a
linear economy every response is exact.
"""

import itertools
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimation.analysis.bands import band_table, draw_band
from estimation.analysis.names import known_names, labels
from estimation.analysis.simulation import follow, mirrored_normals, posterior_draws, require_horizon
from estimation.analysis.starts import find_starts
from estimation.finding import Finding
from estimation.results import Results
from surrogate import Surrogate
from surrogate.errors import BadConfiguration
from surrogate.house import figures
from surrogate.house.listener import track

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]

COLORS = (figures.RED, figures.BLUE, "#4f8f4f", "#8a5aa8")
LEVELS: tuple[str, ...] = ("states", "size", "observable", "quarter")


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
    starts : where the economy is then, see :func:`estimation.analysis.starts.find_starts`.
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
    found = find_starts(results, theta, starts, count, seed)
    noise = mirrored_normals(np.random.default_rng([seed, 1]), horizon, 1, count, surrogate.n_shocks)
    places = [surrogate.shock_names.index(shock) for shock in shocks]
    columns = [surrogate.observable_names.index(name) for name in observables]
    parameters = results.posterior.parameters(theta)
    tables: list[list[pd.DataFrame]] = [[] for _ in shocks]
    kept = {}
    for name, start in track(list(found.items()), "impulse responses"):
        vectors = parameters[start.draws]
        responses = generalised_responses(surrogate, vectors, start.states, noise, places, sizes)[
            ..., columns
        ]
        responses, kept[name] = _stable(responses)
        for table, values in zip(tables, responses, strict=True):
            levels = dict(zip(LEVELS, ([name], sizes, observables, range(horizon)), strict=True))
            table.append(band_table(values.transpose(2, 0, 3, 1)[:, None], levels))
    note = _note(kept, len(theta), count)
    return [
        _finding(surrogate, shock, pd.concat(parts), note)
        for shock, parts in zip(shocks, tables, strict=True)
    ]


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


def _stable(responses: Array) -> tuple[Array, int]:
    """Responses [shocks, sizes, T, w, k] under the draws without explosions, and how many draws these are."""
    sound = np.isfinite(responses).all(axis=(0, 1, 2, 4))
    if not sound.any():
        raise BadConfiguration("Under every posterior draw the simulated economy explodes.")
    return responses[..., sound, :], int(sound.sum())


def _note(kept: dict[str, int], draws: int, count: int) -> str:
    note = (
        "Generalised impulse responses (Koop, Pesaran and Potter 1996) to a shock of so many standard "
        f"deviations in quarter 0: median and 90 % interval over {draws} posterior draws, {count} paths each."
    )
    rare = [f"{number} {name}" for name, number in kept.items() if number < draws]
    return note + (
        f" Some draws have no such states, or explode from them; left are {', '.join(rare)}." if rare else ""
    )


def _finding(surrogate: Surrogate, shock: str, table: pd.DataFrame, note: str) -> Finding:
    title = f"Impulse responses to the {shock} shock"
    return Finding(f"irf_{shock}", title, table, note, partial(responses_figure, table, labels(surrogate)))


def responses_figure(table: pd.DataFrame, label: dict[str, str]) -> "Figure":
    """Observables beside each other, sizes below each other, starting points in colours."""
    starts, sizes, observables, quarters = (list(table.index.unique(level)) for level in LEVELS)
    figure, panels = figures.panels(len(sizes), len(observables), width=2.7, height=2.0, sharex=True)
    with figures.styled():
        for row, size in zip(panels, sizes, strict=True):
            row[0].set_ylabel(f"shock of {size:+g} sd")
            for panel, observable in zip(row, observables, strict=True):
                panel.axhline(0.0, color=figures.GRAY, linewidth=0.6)
                for start, color in zip(starts, itertools.cycle(COLORS), strict=False):
                    draw_band(
                        panel, quarters, table.xs((start, size, observable), level=LEVELS[:3]), color, start
                    )
        for column, observable in zip(panels.T, observables, strict=True):
            column[0].set_title(label[observable], loc="left")
            column[-1].set_xlabel("quarters after the shock")
        figures.legend(figure, panels[0, 0])
    return figure
