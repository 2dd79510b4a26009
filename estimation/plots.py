"""Figures of an estimation; Matplotlib and corner come with the extra ``plot``."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estimation.chains import Chains
from estimation.mode import Mode
from estimation.priors import Prior, PriorSet
from surrogate.house import figures
from surrogate.house.figures import BLUE, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRIOR, POSTERIOR, MODE = "#8c8c8c", BLUE, RED
ENSEMBLES = (BLUE, RED, "#4f8f4f", "#8a5aa8", "#b8860b", "#5f9ea0")
PANELS_A_ROW = 4


def observations(data: pd.DataFrame) -> "Figure":
    """The observed series [T, n_y] by quarter, one panel each."""
    figure, panels = _panels(tuple(map(str, data.columns)), height=1.9)
    quarters = pd.PeriodIndex(data.index)
    dates = quarters.year + (quarters.quarter - 1) / 4
    for name, panel in zip(data.columns, panels, strict=True):
        panel.plot(dates, data[name].to_numpy(dtype=float), color=BLUE, linewidth=1.1)
        panel.axhline(0, color="0.8", linewidth=0.7, zorder=0)
        panel.xaxis.set_major_locator(figures.plotting("matplotlib.ticker").MaxNLocator(5, integer=True))
    return figure


def trace(chains: Chains, burn: int) -> "Figure":
    """Every step of every ensemble, burn-in shaded: mean of its walkers and the band of 90 % of them."""
    figure, panels = _panels(chains.names, height=1.7)
    steps = np.arange(1, chains.steps + 1)
    for column, panel in enumerate(panels):
        for ensemble, color in zip(chains.theta[..., column], _colors(len(chains.theta)), strict=True):
            low, high = np.quantile(ensemble, [0.05, 0.95], axis=1)
            panel.fill_between(steps, low, high, color=color, alpha=0.12, linewidth=0)
            panel.plot(steps, ensemble.mean(axis=1), color=color, linewidth=1)
        panel.axvspan(0, burn, color="0.9", zorder=0, linewidth=0)
        panel.set_xlim(0, chains.steps)
    figure.supxlabel(
        "step (shaded: burn-in; lines: mean of each ensemble; bands: 90 % of its walkers)", fontsize=9
    )
    return figure


def prior_posterior(chains: Chains, priors: PriorSet, mode: Mode) -> "Figure":
    """Prior density inside the box, posterior histogram and mode of every free parameter."""
    figure, panels = _panels(chains.names, height=1.9)
    draws = chains.by_walker().reshape(-1, len(chains.names))
    for name, panel, values, best in zip(chains.names, panels, draws.T, mode.theta, strict=True):
        prior = priors[name]
        low, high = _range(prior, values)
        grid = np.linspace(low, high, 400)
        panel.hist(
            values, bins=40, range=(low, high), density=True, color=POSTERIOR, alpha=0.55, label="posterior"
        )
        panel.plot(grid, np.exp(prior.log_density(grid)), color=PRIOR, linewidth=1.5, label="prior")
        panel.axvline(best, color=MODE, linewidth=1.2, linestyle="--", label="posterior mode")
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
    figures.legend(figure, panels[0])
    return figure


def corner(chains: Chains, mode: Mode) -> "Figure":
    """Pairs of parameters: densities of all draws, with the posterior mode."""
    package = figures.plotting("corner")
    draws = chains.by_walker().reshape(-1, len(chains.names))
    size = max(4.0, 1.15 * len(chains.names))
    with figures.styled(**{"xtick.labelsize": 7, "ytick.labelsize": 7}):
        figure = package.corner(
            draws,
            fig=figures.plotting("matplotlib.figure").Figure(figsize=(size, size)),
            labels=list(chains.names),
            label_kwargs={"fontsize": 11},
            truths=mode.theta,
            truth_color=MODE,
            color=POSTERIOR,
            bins=30,
            smooth=1.0,
            max_n_ticks=3,
            plot_datapoints=False,
            fill_contours=True,
            levels=(0.5, 0.9),
            labelpad=0.15,
        )
    _thin_lines(figure, MODE)
    return figure


def _panels(names: tuple[str, ...], height: float) -> "tuple[Figure, list[Any]]":
    columns = min(PANELS_A_ROW, len(names))
    rows = math.ceil(len(names) / columns)
    figure, grid = figures.panels(rows, columns, width=2.6, height=height)
    panels = list(grid.flat)
    for panel in panels[len(names) :]:
        panel.remove()
    for panel, name in zip(panels, names, strict=False):
        panel.set_title(name, loc="left")
    return figure, panels[: len(names)]


def _range(prior: Prior, values: np.ndarray) -> tuple[float, float]:
    """Where either the prior or the posterior has noticeable mass, without long prior tails."""
    low, high = prior.ppf(np.array([0.005, 0.995]))
    spread = values.max() - values.min()
    return (
        float(min(values.min(), max(low, values.min() - 2 * spread))),
        float(max(values.max(), min(high, values.max() + 2 * spread))),
    )


def _colors(count: int) -> list[str]:
    return [ENSEMBLES[index % len(ENSEMBLES)] for index in range(count)]


def _thin_lines(figure: "Figure", color: str) -> None:
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_color() == color:
                line.set(linewidth=0.8, markersize=3)
