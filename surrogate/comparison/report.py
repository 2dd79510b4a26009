"""A comparison as a folder of tables and figures, and the calibration that it is of as a TOML file.

Matplotlib comes with the extra ``plot``; without it figures are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import BadConfiguration, MissingPackage, shown
from ..house import figures, records
from ..house.files import atomic_folder
from .compare import Comparison
from .continuous_time import ContinuousComparison
from .continuous_time_figures import CONTINUOUS_FIGURES as FIGURES_IN_CONTINUOUS_TIME
from .figures import path_figure, policy_figure
from .generations import GenerationsComparison
from .generations_figures import FIGURES as FIGURES_OF_GENERATIONS
from .households import HouseholdsComparison
from .households_figures import FIGURES as FIGURES_OF_HOUSEHOLDS
from .sequence_space import SequenceSpaceComparison
from .sequence_space_figures import response_figure
from .tables import AnyComparison, formatted

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
OF_HOUSEHOLDS = ("differences.csv", "responses.csv", "wealth.png", "responses.png", "values.png")
"""What there is besides of an economy of many households."""
OF_GENERATIONS = ("errors.csv", "errors_by_age.csv", "profiles.csv", "profiles.png", "errors.png")
"""What there is besides of one of overlapping generations."""
TITLES = {
    "differences": "The comparison in a few numbers",
    "errors": "Euler errors along the path, percent of consumption",
    "policies": "Policy functions: relative difference",
    "paths": "Simulated paths with the same shocks: absolute difference",
    "moments": "Moments of the simulated paths",
}
DIGITS = {"differences": 4, "errors": 2, "policies": 2, "paths": 2, "moments": 5}
BEYOND = 1e300
FIGURES: Mapping[type[AnyComparison], Mapping[str, Callable[[Any], Figure]]] = {
    Comparison: {"paths": path_figure, "policies": policy_figure},
    HouseholdsComparison: {"paths": path_figure, **FIGURES_OF_HOUSEHOLDS},
    ContinuousComparison: {"paths": path_figure, **FIGURES_IN_CONTINUOUS_TIME},
    SequenceSpaceComparison: {"paths": path_figure, "responses": response_figure},
    GenerationsComparison: FIGURES_OF_GENERATIONS,
}
"""By the name of the file."""


def as_markdown(comparison: AnyComparison) -> str:
    """The calibration, what to know, and the tables."""
    values = ", ".join(f"{name} = {value:g}" for name, value in comparison.parameters.items())
    parts = [f"# {comparison.surrogate.card.model}: surrogate and classical solution", values]
    parts += comparison.notes
    for name, table in comparison.tables.items():
        parts += [f"## {TITLES[name]}", figures.markdown_table(*formatted(table, DIGITS[name]))]
    return "\n\n".join(parts) + "\n"


def write(comparison: AnyComparison, folder: Path) -> None:
    """Write tables (CSV and Markdown), simulations, the calibration and figures; all of it or nothing.

    Without Matplotlib the figures are left out, of which a warning says what they need.

    Raises
    ------
    WriteFailed : the folder holds other files, cannot be written, or the disk is full.
    """
    with atomic_folder(folder) as temporary:
        for name, table in {**comparison.tables, **comparison.more_tables}.items():
            table.to_csv(temporary / f"{name}.csv")
        for name, pair in comparison.series.items():
            _side_by_side(*pair).to_csv(temporary / f"{name}.csv")
        (temporary / "comparison.md").write_text(as_markdown(comparison), encoding="utf-8")
        text = calibration_text(comparison.parameters)
        (temporary / "calibration.toml").write_text(text, encoding="utf-8")
        try:
            for name, draw in FIGURES[type(comparison)].items():
                figures.save(draw(comparison), temporary / f"{name}.png")
        except MissingPackage as error:
            warnings.warn(str(error), stacklevel=2)


def _side_by_side(surrogate: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for solution, frame in (("surrogate", surrogate), ("reference", reference)):
        names = [" ".join(name) if isinstance(name, tuple) else name for name in frame.columns]
        frames.append(frame.set_axis([f"{name} {solution}" for name in names], axis=1))
    return pd.concat(frames, axis=1)


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
