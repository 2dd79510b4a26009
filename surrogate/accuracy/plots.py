"""Figures of a policy's accuracy; Matplotlib comes with the extra ``plot``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surrogate.accuracy.artifact import Measurement
from surrogate.card import expanded_names
from surrogate.figures import BLUE, GRAY, RED, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

COLORS = {"box": BLUE, "ergodic": RED, "constrained": GRAY}
LAWS = {"box": "box", "ergodic": "ergodic set", "constrained": "constraint binds"}


def euler_error_figure(measured: Measurement) -> Figure:
    """A row for each equation: density of log10 errors, and the share of points with a larger error.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    equations = [(name, each.unit) for each in measured.equations for name in expanded_names([each])]
    figure, rows = panels(len(equations), 2, width=3.6, height=2.3)
    with styled():
        for column, ((name, unit), (density, tail)) in enumerate(zip(equations, rows, strict=True)):
            density.set_title(f"{name}: density of errors", loc="left")
            tail.set_title(f"{name}: share of points with a larger error", loc="left")
            for law, values in measured.errors.items():
                _draw_errors(density, tail, values[:, column].numpy(), law)
            for panel in (density, tail):
                panel.set_xlabel(f"log10 of the error ({unit})")
            density.legend(loc="upper left", frameon=False)
            tail.set_xlim(density.get_xlim()[0], None)
            density.set_ylim(0, 1.35 * density.get_ylim()[1])  # room for the legend
    return figure


def _draw_errors(density: Any, tail: Any, errors: Array, law: str) -> None:
    color, ordered = COLORS[law], np.sort(errors)
    label = f"{LAWS[law]}: mean {errors.mean():.2f}, 99 % below {np.quantile(errors, 0.99):.2f}"
    bins = np.linspace(np.quantile(ordered, 0.002), np.quantile(ordered, 0.998), 50)
    label = label.replace("-", "\N{MINUS SIGN}")
    density.hist(errors, bins=bins, density=True, color=color, alpha=0.45, label=label)
    density.set_yticks([])
    density.spines["left"].set_visible(False)
    tail.plot(
        ordered,
        1 - np.arange(len(ordered)) / len(ordered),
        color=color,
        linewidth=1.4,
        drawstyle="steps-post",
    )
    tail.set_yscale("log")
    tail.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
