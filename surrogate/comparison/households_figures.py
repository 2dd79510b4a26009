"""Figures of an economy of many households beside its classical solution.

Matplotlib comes with the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..house.figures import BLUE, GRAY, RED, legend, panels, styled
from .figures import draw_policy
from .households import NOBODY, SPELL, HouseholdsComparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
IN_UNITS = "wealth, relative to the representative agent's"
SOLUTIONS = (("surrogate", BLUE, "-"), ("reference", RED, "--"))
RESPONSES = {
    "log_capital": "capital, percent",
    "log_output": "output, percent",
    "log_consumption": "consumption, percent",
    "gini": "Gini coefficient, hundredths",
}


def consumption_figure(comparison: HouseholdsComparison) -> Figure:
    """What households eat, by employment and times, up to where the richest are: levels above, relative
    differences below.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    there = comparison.masses.reshape(2, 2, -1).sum(axis=(0, 1)) > NOBODY
    shown = slice(0, int(np.flatnonzero(there)[-1]) + 1)
    figure, rows = panels(2, len(comparison.policies), 3.0, 2.0, sharex="col", sharey="row")
    with styled():
        for column, (who, at) in enumerate(comparison.policies.items()):
            rows[0, column].set_title(who, loc="left")
            up_to = at._replace(
                surrogate={name: values[shown] for name, values in at.surrogate.items()},
                reference={name: values[shown] for name, values in at.reference.items()},
            )
            draw_policy(rows[0, column], rows[1, column], at.states[shown, 0], up_to, "consumption")
            rows[1, column].set_xlabel(IN_UNITS)
        legend(figure, rows[0, 0])
    return figure


def wealth_figure(comparison: HouseholdsComparison) -> Figure:
    """Who owns how much, on average over the simulation: the distribution function of wealth, and Lorenz's
    curve.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, 2, 3.6, 3.0)
    left, right = rows[0]
    pairs = zip(SOLUTIONS, comparison.distributions, comparison.lorenz_curves, strict=True)
    with styled():
        for (label, color, line), (nodes, masses), curve in pairs:
            style = {"color": color, "linestyle": line, "linewidth": 1.3, "label": label}
            left.plot(nodes, np.cumsum(masses) - masses / 2, **style)  # half of a node's households have less
            right.plot(curve.population, curve.wealth, **style)
        right.plot([0, 1], [0, 1], color=GRAY, linewidth=0.8)
        left.set_title("share of households with less", loc="left")
        left.set_xlim(0, _richest(comparison))
        left.set_xlabel(IN_UNITS)
        right.set_title("Lorenz curve", loc="left")
        right.set_xlabel("share of households, the poorest first")
        legend(figure, left)
    return figure


def response_figure(comparison: HouseholdsComparison) -> Figure:
    """What a bad state of eight quarters does, against good times throughout.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, len(RESPONSES), 2.6, 2.2)
    with styled():
        for panel, (name, title) in zip(rows[0], RESPONSES.items(), strict=True):
            for (label, color, line), response in zip(SOLUTIONS, comparison.responses, strict=True):
                values = response[name]
                panel.plot(values.index, values, color=color, linestyle=line, linewidth=1.3, label=label)
            panel.axvspan(1, SPELL, color="0.93", zorder=0, linewidth=0)
            panel.set_title(title, loc="left")
            panel.set_xlabel("quarter")
        legend(figure, rows[0, 0])
    return figure


FIGURES: Mapping[str, Callable[[HouseholdsComparison], Figure]] = {
    "policies": consumption_figure,
    "wealth": wealth_figure,
    "responses": response_figure,
}
"""By the name of the file."""


def _richest(comparison: HouseholdsComparison) -> float:
    """Wealth of the richest households of the reference, of whom there are hardly any."""
    nodes, masses = comparison.distributions[1]
    return float(nodes[np.flatnonzero(masses > NOBODY)[-1]])
