"""dsge-surrogate models: what ships and what can be trained."""

import importlib.util

import click

from cli.accuracy import headline_text
from cli.console import console, table
from surrogate import catalogue
from surrogate.card import Card
from surrogate.runtime import load

COLUMNS = (
    "surrogate",
    "economy",
    "parameters",
    "certified part of the box",
    "Euler errors, box",
    "Euler errors, ergodic",
)


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
    rows = [_row(name, load(name).card) for name in catalogue.available()]
    if markdown:
        click.echo(_markdown(rows))
        return
    _print_table(rows)
    _print_trainable()


def _row(name: str, card: Card) -> tuple[str, ...]:
    count, share = str(len(card.parameters)), f"{card.accuracy.get('share_of_box', 1.0):.0%}"
    return name, card.description, count, share, headline_text(card), headline_text(card, "ergodic")


def _markdown(rows: list[tuple[str, ...]]) -> str:
    lines = [COLUMNS, ("---",) * len(COLUMNS), *[(f"`{row[0]}`", *row[1:]) for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    shipped = table(*COLUMNS, title="Surrogates that ship")
    for row in rows:
        shipped.add_row(*row)
    console().print(shipped if rows else "No surrogate ships with this installation.")


def _print_trainable() -> None:
    if importlib.util.find_spec("torch") is None:
        click.echo('To train surrogates of your own: pip install "dsge-surrogate[train]"')
        return
    from surrogate import models as economies

    click.echo(
        f"Economies that can be trained: {', '.join(economies.names())}, or a Python file of your own."
    )
