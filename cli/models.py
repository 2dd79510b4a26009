"""dsge-surrogate models: what ships and what can be trained."""

import importlib.util

import click

from surrogate import catalogue
from surrogate.catalogue import load

from .console import console, headline_text, table

COLUMNS = (
    "surrogate",
    "economy",
    "parameters",
    "certified part of the box",
    "Euler errors, box",
    "Euler errors, ergodic",
)
SHORT_COLUMNS = ("theta", "share", "on the box", "ergodic")
"""Headers of all but the first two, as a terminal has room for."""
TITLE = "Surrogates that ship: parameters, share of the box, log10 Euler errors (p99)"


@click.command()
@click.option("--markdown", is_flag=True, help="Print the table of shipped surrogates as Markdown.")
def models(markdown: bool) -> None:
    """List what ships and what can be trained.

    Euler errors are log10 of absolute errors, the worst equation: mean (99th percentile), over the certified
    part of the box of parameters and the box of states, and along simulations.

    \b
    Examples:
      dsge-surrogate models
      dsge-surrogate models --markdown
    """
    rows = []
    for name in catalogue.available():
        card = load(name).card
        share = f"{card.accuracy.get('share_of_box', 1.0):.0%}"
        errors = headline_text(card), headline_text(card, "ergodic")
        rows.append((name, card.description, str(len(card.parameters)), share, *errors))
    if markdown:
        lines = [COLUMNS, ("---",) * len(COLUMNS), *[(f"`{row[0]}`", *row[1:]) for row in rows]]
        click.echo("\n".join(f"| {' | '.join(line)} |" for line in lines))
        return
    _print_table(rows)
    if importlib.util.find_spec("torch") is None:
        click.echo('To train surrogates of your own: pip install "dsge-surrogate[train]"')
        return
    from surrogate import models as economies

    click.echo(
        f"Economies that can be trained: {', '.join(economies.names())}, or a Python file of your own."
    )


def _print_table(rows: list[tuple[str, ...]]) -> None:
    """Figures first and words below, so that eighty columns suffice for both."""
    if not rows:
        click.echo("No surrogate ships with this installation.")
        return
    figures = table("surrogate", *SHORT_COLUMNS, title=TITLE)
    economies = table("surrogate", "economy")
    for name, description, *cells in rows:
        figures.add_row(name, *cells)
        economies.add_row(name, description)
    out = console()
    out.print(figures)
    out.print(economies)
