"""dsge-surrogate estimate: from one configuration file to a posterior."""

from pathlib import Path

import click

from surrogate.house.ownership import owned

from .console import command_line, on_workers, resumable


@click.command()
@click.argument("configuration", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [default: results/CONFIGURATION]")
@click.option("--resume", is_flag=True, help="Go on with the chains of an interrupted or shorter run.")
@on_workers
@click.pass_context
def estimate(
    ctx: click.Context,
    configuration: Path,
    output: Path | None,
    resume: bool,
    processes: int | None,
    scheduler: str | None,
) -> None:
    """Sample the posterior that a TOML file describes.

    Prints the posterior table and leaves it in the output folder with the draws (ArviZ netCDF), the chains,
    figures, and all that it takes to do this again: CONFIGURATION may be such a folder, too. Ctrl-C saves;
    --resume goes on, and refuses if model, data or priors have changed.

    \b
    Examples:
      dsge-surrogate estimate examples/herbst_schorfheide.toml
      dsge-surrogate estimate my.toml --output results/my --processes 4
      dsge-surrogate estimate my.toml --output results/my --resume
      dsge-surrogate estimate results/my --output results/again
    """
    from estimation import Estimation

    estimation = Estimation.from_toml(configuration)
    folder = output or Path("results") / configuration.stem
    ctx.with_resource(owned(folder))
    with resumable(command_line(ctx, "--resume")):
        estimation.run(folder, resume=resume, processes=processes, scheduler=scheduler)
