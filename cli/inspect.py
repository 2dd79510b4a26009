"""dsge-surrogate inspect: what an artifact says about itself."""

import json
from dataclasses import asdict
from math import nan
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from surrogate.artifact.card import LAWS, Card
from surrogate.artifact.conformity import contract_checks
from surrogate.catalogue import find, load

from .console import console, print_checks, table

STATISTICS = ("mean", "p50", "p90", "p99", "max")
DIFFERENCES = ("mean", "p99", "max")
AT_REST = ("capital", "reference_capital", "drift_below", "drift_above", "response", "reference_response")


@click.command()
@click.argument("artifact")
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON.")
@click.option("--check", is_flag=True, help="Say instead what its files lack of an artifact.")
@click.pass_context
def inspect(ctx: click.Context, artifact: str, as_json: bool, check: bool) -> None:
    """Show what an artifact says about itself, or what it lacks.

    ARTIFACT is a folder or the name of a shipped surrogate. Shown are names, units, ranges, certified
    accuracy, training and the region of validity. With --check, which is for files by another writer: file by
    file what they lack of what docs/artifact.md asks for; the exit status is 1 if there is something.

    \b
    Examples:
      dsge-surrogate inspect an_schorfheide
      dsge-surrogate inspect my_artifact --json | jq .parameters
      dsge-surrogate inspect my_artifact --check
    """
    if check:
        checks = contract_checks(Path(artifact) if Path(artifact).is_dir() else find(artifact))
        print_checks(checks)
        if not all(each.passed for each in checks):
            ctx.exit(1)
        return
    card = load(artifact).card
    if as_json:
        click.echo(json.dumps(asdict(card), indent=2))
        return
    _print_card(card, console())


def _print_card(card: Card, out: Console) -> None:
    out.print(Text(card.model, "bold"), f"version {card.model_version}: {card.description}")
    out.print(f"Timing: {card.timing}. Numbers: {card.dtype}. Format {card.format_version}.")
    parameters = table("name", "lower", "upper", "default", "unit", "description", title="Parameters")
    for p in card.parameters:
        numbers = (f"{value:g}" for value in (p.lower, p.upper, p.default))
        parameters.add_row(p.name, *numbers, p.unit, p.description)
    out.print(parameters)
    variables = table("", "name", "unit", "description", title="Variables")
    for kind in ("state", "control", "shock", "observable"):
        for v in getattr(card, f"{kind}s"):
            variables.add_row(kind, v.name if v.size == 1 else f"{v.name} ({v.size})", v.unit, v.description)
    out.print(variables)
    _print_accuracy(card, out)
    _print_facts("Training", card.training, out)
    _print_facts("ONNX Runtime against the training framework", card.parity, out)
    out.print(f"Written by dsge-surrogate {card.package_version}")


def _print_accuracy(card: Card, out: Console) -> None:
    for law in LAWS:
        equations = card.accuracy.get(law) or {}
        rows = table("equation", *STATISTICS, title=f"log10 absolute Euler error, {law}")
        for equation, statistics in equations.items():
            rows.add_row(equation, *(f"{statistics.get(name, nan):.2f}" for name in STATISTICS))
        if equations:
            out.print(rows)
    if reduction := card.accuracy.get("reduction"):
        rows = table("observable", *DIFFERENCES, title="Absolute difference from the full economy")
        for name, statistics in reduction.items():
            rows.add_row(name, *(f"{statistics.get(each, nan):.2g}" for each in DIFFERENCES))
        out.print(rows)
    if places := card.accuracy.get("at_rest"):
        rows = table(*AT_REST, title="At rest, beside the classical solution")
        for place in places:
            rows.add_row(*(f"{place.get(each, nan):.4g}" for each in AT_REST))
        out.print(rows)
    if bank := card.accuracy.get("bank"):
        _print_facts("Bank of economies, followed on", bank, out)
    shown = ("test_points", "periods", "burn_in", "law", "quadrature", "share_of_box")
    _print_facts("Tested", {k: card.accuracy[k] for k in shown if k in card.accuracy}, out)
    out.print(f"Region: {card.region['description'] if card.region else 'the whole box'}")
    for place in card.accuracy.get("worst", [])[:1]:
        values = ", ".join(f"{name} = {value:.3g}" for name, value in place["parameters"].items())
        out.print(f"Largest error, 10^{place['log10_error']:.2f}, at {values}")


def _print_facts(title: str, facts: dict[str, Any], out: Console) -> None:
    text = ", ".join(f"{name} {_short(value)}".strip() for name, value in facts.items())
    out.print(f"{title}: {text}")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(item)}" for name, item in value.items())
    return f"{value:.3g}" if isinstance(value, float) else str(value)
