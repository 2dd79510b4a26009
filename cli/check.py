"""dsge-surrogate check: what is wrong with an economy, said before it is trained."""

import click

from cli.console import SEED, needs_extra
from cli.validate import print_checks


@click.command()
@click.argument("model")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the random parameter vectors.")
@click.pass_context
def check(ctx: click.Context, model: str, seed: int) -> None:
    """Check an economy before it is trained.

    MODEL is the name of an economy or a Python file that defines one. Checked are the steady state, the box
    of the states, the same answer alone and in a batch, parameters that no equation reads, logarithms of
    controls without bounds, and Blanchard and Kahn's conditions, at random parameter vectors of the box. The
    exit status is 1 if a check fails.

    \b
    Examples:
      dsge-surrogate check an_schorfheide
      dsge-surrogate check my_economy.py
    """
    with needs_extra("train"):
        from surrogate import models
        from surrogate.training.checks import check_economy
    checks = check_economy(models.get(model), seed)
    print_checks(checks)
    if not all(each.passed for each in checks):
        ctx.exit(1)
