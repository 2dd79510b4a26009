"""dsge-surrogate validate and check: what is wrong with an artifact, or with an economy before training."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surrogate.artifact.reduction import check_reduction, is_reduced, is_source
from surrogate.artifact.runtime import Surrogate
from surrogate.artifact.validation import Check
from surrogate.artifact.validation import validate as run_checks
from surrogate.catalogue import available, load
from surrogate.errors import BadConfiguration
from surrogate.house.figures import save
from surrogate.house.files import atomic_path

from .console import SEED, needs_extra, print_checks, print_roots
from .dynare import check_file

if TYPE_CHECKING:
    from surrogate.accuracy.errors import MeasuredErrors


@click.command()
@click.argument("artifact")
@click.option("--model", help="Python file of the economy, if it is your own: tests its Euler errors too.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the random test points.")
@click.option("--plots", type=click.Path(path_type=Path), help="Folder for figures of the Euler errors.")
@click.pass_context
def validate(ctx: click.Context, artifact: str, model: str | None, seed: int, plots: Path | None) -> None:
    """Check that an artifact keeps its promises.

    ARTIFACT is a folder or the name of a shipped surrogate. Checked are finite numbers over the box and at
    its corners, the same answer alone and in a batch, policy, step and steady state that agree, simulations
    that stay finite, a complete card. Where the training framework is installed, Euler errors are measured
    again, on the ONNX files and at points that the certificate has not seen; --plots draws them. A reduced
    economy is held against the full one, if that ships. The exit status is 1 if a check fails.

    \b
    Examples:
      dsge-surrogate validate rbc
      dsge-surrogate validate my_artifact --model my_economy.py --plots figures
    """
    surrogate = load(artifact)
    beside: list[Check] = []
    if is_reduced(surrogate.card):
        measured, (beside, note) = None, _beside_full(surrogate, seed)
    else:
        measured, note = _measure(surrogate, model, seed)
    if plots and measured is None:
        raise BadConfiguration(note or f"{artifact} has no equations of its own, so no Euler errors to draw.")
    checks = run_checks(surrogate, seed) + beside
    if measured is not None:
        from surrogate.accuracy.errors import check_accuracy

        checks += check_accuracy(surrogate.card, measured)
    if plots and measured is not None:
        from surrogate.accuracy.errors import euler_error_figure

        note = f"Saved {save(euler_error_figure(measured), plots / 'euler_errors.png')}"
        if maps := _save_residual_maps(surrogate, plots):
            note += f", {maps}"
    print_checks(checks)
    if note:
        click.echo(note)
    if not all(check.passed for check in checks):
        ctx.exit(1)


@click.command()
@click.argument("model")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the random parameter vectors.")
@click.pass_context
def check(ctx: click.Context, model: str, seed: int) -> None:
    """Check an economy before it is trained.

    MODEL is the name of an economy, a Python file that defines one, or a Dynare file. Checked are the steady
    state, the box of the states, the same answer alone and in a batch, parameters that no equation reads,
    logarithms of controls without bounds, and Blanchard and Kahn's conditions, at random parameter vectors of
    the box; at the calibration the eigenvalues are listed. Of a Dynare file the steady state and the
    eigenvalues are shown, as by Dynare's `steady` and `check`. The exit status is 1 if a check fails.

    \b
    Examples:
      dsge-surrogate check an_schorfheide
      dsge-surrogate check my_economy.py
      dsge-surrogate check model.mod
    """
    if model.endswith(".mod"):
        if not check_file(Path(model)):
            ctx.exit(1)
        return
    with needs_extra("train"):
        from surrogate import models
        from surrogate.reference.linearise import roots_of
        from surrogate.training.checks import check_economy
    economy = models.get(model)
    checks = check_economy(economy, seed)
    print_checks(checks)
    if not all(each.passed for each in checks):
        ctx.exit(1)
    if economy.evaluation_cost == 1:
        print_roots(*roots_of(economy, economy.default_parameters()))


def _save_residual_maps(surrogate: Surrogate, folder: Path) -> str:
    """Where households of an economy in continuous time err, as a figure and a table; the files' names, or
    nothing for any other economy.
    """
    from surrogate import models
    from surrogate.accuracy.residual_maps import residual_map_figure, residual_maps
    from surrogate.models.continuous_time import InstantaneousPopulation

    name = surrogate.card.model
    model = models.get(name) if name in models.names() else None
    if not isinstance(model, InstantaneousPopulation):
        return ""
    maps = residual_maps(surrogate, model)
    with atomic_path(folder / "residuals.csv") as temporary:
        maps.table().to_csv(temporary)
    return f"{save(residual_map_figure(maps), folder / 'residuals.png')}, {folder / 'residuals.csv'}"


def _beside_full(surrogate: Surrogate, seed: int) -> tuple[list[Check], str]:
    """A reduced economy beside the artifact that it was fitted to, or a note on why it is not there."""
    full = next((each for each in map(load, available()) if is_source(surrogate.card, each)), None)
    if full is None:
        return (
            [],
            "It was not held against the full economy: the artifact that it was fitted to does not ship.",
        )
    return check_reduction(surrogate, full, seed), ""


def _measure(surrogate: Surrogate, model: str | None, seed: int) -> tuple[MeasuredErrors | None, str]:
    """Euler errors by the economy's equations, or a note on why they were not measured."""
    if importlib.util.find_spec("torch") is None:
        return None, 'Euler errors were not measured again: that needs pip install "dsge-surrogate[train]".'
    from surrogate import models
    from surrogate.accuracy.errors import measure

    name = surrogate.card.model
    ships = name in models.names() and surrogate.card.training.get("shipped", True)
    if model is None and not ships:
        return None, f"Euler errors were not measured again: say where {name} is with --model."
    return measure(surrogate, models.get(model or name), seed), ""
