"""dsge-surrogate validate: hold an artifact to what it claims."""

import importlib.util

import click

from cli.console import console, table
from surrogate.errors import UnknownName
from surrogate.runtime import Surrogate, load
from surrogate.validation import Check
from surrogate.validation import validate as run_checks


@click.command()
@click.argument("artifact")
@click.option("--model", help="Python file of the economy, if it is your own: tests its Euler errors too.")
@click.option("--seed", default=0, show_default=True, help="Seed of the random test points.")
@click.pass_context
def validate(ctx: click.Context, artifact: str, model: str | None, seed: int) -> None:
    """Check that an artifact keeps its promises.

    ARTIFACT is a folder or the name of a shipped surrogate. Checked are finite numbers over the box and at
    its corners, the same answer alone and in a batch, simulations that stay finite, a complete card. Where
    the training framework is installed, Euler errors are measured again, on the ONNX files and at points
    that the certificate has not seen. The exit status is 1 if a check fails.

    \b
    Examples:
      dsge-surrogate validate rbc
      dsge-surrogate validate my_artifact --model my_economy.py
    """
    surrogate = load(artifact)
    checks = run_checks(surrogate, seed)
    accuracy, note = _accuracy(surrogate, model, seed)
    _print_checks([*checks, *accuracy])
    if note:
        click.echo(note)
    if not all(check.passed for check in (*checks, *accuracy)):
        ctx.exit(1)


def _accuracy(surrogate: Surrogate, model: str | None, seed: int) -> tuple[list[Check], str]:
    """Checks that need the economy's equations, or a note on why they were left out."""
    if importlib.util.find_spec("torch") is None:
        return [], 'Euler errors were not measured again: that needs pip install "dsge-surrogate[train]".'
    from surrogate import models
    from surrogate.accuracy.artifact import check_accuracy

    try:
        economy = models.get(model or surrogate.card.model)
    except UnknownName:
        if model:
            raise
        return [], f"Euler errors were not measured again: say where {surrogate.card.model} is with --model."
    return check_accuracy(surrogate, economy, seed), ""


def _print_checks(checks: list[Check]) -> None:
    rows = table("check", "result", "detail")
    for check in checks:
        rows.add_row(check.name, "passed" if check.passed else "FAILED", check.detail)
    console().print(rows)
