"""Krusell and Smith's economy in continuous time: the surrogate over its box, and three ways to hold the
distribution at the default calibration.

    python -m benchmarks.continuous_time

compares the shipped `krusell_smith_continuous` with finite differences and linear rational expectations at
calibrations drawn at random and writes the tables of docs/continuous-time.md; trains each method from
`SEEDS` seeds and writes losses, a table and errors as CSV into results/continuous_time. What is done is kept
there, so that it can be stopped and gone on with; --only box, methods or risk (of wealth) does one part.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from benchmarks.filter_cases import machine
from benchmarks.kept import kept
from surrogate import Surrogate, load, models
from surrogate.accuracy.against_reference import central_differences
from surrogate.accuracy.errors import ArtifactPolicy
from surrogate.comparison.continuous_time import compare_continuous
from surrogate.house.figures import BLUE, GRAY, RED, markdown_table, panels, save, styled
from surrogate.house.files import atomic_path
from surrogate.models.interface import pack
from surrogate.models.krusell_smith_continuous import GRID, KrusellSmithContinuous
from surrogate.policy import PolicyNetwork, PopulationPolicy
from surrogate.reference.continuous_time import solve_stationary
from surrogate.reference.continuous_time_linear import solve_linear_economy
from surrogate.training import Settings, recipe
from surrogate.training.at_rest import at_rest
from surrogate.training.distributions import at_default
from surrogate.training.machine import torch_threads
from surrogate.training.run import Run

Array = NDArray[np.float64]
NAME = "krusell_smith_continuous"
DOCS, RESULTS = Path(__file__).parents[1] / "docs", Path("results/continuous_time")
PAGE, MARK = DOCS / "continuous-time.md", "<!-- measured -->"
METHODS = {"histogram": BLUE, "finite_agents": RED, "projection": GRAY}
RISKY = {"histogram_with_risky_wealth": BLUE}
AT_ONE = {"hidden": (16, 16), "trunk": 2, "batch": 1024, "memory": 0.9, "lasting_memory": 0.0}
"""Of the recipe at one calibration: a trunk has nothing to tell there."""
SEEDS, SECONDS = 5, 60.0
"""Of a processor, for each run."""
EACH, PERIODS, SEED = 6, 2_000, 2026
CAPITAL_SHIFT = 0.02
"""Share of a parameter's range for derivatives."""
RICH = 5.0
"""Units of K*, up to which consumption is looked at."""
POORER = GRID.points[GRID.points < RICH].numpy()


def calibrations(economy: Surrogate) -> list[tuple[str, Array]]:
    """Names and parameter vectors: the default, the middle half of the box, all of it."""
    generator, width = np.random.default_rng(SEED), economy.upper - economy.lower
    middle = economy.lower + width * generator.uniform(0.25, 0.75, (EACH, economy.n_parameters))
    anywhere = economy.lower + width * generator.uniform(0, 1, (EACH, economy.n_parameters))
    return [
        ("default", economy.default),
        *((f"middle {i + 1}", theta) for i, theta in enumerate(middle)),
        *((f"box {i + 1}", theta) for i, theta in enumerate(anywhere)),
    ]


def at_calibration(economy: Surrogate, theta: Array) -> dict[str, Any]:
    """The comparison in a few numbers, and of consumption."""
    parameters = dict(zip(economy.parameter_names, map(float, theta), strict=True))
    both = compare_continuous(economy, parameters, PERIODS, SEED)
    table, usual = both.tables["differences"], both.tables["policies"].loc["consumption"]
    rows = [row for row in usual.index if "usual" in row]
    return {
        "parameters": parameters,
        "differences": table["difference"].dropna().to_dict(),
        "drift": table["surrogate"].filter(like="drift").to_dict(),
        "mean": float(usual.loc[rows, "mean over nodes"].max()),
        "max": float(usual.loc[rows, "max"].max()),
        "by income": usual.loc[rows].to_dict("index"),
        "seconds": both.seconds,
    }


def of_box(economy: Surrogate) -> str:
    """A table with a row for each calibration; errors by income go into a CSV file."""
    found = {
        name: kept(
            RESULTS / f"box_{name.replace(' ', '_')}.json", lambda theta=theta: at_calibration(economy, theta)
        )
        for name, theta in calibrations(economy)
    }
    errors = pd.DataFrame(
        {(n, who): e for n, each in found.items() for who, e in each["by income"].items()}
    ).T
    errors.rename_axis(["calibration", "households"]).to_csv(RESULTS / "errors_box.csv")
    header = (
        "calibration", *economy.parameter_names, "c, mean", "c, max", "K at rest, %", "drift below, % a year",
        "above", "c by z, %", "K after 5 years, %", "path of K, mean %", "Gini",
    )  # fmt: skip
    rows = []
    for name, each in found.items():
        gaps, drift = each["differences"], list(each["drift"].values())
        rows.append(
            (
                name,
                *(f"{value:.4g}" for value in each["parameters"].values()),
                f"{each['mean']:.1e}",
                f"{each['max']:.1e}",
                f"{gaps['capital at rest']:+.2f}",
                *(f"{100 * value:+.2f}" for value in drift),
                f"{gaps['consumption by productivity']:+.1f}",
                f"{gaps['capital after 5 years of a shock']:+.1f}",
                f"{gaps['capital, path, mean']:.3f}",
                f"{gaps['gini']:+.4f}",
            )
        )
    return markdown_table(header, rows)


