"""Figures of an economy with heterogeneous households beside its first-order solution.

Matplotlib comes with the extra ``plot``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..house.figures import BLUE, RED, legend, panels, styled
from ..reference.hank_linear import SHOCKS
from .sequence_space import AGGREGATES, SequenceSpaceComparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {
    "output_growth": "growth, percent a quarter",
    "inflation": "inflation, percent a year",
    "interest_rate": "interest rate, percent a year",
}


def response_figure(comparison: SequenceSpaceComparison) -> Figure:
    """Responses to a shock of one standard deviation: a row for each shock.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(len(SHOCKS), len(AGGREGATES), 2.9, 1.9)
    solutions = (("surrogate", BLUE, "-"), ("reference", RED, "--"))
    with styled():
        for panels_of_shock, shock in zip(rows, SHOCKS, strict=True):
            for panel, name in zip(panels_of_shock, AGGREGATES, strict=True):
                for (label, color, line), each in zip(solutions, comparison.responses, strict=True):
                    values = each[shock, name]
                    panel.plot(values.index, values, color=color, linestyle=line, linewidth=1.3, label=label)
                panel.set_title(f"{shock}: {TITLES[name]}", loc="left")
        for panel in rows[-1]:
            panel.set_xlabel("quarter")
        legend(figure, rows[0, 0])
    return figure
