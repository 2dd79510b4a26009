"""Reference pages written from the code: commands, configuration, economies, and public names."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from cli.main import dsge_surrogate
from estimation import inputs
from estimation.filters import Bound
from estimation.likelihoods import METHODS
from estimation.sampling.sampler import SamplerSettings
from surrogate import Card, Variable, load
from surrogate.catalogue import available

from .docstrings import as_markdown, entries
from .explorers import explorers

ROOT = Path(__file__).parents[1]
API = {
    "surrogate": ("Run a surrogate", ("surrogate", "surrogate.errors")),
    "estimation": ("Estimate", ("estimation",)),
    "filters": (
        "Filters and likelihoods",
        ("estimation.filters", "estimation.likelihoods", "estimation.learnt"),
    ),
    "moments": ("Simulated moments", ("estimation.moments",)),
    "analysis": ("After the posterior", ("estimation.analysis", "estimation.report", "estimation.datasets")),
    "calibration": ("Calibration", ("estimation.calibration",)),
    "models": ("Write an economy", ("surrogate.models", "surrogate.economy")),
    "training": (
        "Train, certify, export, compare",
        ("surrogate.training", "surrogate.accuracy", "surrogate.export", "surrogate.comparison"),
    ),
}
"""Page -> its title and the modules whose public names it shows, each name once."""


def reference() -> dict[str, str]:
    """All reference pages: name -> Markdown."""
    return {
        "reference/commands.md": commands(),
        "reference/configuration.md": configuration(),
        "reference/economies.md": economies(),
        **api(),
    }


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def commands() -> str:
    """Every command with its arguments, options and what its help says."""
    parts = [
        "# Commands\n\nWhat `--help` says of each command. [How they fit together](../commands.md) is "
        "a page of its own."
    ]
    with click.Context(dsge_surrogate, info_name="dsge-surrogate") as parent:
        for name in dsge_surrogate.list_commands(parent):
            command = dsge_surrogate.commands[name]
            with click.Context(command, info_name=name, parent=parent) as context:
                parts.append(_one_command(name, command, context))
    return "\n\n".join(parts) + "\n"


def _one_command(name: str, command: click.Command, context: click.Context) -> str:
    usage = f"dsge-surrogate {name} {' '.join(command.collect_usage_pieces(context))}"
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    options = [
        [f"`{flag}`", meaning] for flag, meaning in filter(None, records) if meaning and "--help" not in flag
    ]
    paragraphs = re.split(r"\n\s*\n", cleandoc(command.help or ""))
    text = "\n\n".join(_paragraph(part) for part in paragraphs)
    told = "\n\n" + table(["option", "meaning"], options) if options else ""
    return f"## {name}\n\n```text\n{usage}\n```\n\n{text}{told}"


def _paragraph(text: str) -> str:
    """A paragraph of help; those that click must not fill are examples and lists, shown as they are."""
    if not text.startswith("\b"):
        return text
    title, *lines = text.splitlines()[1:]
    return f"{title}\n\n```text\n" + "\n".join(line.removeprefix("  ") for line in lines) + "\n```"


def configuration() -> str:
    """The sections of a configuration file, and each setting with its default."""
    parts = [
        "# Configuration file\n\nThe settings of `estimate`, `learn` and `calibrate` in one TOML file. "
        "[Commands](../commands.md) explains how data are read, [Estimation](../estimation.md) what the "
        "settings do.",
        as_markdown(inputs.__doc__ or "").partition("\n\n")[2].partition(" What a section")[0],
        "## [sampler]\n\n" + _settings(SamplerSettings),
    ]
    for kind in dict.fromkeys(METHODS.values()):
        names = ", ".join(f'`"{name}"`' for name, value in METHODS.items() if value is kind)
        parts.append(f"## [likelihood], method = {names}\n\n{_settings(kind)}")
    parts.append("## bound of the inversion filter\n\n" + _settings(Bound))
    return "\n\n".join(parts) + "\n"


def _settings(kind: Any) -> str:
    """What a class of settings says of itself, and its fields with their defaults."""
    told = entries(kind.__doc__ or "", "Attributes")
    about = as_markdown(kind.__doc__ or "").partition("**Attributes**")[0].strip()
    rows = [
        [f"`{item.name}`", _default(kind, item), told.get(item.name, "")]
        for item in fields(kind)
        if item.name in told or item.name != "method"
    ]
    if not rows:
        return about
    return f"{about}\n\n{table(['setting', 'default', 'meaning'], rows)}"


def _default(kind: Any, item: Any) -> str:
    if item.default is MISSING:
        usual = {name for method in METHODS if METHODS[method] is kind for name in kind.usual(method)}
        return "by method" if item.name in usual else "required"
    return "none" if item.default is None else f"`{item.default}`"


def economies() -> str:
    """Each surrogate that ships, as its card describes it."""
    return (
        "# Surrogates that ship\n\nFrom their cards. Euler errors are log10 absolute errors of the worst "
        "equation, mean (99th percentile); [how to read them](../reading-the-tables.md). Parameters outside "
        "these ranges are refused.\n\n"
        + "\n\n".join(_one_economy(load(name).card) for name in available())
        + "\n"
    )


def _one_economy(card: Card) -> str:
    rows = [
        [f"`{p.name}`", p.description, p.unit, f"{p.default:g}", f"{p.lower:g} to {p.upper:g}"]
        for p in card.parameters
    ]
    kinds = {
        "States": card.states,
        "Controls": card.controls,
        "Shocks": card.shocks,
        "Observables": card.observables,
    }
    lists = [f"- *{kind}*: " + ", ".join(map(_with_unit, items)) for kind, items in kinds.items()]
    places = [place for place in ("box", "ergodic") if place in card.accuracy]
    errors = "Euler errors: " + ", ".join(f"{place} {_worst(card.accuracy[place])}" for place in places)
    return "\n\n".join(
        [
            f"## {card.model}",
            f"{card.description}. {errors if places else 'Fitted to another surrogate, without equations'}."
            + (f" [Play with it](../explorers/{card.model}.html)." if card.model in explorers() else ""),
            "\n".join(lists),
            table(["parameter", "meaning", "unit", "default", "range"], rows),
        ]
    )


def _with_unit(item: Variable) -> str:
    return f"`{item.name}` ({item.unit})" if item.unit else f"`{item.name}`"


def _worst(equations: dict[str, dict[str, float]]) -> str:
    mean = max(errors["mean"] for errors in equations.values())
    return f"{mean:.1f} ({max(errors['p99'] for errors in equations.values()):.1f})"


def api() -> dict[str, str]:
    """One page for each part of the library; MkDocs fills in signatures and docstrings."""
    pages, shown = {}, set()
    for page, (title, modules) in API.items():
        parts = [f"# {title}"]
        for module in modules:
            names = [name for name in public_names(module) if name not in shown]
            shown.update(names)
            parts.append(f"## `{module}`\n\n{as_markdown(ast.get_docstring(_tree(module)) or '')}")
            parts.extend(f"::: {module}.{name}" for name in names)
        pages[f"reference/api/{page}.md"] = "\n\n".join(parts) + "\n"
    return pages


def public_names(module: str) -> list[str]:
    """Names in ``__all__``, or, where there is none, classes and functions that a module defines."""
    body = _tree(module).body
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [name for name in ast.literal_eval(node.value) if not name.startswith("_")]
    defined = (node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    return [name for name in defined if not name.startswith("_")]


def _tree(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))