def at_rest_by_reference(economy: Surrogate, theta: Array) -> Array:
    """log K at rest, d log C / dz there, and log c at `POORER` nodes by income, [1, 2 + 2 n]."""
    solution = solve_linear_economy(dict(zip(economy.parameter_names, map(float, theta), strict=True)))
    stationary = solution.stationary
    eaten = stationary.consumption_at(POORER * stationary.fine.economy.representative_capital)
    whole = [np.log(stationary.capital), solution.consumption_of_all_by_productivity]
    return np.concatenate([whole, np.log(eaten.T.ravel())])[None]


def at_rest_by_files(economy: Surrogate, theta: Array) -> Array:
    """The same by the surrogate, which is asked for c where capital is as in the reference."""
    model, policy = cast(KrusellSmithContinuous, models.get(NAME)), of_files(economy)
    parameters = torch.from_numpy(theta)[None]
    rest, p = at_rest(policy, parameters), model.name_parameters(parameters)
    now = model.period(p, pack(model.steady_state(p)[0], model.states))
    capital = np.exp(at_rest_by_reference(economy, theta)[0, 0])
    there = model.with_capital(now, capital / float(now.capital), p)
    eaten = policy(pack(there, model.states), p)[0].numpy().reshape(2, -1)[:, : len(POORER)]
    whole = [np.log(float(rest.capital)), float(rest.response)]
    return np.concatenate([whole, np.log(eaten.ravel())])[None]


def derivatives(economy: Surrogate) -> str:
    """By each parameter, at the default and times its range: of K at rest, of what households eat there at
    wealth that is the same share of K*, and of the response of all consumption to productivity.
    """
    width = economy.upper - economy.lower
    steps = CAPITAL_SHIFT * width
    centre = np.clip(economy.default, economy.lower + steps, economy.upper - steps)
    found, exact = (
        central_differences(lambda theta, of=of: of(economy, theta), centre, steps)[0] * width
        for of in (at_rest_by_files, at_rest_by_reference)
    )
    header = (
        "parameter", "log K at rest, surrogate", "reference", "log c at rest, mean size", "mean difference",
        "d log C / d z, surrogate", "reference",
    )  # fmt: skip
    rows = []
    for column, name in enumerate(economy.parameter_names):
        eaten, gap = np.abs(exact[2:, column]).mean(), np.abs(found - exact)[2:, column].mean()
        capital, response = ((found[row, column], exact[row, column]) for row in (0, 1))
        rows.append((name, *(f"{number:+.4f}" for number in (*capital, eaten, gap, *response))))
    return markdown_table(header, rows)


def of_files(economy: Surrogate) -> Any:
    """policy.onnx in the place of a network."""
    return ArtifactPolicy(economy, models.get(NAME))


def trained(method: str, seed: int) -> dict[str, Any]:
    """One run at the default: its losses over processor seconds, and where it has come to."""
    risky = method in RISKY
    model = models.get(f"{NAME}_risky" if risky else NAME)
    held = "histogram" if risky else method
    economy = model if held != "histogram" else at_default(cast(KrusellSmithContinuous, model))
    settings: Settings = replace(recipe(model).settings, **AT_ONE, distribution=held, seed=seed)
    losses: list[tuple[float, float]] = []
    with torch_threads(1):
        run = Run(economy, settings)
        started = time.process_time()
        while time.process_time() - started < SECONDS:
            run.advance()
            losses.append((time.process_time() - started, run.method.state()["latest"] ** 2))
        histogram = at_default(cast(KrusellSmithContinuous, model))
        policy = cast(PopulationPolicy, run.policy).in_economy(histogram)
        return {"losses": losses, "moving": run.method.state()["moving"], **beside_references(policy)}


