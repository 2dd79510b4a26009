"""A comparison as a folder of tables and figures, and the calibration that it is of as a TOML file.

Matplotlib comes with the extra ``plot``; without it figures are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import BadConfiguration, MissingPackage, shown
from ..house import figures, records
from ..house.figures import BLUE, RED, legend, panels, styled
from ..house.files import atomic_folder
from .compare import SIMULATION, Comparison, Policies, formatted, relative_difference

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILES = (
    "policies.csv",
    "paths.csv",
    "moments.csv",
    "simulation.csv",
    "comparison.md",
    "calibration.toml",
    "policies.png",
    "paths.png",
)
TITLES = {
    "policies": "Policy functions: relative difference",
    "paths": "Simulated paths with the same shocks: absolute difference",
    "moments": "Moments of the simulated paths",
}
DIGITS = {"policies": 2, "paths": 2, "moments": 5}
WITHOUT_OBSERVABLES = (
    "Observables are left out: under another policy than the surrogate's they come from the equations of an "
    'economy that ships, which need pip install "dsge-surrogate[train]".'
)
BEYOND = 1e300
Array = NDArray[np.float64]

SHOWN_PERIODS = 200
"""Of the simulated levels; differences are shown to the end."""
LEAST_DIFFERENCE = 1e-8
"""Where the axis of relative differences ends: beyond, a curve only crosses zero."""
DOTS: dict[str, Any] = {"color": RED, "marker": "o", "markersize": 3.5, "markerfacecolor": "white"}


def notes(comparison: Comparison) -> list[str]:
    """What a reader of the tables has to know."""
    periods = len(comparison.paths[0].states) - 1
    lines = [
        f"Both solutions are followed for {periods} periods with the shocks of seed {comparison.seed}. "
        "A relative difference is a share of the reference where that keeps its sign, else of its root mean "
        "square; `/ sd` is a share of the standard deviation of the reference's path."
    ]
    if comparison.beyond:
        lines.append(
            f"In {comparison.beyond} periods the economy was beyond the grid of the classical solution; "
            "there the reference follows the surrogate's policy."
        )
    return lines if comparison.paths[1].observables is not None else [*lines, WITHOUT_OBSERVABLES]


def as_markdown(comparison: Comparison) -> str:
    """The calibration, what to know, and the three tables."""
    values = ", ".join(f"{name} = {value:g}" for name, value in comparison.parameters.items())
    parts = [f"# {comparison.surrogate.card.model}: surrogate and classical solution", values]
    parts += notes(comparison)
    for name, table in comparison.tables.items():
        parts += [f"## {TITLES[name]}", figures.markdown_table(*formatted(table, DIGITS[name]))]
    return "\n\n".join(parts) + "\n"


def write(comparison: Comparison, folder: Path) -> None:
    """Write tables (CSV and Markdown), simulations, the calibration and figures; all of it or nothing.

    Without Matplotlib the figures are left out, of which a warning says what they need.

    Raises
    ------
    WriteFailed : the folder holds other files, cannot be written, or the disk is full.
    """
    with atomic_folder(folder) as temporary:
        for name, table in comparison.tables.items():
            table.to_csv(temporary / f"{name}.csv")
        frames = [
            frame.set_axis([f"{kind} {name} {solution}" for kind, name in frame.columns], axis=1)
            for solution, frame in zip(("surrogate", "reference"), comparison.simulations, strict=True)
        ]
        pd.concat(frames, axis=1).to_csv(temporary / "simulation.csv")
        (temporary / "comparison.md").write_text(as_markdown(comparison), encoding="utf-8")
        text = calibration_text(comparison.parameters)
        (temporary / "calibration.toml").write_text(text, encoding="utf-8")
        try:
            figures.save(policy_figure(comparison), temporary / "policies.png")
            figures.save(path_figure(comparison), temporary / "paths.png")
        except MissingPackage as error:
            warnings.warn(str(error), stacklevel=2)


def read_calibration(path: Path) -> dict[str, float]:
    """Parameters by name.

    Raises
    ------
    BadConfiguration : no such file, not TOML, or something else than numbers in it.
    """
    values = records.read_toml(path)
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < BEYOND:
            raise BadConfiguration(
                f"{path} must have lines such as `alpha = 0.3`, but {name} is {shown(value)}."
            )
    return {name: float(value) for name, value in values.items()}


def calibration_text(parameters: Mapping[str, float]) -> str:
    """The file that `read_calibration` reads back."""
    return "".join(f"{name} = {value!r}\n" for name, value in parameters.items())


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
                _draw_policy(levels, gaps, x, at, control)
            rows[-1, column].set_xlabel(state)
        legend(figure, rows[0, 0])
    return figure


def path_figure(comparison: Comparison) -> Figure:
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


def _draw_policy(levels: Any, gaps: Any, x: Array, at: Policies, control: str) -> None:
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
