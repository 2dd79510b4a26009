"""Figures of a comparison: both solutions and their difference, in policies and along paths.

Matplotlib comes with the extra ``plot``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..house.figures import BLUE, RED, legend, panels, styled
from .compare import SIMULATION, Comparison
from .households import HouseholdsComparison
from .sequence_space import SequenceSpaceComparison
from .tables import Policies, relative_difference

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .continuous_time import ContinuousComparison

Array = NDArray[np.float64]
SHOWN_PERIODS = 200
"""Of the simulated levels; differences are shown to the end."""
LEAST_DIFFERENCE = 1e-8
"""Where the axis of relative differences ends: beyond, a curve only crosses zero."""
DOTS: dict[str, Any] = {"color": RED, "marker": "o", "markersize": 3.5, "markerfacecolor": "white"}


def policy_figure(comparison: Comparison) -> Figure:
    """Controls along each state, the others at the steady state: levels above, relative differences below.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    slices = {state: at for state, at in comparison.policies.items() if state != SIMULATION}
    controls = list(comparison.policies[SIMULATION].reference)
    figure, rows = panels(2 * len(controls), len(slices), 3.0, 2.0, sharex="col", sharey="row")
    with styled():
        for column, (state, at) in enumerate(slices.items()):
            x = at.states[:, comparison.surrogate.state_names.index(state)]
            for row, control in enumerate(controls):
                levels, gaps = rows[2 * row, column], rows[2 * row + 1, column]
                levels.set_title(control, loc="left")
                draw_policy(levels, gaps, x, at, control)
            rows[-1, column].set_xlabel(state)
        legend(figure, rows[0, 0])
    return figure


def path_figure(
    comparison: Comparison | HouseholdsComparison | ContinuousComparison | SequenceSpaceComparison,
) -> Figure:
    """Simulated paths with the same shocks, a row for each variable: levels, and surrogate less reference.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    found, exact = comparison.simulations
    figure, rows = panels(exact.shape[1], 2, 3.9, 1.5, sharex="col")
    with styled():
        for column, (kind, name) in enumerate(exact.columns):
            levels, gaps = rows[column]
            levels.set_title(f"{name} ({kind})", loc="left")
            gaps.set_title("difference", loc="left")
            _draw_path(levels, gaps, found.iloc[:, column], exact.iloc[:, column])
        for panel in rows[-1]:
            panel.set_xlabel("period")
        legend(figure, rows[0, 0])
    return figure


def draw_policy(levels: Any, gaps: Any, x: Array, at: Policies, control: str) -> None:
    """One control of both solutions along `x` [n], and its relative difference, in two panels."""
    found, exact = at.surrogate[control], at.reference[control]
    levels.plot(x, found, color=BLUE, linewidth=1.3, label="surrogate")
    levels.plot(x[::8], exact[::8], linestyle="none", label="reference", **DOTS)
    gap = np.maximum(relative_difference(found, exact), LEAST_DIFFERENCE)
    gaps.plot(x, gap, color=BLUE, linewidth=1.1)
    gaps.set_yscale("log")
    gaps.set_title("relative difference", loc="left")


def _draw_path(levels: Any, gaps: Any, found: pd.Series, exact: pd.Series) -> None:
    shown = slice(0, SHOWN_PERIODS)
    levels.plot(found.index[shown], found[shown], color=BLUE, linewidth=1.3, label="surrogate")
    levels.plot(exact.index[shown], exact[shown], color=RED, linewidth=1.1, linestyle="--", label="reference")
    gaps.plot(found.index, found - exact, color=BLUE, linewidth=0.8)
