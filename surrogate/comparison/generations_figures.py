"""Figures of overlapping generations: what every age owns and eats, prices along a path, errors by age.

Matplotlib comes with the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..house.figures import BLUE, GRAY, RED, legend, panels, styled
from .generations import PROFILES, GenerationsComparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = {
    "mean with shocks": (BLUE, "-"),
    "steady state, surrogate": (GRAY, "-"),
    "steady state, reference": (RED, "--"),
}
PATHS = {
    "log_capital": "log capital",
    "gross_return": "gross return on capital",
    "bond_price": "price of a bond",
}
SHOWN = 200


def profile_figure(comparison: GenerationsComparison) -> Figure:
    """Capital, bonds and consumption by age, with and without shocks.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, len(PROFILES), 2.9, 2.5)
    with styled():
        for panel, name in zip(rows[0], PROFILES, strict=True):
            for label, values in comparison.profiles[name].items():
                color, line = LINES[str(label)]
                panel.plot(values.index, values, color=color, linestyle=line, linewidth=1.3, label=label)
            panel.set_title(name, loc="left")
            panel.set_xlabel("age")
        legend(figure, rows[0, 0])
    return figure


def price_figure(comparison: GenerationsComparison) -> Figure:
    """Capital and prices along the first periods of the path, and without shocks.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, len(PATHS), 2.9, 2.3)
    path, at_rest = (frame.iloc[:SHOWN] for frame in comparison.simulations)
    with styled():
        for panel, (name, title) in zip(rows[0], PATHS.items(), strict=True):
            panel.plot(path.index, path[name], color=BLUE, linewidth=1.0, label="surrogate")
            panel.plot(path.index, at_rest[name], color=RED, linestyle="--", linewidth=1.0, label="no shocks")
            panel.set_title(title, loc="left")
            panel.set_xlabel("period")
        legend(figure, rows[0, 0])
    return figure


def error_figure(comparison: GenerationsComparison) -> Figure:
    """Mean and largest Euler errors by age.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, 2, 3.6, 2.5)
    with styled():
        for panel, equation in zip(rows[0], ("capital", "bonds"), strict=True):
            for (name, values), color in zip(comparison.by_age[equation].items(), (BLUE, RED), strict=True):
                panel.plot(values.index, values, color=color, linewidth=1.3, label=name)
            panel.set_title(f"{equation}: Euler error, percent", loc="left")
            panel.set_xlabel("age")
            panel.set_yscale("log")
        legend(figure, rows[0, 0])
    return figure


FIGURES: Mapping[str, Callable[[GenerationsComparison], Figure]] = {
    "profiles": profile_figure,
    "paths": price_figure,
    "errors": error_figure,
}
"""By the name of the file."""
