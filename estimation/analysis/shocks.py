"""What the data say about shocks and states, quarter by quarter, about whether the bound was binding, and
what each shock has contributed to the data.

In a nonlinear economy contributions do not add up by themselves. The smoothed observables follow from the
state before the sample and the shocks. Each of these may be switched off: the state by starting from the
steady state, a shock by setting it to zero. What switching one on changes depends on which others are on
already; its contribution is the mean over all orders in which they can be switched on, the value of Shapley
(1953). Contributions add up exactly, whatever the economy; in a linear one they are the usual ones. What a
shock does when all others are off is its effect alone, and the rest of its contribution is its interaction
with the others.
"""

import itertools
from collections.abc import Sequence
from functools import partial
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate import Surrogate
from surrogate.errors import BadConfiguration
from surrogate.house import figures
from surrogate.house.listener import track

from ..finding import (
    HIGH,
    LOW,
    MEDIAN,
    Finding,
    band_table,
    draw_band,
    interval,
    known_names,
    labels,
    years,
)
from ..results import Results
from .impulse_responses import Floor, binds, visited_states
from .simulation import PosteriorPaths, follow, posterior_draws, posterior_paths

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]
PATHS_A_DRAW = 5
CHAINS = 20  # simulated for each draw to find the bound
SMOOTHED, FILTERED = "smoothed", "filtered"
SHOCKS_NOTE = (
    "Median and 90 % interval over {draws} posterior draws with {paths} paths each: smoothed given the whole "
    "sample, filtered given the data up to the quarter."
)
DECOMPOSED_PATHS = 2  # for each draw
MOST_PLAYERS = 10
STEADY, INITIAL, ERROR = "steady state", "initial state", "measurement error"
COLORS = ("#2f6f9f", "#c1440e", "#4f8f4f", "#8a5aa8", "#b8860b", "#5f9ea0", "#a0522d", "#708090")
DECOMPOSITION_NOTE = (
    "Means and 90 % intervals over {draws} posterior draws with {paths} smoothed paths each. The parts of a "
    "quarter add up to the data; a contribution is the mean over all orders of switching shocks on (Shapley "
    "value), `alone` its effect with all others off, and the difference is interaction."
)


def shocks_and_states(results: Results, draws: int = 100, seed: int = 0) -> list[Finding]:
    """Smoothed and filtered shocks and states with bands, and the probability that the bound binds.

    Parameters
    ----------
    results : a posterior by a filter.
    draws : of the posterior.
    seed : of all random numbers.

    Returns
    -------
    Findings ``shocks`` and ``states`` and, for an economy that reaches a bound, ``bound``.

    Raises
    ------
    BadConfiguration : the likelihood has no states.
    """
    surrogate = results.posterior.surrogate
    theta = posterior_draws(results, draws)
    paths = {
        SMOOTHED: posterior_paths(results, theta, PATHS_A_DRAW, seed),
        FILTERED: posterior_paths(results, theta, PATHS_A_DRAW, seed, smoothed=False),
    }
    findings = []
    for name, columns, first in (("shocks", surrogate.shock_names, 0), ("states", surrogate.state_names, 1)):
        values = {kind: getattr(sampled.paths, name)[first:] for kind, sampled in paths.items()}
        findings.append(_shocks_or_states(name, values, columns, results.data.index))
    floor = visited_states(
        surrogate,
        results.posterior.parameters(paths[SMOOTHED].theta),
        CHAINS,
        np.random.default_rng([seed, 1]),
    ).floor
    return findings if floor is None else [*findings, _bound(results, paths, floor)]


def paths_figure(table: pd.DataFrame) -> "Figure":
    """A panel for each shock or state: smoothed median with its band, filtered median."""
    names = list(table.index.unique(0))
    figure, panels = figures.panels(len(names), 1, width=7.0, height=1.5, sharex=True)
    with figures.styled():
        for panel, name in zip(panels[:, 0], names, strict=True):
            path = table.xs(name, level=0)
            x = years(path.index)
            columns = {f"{SMOOTHED} {column}": column for column in (LOW, MEDIAN, HIGH)}
            draw_band(panel, x, path.rename(columns=columns), figures.BLUE, "smoothed, with 90 % band")
            panel.plot(x, path[f"{FILTERED} {MEDIAN}"], color=figures.RED, linewidth=0.9, label=FILTERED)
            panel.margins(x=0.01)
            panel.set_title(name, loc="left")
        figures.legend(figure, panels[0, 0])
    return figure


