"""dsge-surrogate validate: hold an artifact to what it claims."""

import click

from cli.console import console, table
from surrogate.runtime import load
from surrogate.validation import Check
from surrogate.validation import validate as run_checks


@click.command()
@click.argument("artifact")
@click.option("--seed", default=0, show_default=True, help="Seed of the random test points.")
@click.pass_context
def validate(ctx: click.Context, artifact: str, seed: int) -> None:
    """Check that an artifact keeps its promises.

    ARTIFACT is a folder or the name of a shipped surrogate. Checked are finite numbers over the box and at
    its corners, the same answer alone and in a batch, simulations that stay finite, a complete card. The
    exit status is 1 if a check fails.

    \b
    Example:
      dsge-surrogate validate my_artifact
    """
    checks = run_checks(load(artifact), seed)
    _print_checks(checks)
    if not all(check.passed for check in checks):
        ctx.exit(1)


def _print_checks(checks: list[Check]) -> None:
    rows = table("check", "result", "detail")
    for check in checks:
        rows.add_row(check.name, "passed" if check.passed else "FAILED", check.detail)
    console().print(rows)
