"""Table and figure of the methods of solution."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.house import figures
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path

Trace = dict[str, Any]
COLUMNS = ("method", "steps", "mean", "mean, worst seed", "p99", "p99, worst seed", "log10 Euler", "failed")
HEADER = """# The methods of solution, side by side

Each economy over its whole box, {seconds:g} seconds of processor time (one thread) for each run, seeds
{seeds}, a network of 24 x 24, float64. `mean` and `p99` are relative differences of the controls from the
classical solution at {points} states of 20 random calibrations, uniform on the box: the median seed, and the
worst one. `log10 Euler` is the mean at 2,000 other points. `failed` counts runs that ended without a
solution, as the export step would refuse them; their figures count all the same. `steps` fit into the time.

{machine}. Written by `python -m benchmarks.methods`, which has the settings.

![Accuracy against time](benchmark-methods.png)
"""


def write_report(traces: list[Trace], folder: Path, machine: str) -> None:
    """Write benchmark-methods.md and its figure to `folder`."""
    by_economy: dict[str, dict[str, list[Trace]]] = defaultdict(lambda: defaultdict(list))
    for trace in traces:
        by_economy[trace["economy"]][trace["variant"]].append(trace)
    seeds = sorted({trace["seed"] for trace in traces})
    seconds = max(look["seconds"] for trace in traces for look in trace["looks"])
    text = HEADER.format(seconds=seconds, seeds=", ".join(map(str, seeds)), points="2,000", machine=machine)
    for economy, variants in by_economy.items():
        rows = [_start(variants), *(_row(variant, runs) for variant, runs in variants.items())]
        text += f"\n## {economy}\n\n{markdown_table(COLUMNS, rows)}\n{_failures(variants)}"
    with atomic_path(folder / "benchmark-methods.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    _figure(by_economy, folder / "benchmark-methods.png")
    print(text)


def _start(variants: dict[str, list[Trace]]) -> list[str]:
    """Before training, whatever the method."""
    looks = [run["looks"][0] for runs in variants.values() for run in runs if run["looks"]]
    mean, p99, euler = (float(np.median([look[name] for look in looks])) for name in ("mean", "p99", "euler"))
    return ["(before training)", "0", f"{mean:.1e}", "", f"{p99:.1e}", "", f"{euler:.2f}", ""]


def _row(variant: str, runs: list[Trace]) -> list[str]:
    last = [run["looks"][-1] for run in runs if run["looks"]]
    failed = sum(bool(run["failure"]) for run in runs)
    if not last:
        return [variant, *["-"] * 6, "not supported"]

    def figures_of(name: str) -> list[str]:
        values = [look[name] for look in last]
        return [f"{np.median(values):.1e}", f"{max(values):.1e}"]

    euler = np.median([look["euler"] for look in last])
    steps = int(np.median([look["step"] for look in last]))
    return [
        variant,
        str(steps),
        *figures_of("mean"),
        *figures_of("p99"),
        f"{euler:.2f}",
        f"{failed} of {len(runs)}",
    ]


def _failures(variants: dict[str, list[Trace]]) -> str:
    """Each failure in the words of the run."""
    told = [
        f"- {variant}, seed {run['seed']}: {run['failure']}"
        for variant, runs in variants.items()
        for run in runs
        if run["failure"]
    ]
    return "\nFailures:\n\n" + "\n".join(told) + "\n" if told else ""


def _figure(by_economy: dict[str, dict[str, list[Trace]]], path: Path) -> None:
    figure, rows = figures.panels(1, len(by_economy), width=4.2, height=3.6, sharey=True)
    names = sorted({variant for variants in by_economy.values() for variant in variants})
    colors = {variant: f"C{index}" for index, variant in enumerate(names)}
    lines: dict[str, Any] = {}
    for panel, (economy, variants) in zip(rows[0], by_economy.items(), strict=True):
        for variant, runs in variants.items():
            looks = [run["looks"] for run in runs if run["looks"]]
            if looks:
                seconds = [look["seconds"] for look in looks[0]]
                values = np.array([[look["mean"] for look in run] for run in looks])
                color = colors[variant]
                (lines[variant],) = panel.plot(seconds, np.median(values, axis=0), marker=".", color=color)
                panel.fill_between(seconds, values.min(0), values.max(0), alpha=0.12, color=color)
        panel.set(yscale="log", title=economy, xlabel="processor seconds")
        panel.set_xscale("symlog", linthresh=1)
    rows[0][0].set_ylabel("mean relative difference of controls")
    shown = sorted(lines)
    handles = [lines[name] for name in shown]
    figure.legend(handles, shown, loc="outside lower center", ncols=3, frameon=False)
    figures.save(figure, path)