def bound_figure(table: pd.DataFrame, series: pd.Series | None, floor: Floor) -> "Figure":
    """The observable with the bound, if it is among the data, above the probabilities."""
    figure, panels = figures.panels(1 if series is None else 2, 1, width=7.0, height=1.6, sharex=True)
    x = years(table.index)
    with figures.styled():
        if series is not None:
            panels[0, 0].plot(x, series, color=figures.GRAY, linewidth=1.2)
            panels[0, 0].set_title(f"{floor.observable}, data", loc="left")
        panel = panels[-1, 0]
        panel.fill_between(x, table[SMOOTHED], color=figures.BLUE, alpha=0.4, linewidth=0, label=SMOOTHED)
        panel.plot(x, table[FILTERED], color=figures.RED, linewidth=0.9, label=FILTERED)
        panel.set_title("probability that the bound binds", loc="left")
        panel.set_ylim(0, 1.02)
        panel.margins(x=0.01)
        figures.legend(figure, panel)
    return figure


class Contributions(NamedTuple):
    """Parts of the smoothed observables, each [players, T, w, d, n_observables], the initial state first and
    then the shocks: Shapley values and effects alone; rest [T, w, d, n_observables], the path without any.
    """

    shapley: Array
    alone: Array
    rest: Array


def decompositions(
    results: Results, observables: Sequence[str] = (), draws: int = 100, seed: int = 0
) -> list[Finding]:
    """Contributions of the initial state and of every shock to each series of the data.

    Parameters
    ----------
    results : a posterior by a filter.
    observables : series of the data; all if empty.
    draws : of the posterior.
    seed : of all random numbers.

    Raises
    ------
    UnknownName : a series that the data do not have.
    BadConfiguration : the likelihood has no states, or more than nine shocks.
    """
    observables = known_names("series of the data", observables, [str(name) for name in results.data.columns])
    surrogate = results.posterior.surrogate
    if surrogate.n_shocks + 1 > MOST_PLAYERS:
        raise BadConfiguration(f"A decomposition allows at most {MOST_PLAYERS - 1} shocks.")
    sampled = posterior_paths(results, posterior_draws(results, draws), DECOMPOSED_PATHS, seed)
    parts = contributions(surrogate, results.posterior.parameters(sampled.theta), sampled)
    return [_decomposition(results, parts, name, labels(surrogate)[name]) for name in observables]


def contributions(surrogate: Surrogate, parameters: Array, sampled: PosteriorPaths) -> Contributions:
    """Decompose smoothed paths under parameter vectors [w, n_parameters]."""
    players = surrogate.n_shocks + 1
    coalitions = [np.array([coalition >> i & 1 for i in range(players)]) for coalition in range(2**players)]
    weights = shapley_weights(players)
    shapley, alone, rest = 0.0, [], np.empty(0)
    for coalition, weight in track(
        list(zip(coalitions, weights.T, strict=True)), "switching shocks on and off"
    ):
        states = sampled.paths.states[0]
        if not coalition[0]:
            states = np.broadcast_to(surrogate.steady_state(parameters).states[:, None], states.shape)
        shocks = sampled.paths.shocks * coalition[1:]
        path = follow(surrogate, parameters, states, shocks).observables.astype(float)
        shapley = shapley + weight[:, None, None, None, None] * path
        if coalition.sum() == 0:
            rest = path
        elif coalition.sum() == 1:
            alone.append(path - rest)
    return Contributions(np.asarray(shapley), np.stack(alone), rest)


def shapley_weights(players: int) -> Array:
    """Weights [players, 2^players] that turn the values of all coalitions into Shapley values; bit i of a
    coalition's number says whether player i is in it.
    """
    weights = np.zeros((players, 2**players))
    for coalition in range(2**players):
        size = coalition.bit_count()
        for player in range(players):
            if coalition >> player & 1:
                weights[player, coalition] = factorial(size - 1) * factorial(players - size)
            else:
                weights[player, coalition] = -factorial(size) * factorial(players - size - 1)
    return weights / factorial(players)


