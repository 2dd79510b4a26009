"""How the source is cut: files, functions, helpers, and how long economies are.

    python -m benchmarks.house [--output docs/benchmark-house.md]

Bodies of functions are counted in lines of code, without docstrings, comments and empty lines; an economy's
file likewise, all of it and the equations alone, without imports and declarations. A helper is a function or
method whose name begins with an underscore; it is called once if its name is read once in its file.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch

from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.models import get
from surrogate.policy import PolicyNetwork
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import euler_residuals
from surrogate.training.sampling import draw_parameters, draw_states

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("surrogate", "estimation", "cli")
ECONOMIES = ("rbc", "consumption_saving", "nk_zlb", "an_schorfheide", "an_schorfheide_zlb")
ROWS = 64
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """A file, and what Python makes of it."""

    path: Path
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: Path) -> Source:
        """Read it."""
        text = path.read_text(encoding="utf-8")
        return cls(path, text, ast.parse(text))


def code_lines(source: Source, nodes: list[ast.stmt]) -> set[int]:
    """Numbers of the lines of code in `nodes`: no comment, no docstring, not empty."""
    lines = {n for node in nodes for n in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    texts = {n for node in nodes for n in _texts(node)}
    rows = source.text.splitlines()
    return {n for n in lines - texts if rows[n - 1].strip() and not rows[n - 1].strip().startswith("#")}


def bodies(source: Source) -> list[int]:
    """Lines of code in the body of each function."""
    return [len(code_lines(source, node.body)) for node in functions(source.tree)]


def functions(tree: ast.AST) -> Iterator[Function]:
    """All functions and methods."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def called_once(source: Source) -> list[str]:
    """Helpers whose name is read once."""
    read = Counter(
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute | ast.Name)
    )
    helpers = [node.name for node in functions(source.tree) if node.name[0] == "_" and node.name[1] != "_"]
    return [name for name in helpers if read[name] == 1]


def table_of_rooms(sources: list[Source]) -> list[list[object]]:
    """A row for each package and one for all."""
    rows = []
    for name in (*PACKAGES, "all"):
        chosen = [each for each in sources if name in ("all", each.path.relative_to(ROOT).parts[0])]
        sizes = np.array([size for each in chosen for size in bodies(each)])
        lengths = [each.text.count("\n") for each in chosen]
        rows.append(
            [
                name,
                len(chosen),
                sum(lengths),
                max(lengths),
                len(sizes),
                int(np.median(sizes)),
                int(np.quantile(sizes, 0.9)),
                int(sizes.max()),
                sum(len(called_once(each)) for each in chosen),
            ]
        )
    return rows


def table_of_economies() -> list[list[object]]:
    """Lines of each economy's file and of its equations, and Python calls of one residual."""
    rows = []
    for name in ECONOMIES:
        source = Source.of(ROOT / "surrogate" / "models" / f"{name}.py")
        equations = [
            each for node in source.tree.body if isinstance(node, ast.ClassDef)
            for each in node.body if isinstance(each, ast.FunctionDef)
        ]  # fmt: skip
        whole = len(code_lines(source, source.tree.body))
        rows.append([name, whole, len(code_lines(source, list(equations))), calls_of_a_residual(name)])
    return rows


def calls_of_a_residual(name: str) -> int:
    """Python functions that one evaluation of all residuals calls."""
    model = get(name)
    policy, generator = PolicyNetwork(model), torch.Generator().manual_seed(0)
    parameters = draw_parameters(model, ROWS, generator)
    batch = draw_states(model, parameters, generator), parameters, *rule_for(model.shocks, 3)
    with torch.no_grad():
        euler_residuals(policy, *batch)
        count = 0

        def count_it(_frame: object, event: str, _argument: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(count_it)
        try:
            euler_residuals(policy, *batch)
        finally:
            sys.setprofile(None)
    return count


def _texts(node: ast.AST) -> set[int]:
    """Lines of strings that stand alone."""
    return {
        n
        for each in ast.walk(node)
        if isinstance(each, ast.Expr)
        and isinstance(each.value, ast.Constant)
        and isinstance(each.value.value, str)
        for n in range(each.lineno, (each.end_lineno or each.lineno) + 1)
    }


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "docs" / "benchmark-house.md")
def main(output: Path) -> None:
    """Print both tables and write them."""
    sources = [Source.of(path) for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
    rooms = markdown_table(
        [
            "package",
            "files",
            "lines",
            "longest file",
            "functions",
            "median body",
            "p90",
            "longest",
            "called once",
        ],
        [[str(cell) for cell in row] for row in table_of_rooms(sources)],
    )
    economies = markdown_table(
        ["economy", "lines of code", "of its equations", "Python calls of a residual"],
        [[str(cell) for cell in row] for row in table_of_economies()],
    )
    text = (
        "# How the source is cut\n\nWritten by `python -m benchmarks.house`, which says how lines are "
        "counted. Helpers that are called once include entries of tables and what a base class calls.\n\n"
        f"{rooms}\n\nEconomies, without the file that helps the network; a residual of all equations, in "
        f"every regime, at {ROWS} states with three nodes in each shock.\n\n{economies}\n"
    )
    with atomic_path(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    click.echo(text)


if __name__ == "__main__":
    main()