def beside_references(policy: PopulationPolicy) -> dict[str, Any]:
    """A network at the default beside finite differences and linear expectations."""
    model = policy.model
    theta = model.default_parameters()
    parameters = dict(zip((each.name for each in model.parameters), theta.tolist(), strict=True))
    stationary, linear = solve_stationary(parameters, 800), solve_linear_economy(parameters)
    rest = at_rest(cast(PolicyNetwork, policy), theta[None])
    unit = stationary.fine.economy.representative_capital
    shown = (stationary.nodes > 1e-6 * unit) & (stationary.nodes < RICH * unit)
    wealth = stationary.nodes[shown]
    errors = {}
    for income, who in enumerate(("low income", "high income")):
        around = (income, stationary.capital, 0.0, 0.0)
        rows = np.column_stack([wealth, *(np.full_like(wealth, value) for value in around)])
        with torch.no_grad():
            eaten = policy.household(torch.from_numpy(rows), theta.expand(len(rows), -1))[:, 0].numpy()
        gap = np.abs(eaten / stationary.consumption[shown, income] - 1)
        errors[who] = {"mean": float(gap.mean()), "max": float(gap.max())}
    response = linear.consumption_of_all_by_productivity
    return {
        "errors": errors,
        "capital": 100 * (float(rest.capital) / stationary.capital - 1),
        "drift": [100 * float(rest.drift_below), 100 * float(rest.drift_above)],
        "response": 100 * (float(rest.response) / response - 1),
    }


def of_methods(methods: Mapping[str, str], seeds: int, name: str) -> str:
    """A table with a row for each method, the worst of its seeds; errors as CSV, by method and, under `name`,
    together; losses as a figure.
    """
    runs: dict[str, list[Mapping[str, Any]]] = {method: [] for method in methods}
    for seed in range(seeds):
        for method, each in runs.items():
            file = RESULTS / f"{method}_{seed}.json"
            each.append(kept(file, lambda m=method, s=seed: trained(m, s)))
            print(method, seed, each[-1]["capital"], each[-1]["response"], flush=True)
    combined = []
    for method, each in runs.items():
        rows = {(seed, who): e for seed, run in enumerate(each) for who, e in run["errors"].items()}
        table = pd.DataFrame(rows).T.rename_axis(["seed", "households"])
        table.to_csv(RESULTS / f"errors_{method}.csv")
        combined.append(pd.concat({method: table}, names=["method"]))
    pd.concat(combined).to_csv(RESULTS / f"errors_{name}.csv")
    draw_losses(runs, methods, name)
    header = ("method", "loss", "c, mean", "c, max", "K at rest, %", "c by z, %", "aggregates move")
    rows = []
    for method, each in runs.items():
        worst = {
            kind: max(run["errors"][who][kind] for run in each for who in run["errors"])
            for kind in ("mean", "max")
        }
        loss = max(float(np.mean([value for _, value in run["losses"][-20:]])) for run in each)
        rows.append(
            (
                method,
                f"{loss:.1e}",
                f"{worst['mean']:.1e}",
                f"{worst['max']:.1e}",
                *(f"{max((run[what] for run in each), key=abs):+.2f}" for what in ("capital", "response")),
                f"{min(run['moving'] for run in each):.2f}",
            )
        )
    return markdown_table(header, rows)


def draw_losses(runs: Mapping[str, list[Mapping[str, Any]]], colours: Mapping[str, str], name: str) -> None:
    """Mean squared residual over processor seconds, a line for each run; as a table and as a figure."""
    table = pd.concat(
        pd.DataFrame(run["losses"], columns=["seconds", "loss"]).assign(method=method, seed=seed)
        for method, each in runs.items()
        for seed, run in enumerate(each)
    )
    table.to_csv(RESULTS / f"losses_{name}.csv", index=False)
    figure, rows = panels(1, 1, width=6.0, height=3.0)
    with styled():
        for method, each in runs.items():
            for seed, run in enumerate(each):
                seconds, losses = np.array(run["losses"]).T
                label = method.replace("_", " ") if seed == 0 else None
                rows[0, 0].plot(seconds, losses, color=colours[method], linewidth=0.8, label=label)
        rows[0, 0].set_yscale("log")
        rows[0, 0].set_xlabel("processor seconds")
        rows[0, 0].set_title("mean squared error of consumption growth, a year", loc="left")
        rows[0, 0].legend(frameon=False)
    save(figure, RESULTS / f"losses_{name}.png")


def write(name: str, text: str) -> None:
    """Put a part into the page, between its marks."""
    start, end = MARK.replace("measured", f"{name} begins"), MARK.replace("measured", f"{name} ends")
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(start)
    after = rest.partition(end)[2]
    with atomic_path(PAGE) as temporary:
        temporary.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Do both parts, or one."""
    parser = argparse.ArgumentParser(description="Measure krusell_smith_continuous.")
    parser.add_argument("--only", choices=["box", "methods", "risk"])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    chosen = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    if chosen.only in (None, "box"):
        economy = load(NAME)
        found = f"{machine()}.\n\n{of_box(economy)}\n\n{derivatives(economy)}\n"
        print(found)
        write("box", found)
    seeds = f"Seeds: {chosen.seeds}; {SECONDS:.0f} seconds of a processor each. {machine()}."
    for part, methods in (("methods", METHODS), ("risk", RISKY)):
        if chosen.only in (None, part):
            found = f"{seeds}\n\n{of_methods(methods, chosen.seeds, part)}\n"
            print(found)
            write(part, found)


if __name__ == "__main__":
    main()
