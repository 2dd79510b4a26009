"""What a real business cycle of many countries costs, and how accurate it is, as countries become more.

    OMP_NUM_THREADS=1 python -m benchmarks.irbc [COUNTRIES ...]

trains each number of countries by the recipe of `irbc`, keeps every run under results/irbc (one that is there
goes on or is not repeated), and writes docs/irbc.md from all that is there, up to the section on seeds, which
`benchmarks.irbc_seeds` writes.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT, machine
from benchmarks.kept import kept, read
from benchmarks.pages import write_page
from surrogate import models
from surrogate.house.figures import markdown_table
from surrogate.models.irbc import MultiCountryRealBusinessCycle, multi_country
from surrogate.policy import PolicyNetwork
from surrogate.reference.irbc import Planner, Policy, solve_irbc
from surrogate.training import load_policy, recipe, train

Array = NDArray[np.float64]
RESULTS, PAGE = ROOT / "results" / "irbc", ROOT / "docs" / "irbc.md"
TEXT = (ROOT / "benchmarks" / "irbc_page.md").read_text(encoding="utf-8")
COUNTRIES = (2, 5, 10, 20)
REFERENCE = (2, 10)
"""Numbers of countries at which the policy is held against the classical solution."""
VECTORS, STATES, SEED = 100, 50, 2027
AT_ONE = 2_000
"""States along a path of the published calibration."""
TIMED = 200
SEEDS = "## Seeds"
"""Where the other benchmark's section begins."""
COLUMNS = ("countries", "states", "shocks", "weights", "mean", "p99", "max", "held out: mean", "p99", "max",
           "from reference", "minutes", "seconds a step", "ms a period")  # fmt: skip


def as_reference(policy: PolicyNetwork, theta: Array) -> Policy:
    """The network at parameters [4] as the reference asks policies."""
    parameters = torch.from_numpy(theta)

    @torch.no_grad()
    def log_capital(k: Array, z: Array) -> Array:
        states = torch.from_numpy(np.concatenate([np.exp(k), z], -1))
        return policy(states, parameters).log().numpy()

    return log_capital


def planner(theta: Array, countries: int) -> Planner:
    """The reference's equations at parameters [4]."""
    gamma, phi, rho, sigma = map(float, theta)
    return Planner(gamma, phi, rho, sigma, countries)


def along_a_path(policy: PolicyNetwork, theta: Array, countries: int, states: int) -> tuple[Array, Array]:
    """Logs of capital and productivity [states, N] along a simulation."""
    economy, own = planner(theta, countries), as_reference(policy, theta)
    return economy.simulate(own, np.random.default_rng(SEED), states)


def euler_errors(policy: PolicyNetwork, theta: Array, countries: int, states: int) -> Array:
    """Of the first country, which is like all others, [states]."""
    path = along_a_path(policy, theta, countries, states)
    return np.abs(planner(theta, countries).errors(as_reference(policy, theta), *path))


def summary(errors: Array) -> list[float]:
    """log10 of mean, p99 and max; the mean of logs, as everywhere here."""
    logs = np.log10(errors)
    return [float(logs.mean()), float(np.quantile(logs, 0.99)), float(logs.max())]


def held_out(model: MultiCountryRealBusinessCycle) -> Array:
    """Parameters [VECTORS, 4], evenly from the box."""
    lower, upper = (end.numpy() for end in model.parameter_box())
    return np.random.default_rng(SEED).uniform(lower, upper, (VECTORS, len(lower)))


def from_reference(policy: PolicyNetwork, theta: Array, countries: int) -> float:
    """The largest difference of log capital of tomorrow along a path."""
    path = along_a_path(policy, theta, countries, AT_ONE)
    names = [each.name for each in policy.model.parameters]
    exact = solve_irbc(dict(zip(names, map(float, theta), strict=True)), countries).policy
    return float(np.abs(as_reference(policy, theta)(*path) - exact(*path)).max())


def milliseconds(policy: PolicyNetwork, theta: Array, countries: int) -> float:
    """Of a period of one economy."""
    started = time.process_time()
    own, economy = as_reference(policy, theta), planner(theta, countries)
    economy.simulate(own, np.random.default_rng(SEED), TIMED)
    return 1e3 * (time.process_time() - started) / economy.periods(TIMED)


def kept_at(countries: int, seed: int = 0) -> Path:
    """Where a run's figures are; its checkpoint is beside them."""
    return RESULTS / f"{countries}-{seed}.json"


def measured(countries: int, seed: int = 0) -> dict[str, Any]:
    """Train, or go on, and measure."""
    model = multi_country(countries)
    checkpoint = kept_at(countries, seed).with_suffix(".pt")
    RESULTS.mkdir(parents=True, exist_ok=True)
    settings = replace(recipe(models.get("irbc")).settings, seed=seed)
    train(
        model, settings, checkpoint, resume=checkpoint.exists(), progress=lambda now: print(now, flush=True)
    )
    policy, content = load_policy(checkpoint, model)
    theta = model.default_parameters().numpy()
    everywhere = [euler_errors(policy, each, countries, STATES) for each in held_out(model)]
    return {
        "weights": sum(each.numel() for each in policy.parameters()),
        "published": summary(euler_errors(policy, theta, countries, AT_ONE)),
        "held_out": summary(np.concatenate(everywhere)),
        "reference": from_reference(policy, theta, countries) if countries in REFERENCE else None,
        "seconds": content["state"]["seconds"],
        "steps": content["state"]["step"],
        "milliseconds": milliseconds(policy, theta, countries),
    }


def row(countries: int, found: dict[str, Any]) -> list[str]:
    """A line of the table."""
    return [
        f"{countries}",
        f"{2 * countries}",
        f"{countries + 1}",
        f"{found['weights']}",
        *(f"{value:.2f}" for value in (*found["published"], *found["held_out"])),
        "-" if found["reference"] is None else f"{found['reference']:.0e}",
        f"{found['seconds'] / 60:.1f}",
        f"{found['seconds'] / found['steps']:.2f}",
        f"{found['milliseconds']:.2f}",
    ]


def main() -> None:
    """Measure what is asked for, and write the page."""
    for countries in map(int, sys.argv[1:]):
        kept(kept_at(countries), lambda countries=countries: measured(countries))
    found = {n: kept_at(n) for n in COUNTRIES}
    rows = [row(n, read(path)) for n, path in found.items() if path.exists()]
    values = {"table": markdown_table(COLUMNS, rows), "machine": machine(), "vectors": VECTORS}
    write_page(PAGE, TEXT.format(**values), SEEDS)


if __name__ == "__main__":
    main()
