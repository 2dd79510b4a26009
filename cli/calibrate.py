"""dsge-surrogate calibrate: does the posterior hold the truth as often as it says?"""

from pathlib import Path

import click

from surrogate.house.files import atomic_files
from surrogate.house.listener import progress
from surrogate.house.ownership import owned

from .console import SEED, command_line, on_workers, resumable


@click.command()
@click.argument("configuration", type=click.Path(path_type=Path))
@click.option("--replications", type=click.IntRange(min=8), default=200, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder.  [default: results/CONFIGURATION_calibration]"
)
@on_workers
@click.option("--draws", type=click.IntRange(min=4), default=64, show_default=True, help="Of each posterior.")
@click.option(
    "--steps", type=click.IntRange(min=1), help="Of every walker.  [default: 40, and 15 for each parameter]"
)
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Go on with an interrupted run, or with more replications.")
@click.pass_context
def calibrate(
    ctx: click.Context,
    configuration: Path,
    replications: int,
    output: Path | None,
    processes: int | None,
    scheduler: str | None,
    draws: int,
    steps: int | None,
    seed: int,
    resume: bool,
) -> None:
    """Test the posterior that a TOML file describes, on simulated data.

    Parameters are drawn from the prior, data like those of the file are simulated, the posterior is sampled
    in the same way, and the truth is ranked among its draws: if all is right, ranks are uniform. Prints tests
    and the coverage of credible intervals, and leaves tables and figures in the output folder.

    \b
    Examples:
      dsge-surrogate calibrate my.toml
      dsge-surrogate calibrate my.toml --replications 500 --output results/calibration --resume
    """
    from estimation import calibration
    from estimation.analysis import save
    from estimation.finding import as_text

    experiment = calibration.Experiment.from_toml(configuration)
    settings = calibration.CalibrationSettings(replications, draws, steps, seed)
    folder = output or Path("results") / f"{configuration.stem}_calibration"
    ctx.with_resource(owned(folder))
    with resumable(command_line(ctx, "--resume")), progress("calibrating") as tell:

        def show(done: list[calibration.Replication]) -> None:
            tell(len(done), replications, calibration.so_far(done))

        found = calibration.calibrate(experiment, settings, folder, processes, resume, show, scheduler)
    shares = calibration.shares_below_truth(found)
    found_out = calibration.findings(shares)
    with atomic_files(folder, [finding.name for finding in found_out]) as new:
        for finding in found_out:
            save(finding, new)
            if finding.name != "rank_histograms":
                click.echo(f"\n{finding.title}\n\n{as_text(finding.table)}")
    experiment.estimation.keep_inputs(folder)
    click.echo("\n" + "\n".join([calibration.verdict(shares), *calibration.warnings_of(found)]))
    click.echo(f"Saved in {folder}")