def decomposition_figure(table: pd.DataFrame, label: str, moved: Sequence[str]) -> "Figure":
    """Stacked bars of the initial state and the shocks, and what they add up to: the smoothed series without
    the steady state.
    """
    means = table["mean"].unstack("part").loc[table.index.unique("quarter"), list(moved)]
    x = np.array(years(means.index))
    figure, panels = figures.panels(1, 1, width=7.5, height=2.8)
    with figures.styled():
        panel = panels[0, 0]
        for sign in (1, -1):
            base = np.zeros(len(means))
            for part, color in zip(means, itertools.cycle(COLORS), strict=False):
                bar = np.maximum(sign * means[part].to_numpy(), 0.0) * sign
                panel.bar(x, bar, 0.25, base, color=color, label=part if sign > 0 else None)
                base = base + bar
        panel.plot(x, means.sum(axis=1), color="black", linewidth=1.2, label="sum")
        panel.axhline(0.0, color=figures.GRAY, linewidth=0.6)
        panel.set_title(f"{label}, difference from the steady state", loc="left")
        panel.use_sticky_edges = False
        panel.margins(x=0.01, y=0.04)
        figures.legend(figure, panel)
    return figure


def _shocks_or_states(
    name: str, values: dict[str, Array], columns: Sequence[str], quarters: pd.Index
) -> Finding:
    """From draws [T, w, d, k] by kind."""
    levels = {name.removesuffix("s"): columns, "quarter": [str(quarter) for quarter in quarters]}
    parts = {}
    for kind, drawn in values.items():
        pooled = drawn.transpose(1, 2, 3, 0).reshape(-1, drawn.shape[3], drawn.shape[0])  # [w * d, k, T]
        parts[kind] = band_table(pooled, levels)
    table = pd.concat([part.add_prefix(f"{kind} ") for kind, part in parts.items()], axis=1)
    draws, paths = values[SMOOTHED].shape[1:3]
    note = SHOCKS_NOTE.format(draws=draws, paths=paths)
    note += " In standard deviations of the shocks." if name == "shocks" else ""
    return Finding(name, f"{name.capitalize()} given the data", table, note, partial(paths_figure, table))


def _bound(results: Results, paths: dict[str, PosteriorPaths], floor: Floor) -> Finding:
    surrogate = results.posterior.surrogate
    quarters = pd.Index([str(quarter) for quarter in results.data.index], name="quarter")
    shares = {
        kind: binds(surrogate, floor, sampled.paths.observables).mean(axis=(1, 2))
        for kind, sampled in paths.items()
    }
    table = pd.DataFrame(shares, index=quarters)
    series = results.data.get(floor.observable)
    level = round(floor.level, 3) + 0.0  # not minus zero
    note = (
        f"Share of paths on which {floor.observable} is at its lower bound, {level:g}: smoothed given the "
        "whole sample, filtered given the data up to the quarter."
    )
    title = f"Probability that the bound on {floor.observable} binds"
    return Finding("bound", title, table, note, partial(bound_figure, table, series, floor))


def _decomposition(results: Results, parts: Contributions, name: str, label: str) -> Finding:
    surrogate = results.posterior.surrogate
    column = surrogate.observable_names.index(name)
    rest, shapley, alone = parts.rest[..., column], parts.shapley[..., column], parts.alone[..., column]
    data = results.data[name].to_numpy(dtype=float)
    error = data[:, None, None] - rest - shapley.sum(axis=0)
    drawn = dict(zip((INITIAL, *surrogate.shock_names), shapley, strict=True))
    quarters = [str(quarter) for quarter in results.data.index]
    named = {STEADY: rest, **drawn, ERROR: error}
    values = np.stack([part.reshape(len(quarters), -1) for part in named.values()])
    low, _, high = interval(np.moveaxis(values, 2, 0))
    columns = {"mean": values.mean(axis=2), "5 %": low, "95 %": high}
    table = pd.DataFrame(
        {name: numbers.ravel() for name, numbers in columns.items()},
        index=pd.MultiIndex.from_product([list(named), quarters], names=["part", "quarter"]),
    )
    table["alone"] = np.nan
    for part, effects in zip(drawn, alone, strict=True):
        table.loc[part, "alone"] = effects.mean(axis=(1, 2))
    note = DECOMPOSITION_NOTE.format(draws=rest.shape[1], paths=rest.shape[2])
    title = f"Historical decomposition of {name}"
    draw = partial(decomposition_figure, table, label, list(drawn))
    return Finding(f"decomposition_{name}", title, table, note, draw)
