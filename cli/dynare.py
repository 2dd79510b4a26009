"""dsge-surrogate import: a Dynare file as an economy in Python."""

from __future__ import annotations

from pathlib import Path

import click

from surrogate.dynare.calibration import calibrate
from surrogate.dynare.importing import Imported, import_economy
from surrogate.dynare.linear import roots_of
from surrogate.dynare.model_file import read_model_file
from surrogate.dynare.preprocessor import preprocess
from surrogate.errors import WriteFailed
from surrogate.house.files import atomic_path

from .console import console, print_roots, table


@click.command("import")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-D", "defines", multiple=True, metavar="NAME=VALUE", help="Define a macro variable; may be repeated."
)
@click.option("--box", type=click.Path(path_type=Path), help="TOML file with ranges: alpha = [0.3, 0.4]")
@click.option("--percent", is_flag=True, help="The file's shocks are in percent: divide them by 100.")
@click.option("--octave", is_flag=True, help="Let Dynare run the file's MATLAB code under Octave.")
@click.option("--output", type=click.Path(path_type=Path), help="Python file to write.  [default: MODEL.py]")
def import_(
    model: Path,
    defines: tuple[str, ...],
    box: Path | None,
    percent: bool,
    octave: bool,
    output: Path | None,
) -> None:
    """Write a Dynare file as an economy in Python.

    MODEL is a .mod file, which Dynare's preprocessor has to read (`apt install dynare`), or the modfile.json
    that it has left elsewhere. Nothing in the file is run, unless --octave allows it, for files whose
    parameters or steady state MATLAB code computes (`apt install octave dynare`). The economy is solved over
    the ranges of --box, or over those of estimated_params, or else around the file's values.

    \b
    Examples:
      dsge-surrogate import model.mod
      dsge-surrogate import model.mod -D HABIT=0 --box ranges.toml --output my_economy.py
    """
    imported = import_economy(model, defines, box, percent, octave)
    path = output or Path(f"{imported.name}.py")
    if path.exists():
        raise WriteFailed(f"{path} exists: choose another --output, or remove it.")
    write_economy(imported, path)
    click.echo(f"Wrote {path}. Next: dsge-surrogate check {path}")


def check_file(path: Path) -> bool:
    """Print where a Dynare file rests, and its eigenvalues; whether it has a unique stable solution."""
    file = read_model_file(preprocess(path))
    calibration = calibrate(file)
    rows = table("variable", "at rest", title="Steady state")
    for text in file.endogenous:
        rows.add_row(text, f"{calibration.rest[text]:.6g}")
    console().print(rows)
    values = {**calibration.values(), **dict.fromkeys(file.shocks, 0.0)}
    return print_roots(*roots_of(file.equations, tuple(file.endogenous), tuple(file.shocks), values))


def write_economy(imported: Imported, path: Path) -> None:
    """Write the economy's Python file, and beside it what the file says of its estimation, if it does and
    nothing is there; and say what became of the file.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(imported.text, encoding="utf-8")
    for note in imported.notes:
        click.echo(note)
    configuration = path.with_suffix(".toml")
    if imported.configuration is not None and not configuration.exists():
        with atomic_path(configuration) as temporary:
            temporary.write_text(imported.configuration, encoding="utf-8")
        click.echo(f"Wrote {configuration}, what the file says of its estimation.")


def economy_beside(model: Path, checkpoint: Path) -> Path:
    """The Python file of a Dynare file's economy, beside the checkpoint that will be trained; one that is
    there already has to be the same.

    Raises
    ------
    WriteFailed : it has been changed since, or comes from other options.
    """
    imported = import_economy(model)
    path = checkpoint.with_suffix(".py")
    if path.exists() and path.read_text(encoding="utf-8") != imported.text:
        raise WriteFailed(
            f"{path} is there and says something else than {model}: train {path} itself, or remove it."
        )
    write_economy(imported, path)
    return path
