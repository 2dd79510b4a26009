"""A comparison as a folder of tables and figures."""

import warnings
from pathlib import Path

import pandas as pd

from surrogate import figures, markdown
from surrogate.comparison.calibration import calibration_text
from surrogate.comparison.compare import Comparison
from surrogate.comparison.tables import formatted
from surrogate.errors import MissingPackage
from surrogate.files import atomic_folder

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


def notes(comparison: Comparison) -> list[str]:
    """What a reader of the tables has to know."""
    periods = len(comparison.paths[0].states) - 1
    told = [
        f"Both solutions are followed for {periods} periods with the shocks of seed {comparison.seed}. "
        "A relative difference is a share of the reference where that keeps its sign, else of its root mean "
        "square; `/ sd` is a share of the standard deviation of the reference's path."
    ]
    if comparison.beyond:
        told.append(
            f"In {comparison.beyond} periods the economy was beyond the grid of the classical solution; "
            "there the reference follows the surrogate's policy."
        )
    return told if comparison.paths[1].observables is not None else [*told, WITHOUT_OBSERVABLES]


def as_markdown(comparison: Comparison) -> str:
    """The calibration, what to know, and the three tables."""
    values = ", ".join(f"{name} = {value:g}" for name, value in comparison.parameters.items())
    parts = [f"# {comparison.surrogate.card.model}: surrogate and classical solution", values]
    parts += notes(comparison)
    for name, table in comparison.tables.items():
        parts += [f"## {TITLES[name]}", markdown.table(*formatted(table, DIGITS[name]))]
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
        _side_by_side(comparison).to_csv(temporary / "simulation.csv")
        (temporary / "comparison.md").write_text(as_markdown(comparison), encoding="utf-8")
        text = calibration_text(comparison.parameters)
        (temporary / "calibration.toml").write_text(text, encoding="utf-8")
        _draw(comparison, temporary)


def _side_by_side(comparison: Comparison) -> pd.DataFrame:
    """Both simulations in one table whose columns are called ``kind variable solution``."""
    frames = [
        frame.set_axis([f"{kind} {name} {solution}" for kind, name in frame.columns], axis=1)
        for solution, frame in zip(("surrogate", "reference"), comparison.simulations, strict=True)
    ]
    return pd.concat(frames, axis=1)


def _draw(comparison: Comparison, folder: Path) -> None:
    from surrogate.comparison import plots

    try:
        figures.save(plots.policy_figure(comparison), folder / "policies.png")
        figures.save(plots.path_figure(comparison), folder / "paths.png")
    except MissingPackage as error:
        warnings.warn(str(error), stacklevel=3)
