"""dsge-surrogate learn: a likelihood that costs microseconds, learnt from a filter's."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .console import command_line, on_workers, resumable

if TYPE_CHECKING:
    from estimation.learnt import LikelihoodCard


@click.command()
@click.argument("configuration", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--calls", default=10_000, show_default=True, help="Calls of the filter.")
@click.option("--resume", is_flag=True, help="Go on with the design points of an interrupted run.")
@on_workers
@click.pass_context
def learn(
    ctx: click.Context,
    configuration: Path,
    folder: Path,
    calls: int,
    resume: bool,
    processes: int | None,
    scheduler: str | None,
) -> None:
    """Learn the log likelihood that a TOML file describes, as a function of its free parameters.

    Filters at quasi-random points and then, round after round, where the posterior is. Leaves in FOLDER an
    ONNX file with its card, and every design point. Ctrl-C saves; --resume goes on. Then estimate with
    [likelihood] method = "learnt". Needs the extra "train".

    \b
    Examples:
      dsge-surrogate learn examples/herbst_schorfheide_learnt.toml results/hs_likelihood
      dsge-surrogate learn my.toml results/my_likelihood --calls 20000
    """
    from estimation.learnt.artifact import learn_from_toml

    with resumable(command_line(ctx, "--resume")):
        card = learn_from_toml(configuration, folder, calls, resume, processes, scheduler)
    click.echo(summary(card))
    click.echo(f"Saved in {folder}")


def summary(card: "LikelihoodCard") -> str:
    """What the card says about accuracy, in a few lines."""
    near, noise = card.held_out["within_10"], card.noise_sd
    return "\n".join(
        [
            f"Log likelihood of {card.model} in {len(card.parameters)} parameters from {card.calls:,} calls "
            f"of the filter at {card.points:,} points; {card.peak:.2f} at the peak.",
            f"Within 10 log points of the peak, {near['points']} points left out of the fit: mean error "
            f"{near['mean']:+.3f}, sd {near['sd']:.3f}, of which {near['sd_without_noise']:.3f} is not the "
            "filter's noise.",
            f"The filter's own sd there: {noise['p5']:.3f} to {noise['p95']:.3f}, median {noise['p50']:.3f}.",
        ]
    )
