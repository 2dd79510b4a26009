"""What the data say about shocks and states, quarter by quarter, and about whether the bound was binding."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimation.analysis.bands import HIGH, LOW, MEDIAN, band_table, draw_band, years
from estimation.analysis.bound import Floor, binds
from estimation.analysis.paths import PosteriorPaths, posterior_paths
from estimation.analysis.simulation import posterior_draws
from estimation.analysis.starts import visited_states
from estimation.finding import Finding
from estimation.results import Results
from surrogate.house import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]

PATHS = 5  # for each draw
CHAINS = 20  # simulated for each draw to find the bound
SMOOTHED, FILTERED = "smoothed", "filtered"
NOTE = (
    "Median and 90 % interval over {draws} posterior draws with {paths} paths each: smoothed given the whole "
    "sample, filtered given the data up to the quarter."
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
    found = {
        SMOOTHED: posterior_paths(results, theta, PATHS, seed),
        FILTERED: posterior_paths(results, theta, PATHS, seed, smoothed=False),
    }
    findings = []
    for name, columns, first in (("shocks", surrogate.shock_names, 0), ("states", surrogate.state_names, 1)):
        values = {kind: getattr(sampled.paths, name)[first:] for kind, sampled in found.items()}
        findings.append(_finding(name, values, columns, results.data.index))
    floor = visited_states(
        surrogate,
        results.posterior.parameters(found[SMOOTHED].theta),
        CHAINS,
        np.random.default_rng([seed, 1]),
    ).floor
    return findings if floor is None else [*findings, _bound(results, found, floor)]


def _finding(name: str, values: dict[str, Array], columns: Sequence[str], quarters: pd.Index) -> Finding:
    """From draws [T, w, d, k] by kind."""
    levels = {name.removesuffix("s"): columns, "quarter": [str(quarter) for quarter in quarters]}
    parts = {kind: band_table(_pooled(drawn), levels) for kind, drawn in values.items()}
    table = pd.concat([part.add_prefix(f"{kind} ") for kind, part in parts.items()], axis=1)
    draws, paths = values[SMOOTHED].shape[1:3]
    note = NOTE.format(draws=draws, paths=paths)
    note += " In standard deviations of the shocks." if name == "shocks" else ""
    return Finding(name, f"{name.capitalize()} given the data", table, note, partial(paths_figure, table))


def _pooled(values: Array) -> Array:
    """[T, w, d, k] -> [w * d, k, T]."""
    return values.transpose(1, 2, 3, 0).reshape(-1, values.shape[3], values.shape[0])


def paths_figure(table: pd.DataFrame) -> "Figure":
    """A panel for each shock or state: smoothed median with its band, filtered median."""
    names = list(table.index.unique(0))
    figure, panels = figures.panels(len(names), 1, width=7.0, height=1.5, sharex=True)
    with figures.styled():
        for panel, name in zip(panels[:, 0], names, strict=True):
            _draw_path(panel, table.xs(name, level=0))
            panel.set_title(name, loc="left")
        figures.legend(figure, panels[0, 0])
    return figure


def _draw_path(panel: Any, table: pd.DataFrame) -> None:
    x = years(table.index)
    columns = {f"{SMOOTHED} {column}": column for column in (LOW, MEDIAN, HIGH)}
    draw_band(panel, x, table.rename(columns=columns), figures.BLUE, "smoothed, with 90 % band")
    panel.plot(x, table[f"{FILTERED} {MEDIAN}"], color=figures.RED, linewidth=0.9, label=FILTERED)
    panel.margins(x=0.01)


def _bound(results: Results, found: dict[str, PosteriorPaths], floor: Floor) -> Finding:
    surrogate = results.posterior.surrogate
    quarters = pd.Index([str(quarter) for quarter in results.data.index], name="quarter")
    shares = {
        kind: binds(surrogate, floor, sampled.paths.observables).mean(axis=(1, 2))
        for kind, sampled in found.items()
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
