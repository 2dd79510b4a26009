"""What each shock has contributed to the data, in an economy where contributions do not add up by themselves.

The smoothed observables follow from the state before the sample and the shocks. Each of these may be switched
off: the state by starting from the steady state, a shock by setting it to zero. What switching one on changes
depends on which others are on already; its contribution is the mean over all orders in which they can be
switched on, the value of Shapley (1953). Contributions add up exactly, whatever the economy; in a linear one
they are the usual ones. What a shock does when all others are off is its effect alone, and the rest of its
contribution is its interaction with the others.
"""

import itertools
from collections.abc import Sequence
from functools import partial
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimation.analysis.bands import interval, years
from estimation.analysis.names import known_names, labels
from estimation.analysis.paths import PosteriorPaths, posterior_paths
from estimation.analysis.simulation import follow, posterior_draws
from estimation.finding import Finding
from estimation.results import Results
from surrogate import Surrogate
from surrogate.errors import BadConfiguration
from surrogate.house import figures
from surrogate.house.listener import track

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]

PATHS = 2  # for each draw
MOST_PLAYERS = 10
STEADY, INITIAL, ERROR = "steady state", "initial state", "measurement error"
COLORS = ("#2f6f9f", "#c1440e", "#4f8f4f", "#8a5aa8", "#b8860b", "#5f9ea0", "#a0522d", "#708090")
NOTE = (
    "Means and 90 % intervals over {draws} posterior draws with {paths} smoothed paths each. The parts of a "
    "quarter add up to the data; a contribution is the mean over all orders of switching shocks on (Shapley "
    "value), `alone` its effect with all others off, and the difference is interaction."
)


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
    sampled = posterior_paths(results, posterior_draws(results, draws), PATHS, seed)
    parts = contributions(surrogate, results.posterior.parameters(sampled.theta), sampled)
    return [_finding(results, parts, name, labels(surrogate)[name]) for name in observables]


def contributions(surrogate: Surrogate, parameters: Array, sampled: PosteriorPaths) -> Contributions:
    """Decompose smoothed paths under parameter vectors [w, n_parameters]."""
    players = surrogate.n_shocks + 1
    coalitions = [np.array([coalition >> i & 1 for i in range(players)]) for coalition in range(2**players)]
    weights = shapley_weights(players)
    shapley, alone, rest = 0.0, [], np.empty(0)
    for coalition, weight in track(
        list(zip(coalitions, weights.T, strict=True)), "switching shocks on and off"
    ):
        path = _switched(surrogate, parameters, sampled, coalition)
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


def _switched(surrogate: Surrogate, parameters: Array, sampled: PosteriorPaths, coalition: Array) -> Array:
    """Observables [T, w, d, n_observables] with only some of the initial state and the shocks switched on."""
    states, shocks = sampled.paths.states[0], sampled.paths.shocks
    if not coalition[0]:
        steady = surrogate.steady_state(parameters).states[:, None]
        states = np.broadcast_to(steady, states.shape)
    return follow(surrogate, parameters, states, shocks * coalition[1:]).observables.astype(float)


def _finding(results: Results, parts: Contributions, name: str, label: str) -> Finding:
    surrogate = results.posterior.surrogate
    column = surrogate.observable_names.index(name)
    rest, shapley, alone = parts.rest[..., column], parts.shapley[..., column], parts.alone[..., column]
    data = results.data[name].to_numpy(dtype=float)
    error = data[:, None, None] - rest - shapley.sum(axis=0)
    drawn = dict(zip((INITIAL, *surrogate.shock_names), shapley, strict=True))
    table = _table({STEADY: rest, **drawn, ERROR: error}, [str(quarter) for quarter in results.data.index])
    table["alone"] = np.nan
    for part, values in zip(drawn, alone, strict=True):
        table.loc[part, "alone"] = values.mean(axis=(1, 2))
    note = NOTE.format(draws=rest.shape[1], paths=rest.shape[2])
    title = f"Historical decomposition of {name}"
    draw = partial(decomposition_figure, table, label, list(drawn))
    return Finding(f"decomposition_{name}", title, table, note, draw)


def _table(parts: dict[str, Array], quarters: Sequence[str]) -> pd.DataFrame:
    """From draws [T, w, d] of each part."""
    values = np.stack([part.reshape(len(quarters), -1) for part in parts.values()])
    low, _, high = interval(np.moveaxis(values, 2, 0))
    index = pd.MultiIndex.from_product([list(parts), quarters], names=["part", "quarter"])
    columns = {"mean": values.mean(axis=2), "5 %": low, "95 %": high}
    return pd.DataFrame({column: numbers.ravel() for column, numbers in columns.items()}, index=index)


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
