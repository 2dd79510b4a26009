"""Table, figure and page of `benchmarks.exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.filter_cases import ROOT, machine
from surrogate.house.figures import legend, markdown_table, panels, save, styled
from surrogate.house.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, FIGURE = ROOT / "docs" / "benchmark-exchange.md", ROOT / "docs" / "benchmark-exchange.png"
TEXT = (ROOT / "benchmarks" / "exchange_page.md").read_text(encoding="utf-8")
COLUMNS = (
    "network",
    "loss and optimiser",
    "weights",
    "seconds",
    "steps",
    "a tenth",
    "a quarter",
    "half",
    "Euler, mean",
    "p99",
    "rest",
    "distance",
    "stay",
)
FAILED = -1.5
"""Mean log10 of Euler errors above which a policy is none."""
STYLES = {"shared": "-", "whole state": "--"}


def outcome(run: dict[str, Any]) -> str:
    """What became of a run, or nothing where it is a solution."""
    last = run["looks"][-1]
    if last["stays"] < 0.5:
        return f"{1 - last['stays']:.0%} of the economies leave"
    if last["euler"] > FAILED:
        return "no solution"
    return "worse than where it began" if last["euler"] > run["looks"][0]["euler"] else ""


def row(run: dict[str, Any]) -> list[str]:
    """A line of the table."""
    last = run["looks"][-1]
    figures = [f"{last[name]:.2f}" if name in last else "-" for name in ("euler", "p99", "rest")]
    before = [f"{look['euler']:.2f}" if "euler" in look else "-" for look in run["looks"][1:-1]]
    exact = f"{last['exact']:.1e}" if "exact" in last else "-"
    spent = [f"{run['weights']}", f"{last['seconds']:g}", f"{last['step']}"]
    return [run["network"], run["loss"], *spent, *before, *figures, exact, f"{last['stays']:.0%}"]


def table(runs: list[dict[str, Any]]) -> str:
    """Of one economy, the most accurate first, and what failed."""
    ordered = sorted(runs, key=lambda run: run["looks"][-1].get("euler", 0.0))
    failures = [f"- {run['network']}, {run['loss']}: {why}" for run in ordered if (why := outcome(run))]
    heading = f"## {runs[0]['economy']}\n\n{markdown_table(COLUMNS, list(map(row, ordered)))}"
    return heading + ("\n\nFailures:\n\n" + "\n".join(failures) if failures else "")


def draw(economies: dict[str, list[dict[str, Any]]]) -> Figure:
    """Accuracy over time, a panel for each economy."""
    figure, axes = panels(1, len(economies), 3.6, 3.2, sharey=True)
    losses = sorted({run["loss"] for runs in economies.values() for run in runs})
    with styled():
        for axis, (name, runs) in zip(axes.flat, economies.items(), strict=True):
            for run in runs:
                seen = [look for look in run["looks"] if "euler" in look]
                times, errors = [look["seconds"] for look in seen], [look["euler"] for look in seen]
                label = run["loss"] if run["network"] == "shared" else None
                style, color = STYLES[run["network"]], f"C{losses.index(run['loss'])}"
                axis.plot(times, errors, style, color=color, label=label)
            axis.set(title=name, xlabel="seconds")
        axes[0, 0].set(ylabel="log10 Euler error, mean")
        legend(figure, axes[0, 0])
    return figure


def write_report(runs: list[dict[str, Any]]) -> None:
    """Write the page and the figure."""
    economies: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        economies.setdefault(run["economy"], []).append(run)
    save(draw(economies), FIGURE)
    tables = "\n\n".join(map(table, economies.values()))
    text = TEXT.format(tables=tables, machine=machine())
    with atomic_path(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")
