"""A network for four generations with aggregate risk beside a solution without networks.

    OMP_NUM_THREADS=1 python -m benchmarks.olg_few

trains a small network over a box around the published calibration, and keeps what it finds under results/olg;
`python -m benchmarks.olg` writes it into docs/olg.md.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT
from benchmarks.kept import kept
from surrogate import models
from surrogate.comparison.generations import error_figures
from surrogate.models.olg import overlapping_generations
from surrogate.policy import PolicyNetwork
from surrogate.reference.olg_economy import PARAMETERS, Household, Policy, euler_errors
from surrogate.reference.olg_few import FewGenerations, simulated, solve_few_generations
from surrogate.reference.olg_steady_state import steady_state
from surrogate.training import load_policy, recipe, train

Array = NDArray[np.float64]
RESULTS = ROOT / "results" / "olg"
GENERATIONS = 4
CALIBRATIONS = {
    "published": (0.95, 2.0, 0.5, 0.3),
    "patient": (0.965, 1.3, 0.3, 0.33),
    "averse": (0.945, 2.4, 0.7, 0.29),
}
BOX = {"beta": (0.94, 0.97), "gamma": (1.0, 2.5), "zeta": (0.25, 0.75), "alpha": (0.28, 0.35)}
"""In other corners of that of `olg` four generations own next to nothing."""
SETTINGS = {"hidden": (16, 16), "batch": 1280, "steps": 120, "robust_quantile": 0.9}
ROBUST = "geman_mcclure"
"""Economies that begin where nobody should be are given up at first."""
PERIODS, SEED = 2_000, 7


class FourGenerations(type(overlapping_generations(GENERATIONS))):
    """The economy over that box."""

    name = "olg_of_four"
    parameters = tuple(
        replace(each, lower=BOX[each.name][0], upper=BOX[each.name][1])
        for each in overlapping_generations(GENERATIONS).parameters
    )


def asked(policy: PolicyNetwork, values: Array) -> Policy:
    """A network at parameters [4], as `olg_economy` asks policies."""
    theta = policy.model.prepared(torch.from_numpy(values))  # pyright: ignore[reportCallIssue]

    @torch.no_grad()
    def choices(k: Array, b: Array, eta: Array, delta: Array) -> tuple[Array, Array, Array]:
        states = torch.from_numpy(np.column_stack([k, b, eta, delta]))
        chosen = policy(states, theta.expand(len(states), -1)).numpy()
        savers = k.shape[1]
        return chosen[:, :savers], chosen[:, savers:-1], chosen[:, -1]

    return choices


def compared(policy: PolicyNetwork, values: tuple[float, ...]) -> dict[str, float]:
    """Differences along a path of the reference, and Euler errors of both."""
    parameters: Mapping[str, float] = dict(zip(PARAMETERS, values, strict=True))
    household, rest = Household.of(parameters, GENERATIONS), steady_state(parameters, GENERATIONS)
    started = time.process_time()
    exact = solve_few_generations(FewGenerations(household), (rest.capital[1:], rest.bonds[1:]))
    seconds = time.process_time() - started
    rows = simulated(exact, PERIODS, SEED)
    network = asked(policy, np.array(values))
    (a, d, p), (a_exact, d_exact, p_exact) = network(*rows), exact(*rows)
    own, theirs = (np.concatenate(euler_errors(household, each, *rows), 1) for each in (exact, network))
    capital = a_exact.sum(1, keepdims=True)
    return {
        "reference, max": float(np.log10(np.abs(own).max())),
        "network, mean": error_figures(theirs)["mean"],
        "network, max": error_figures(theirs)["max"],
        "capital, mean": float(np.abs((a - a_exact) / capital).mean()),
        "capital, max": float(np.abs((a - a_exact) / capital).max()),
        "bonds, max": float(np.abs((d - d_exact) / capital).max()),
        "price, max": float(np.abs(p / p_exact - 1).max()),
        "seconds": seconds,
    }


def measured() -> dict[str, Any]:
    """Train, or go on, and compare at all calibrations."""
    economy, checkpoint = FourGenerations(), RESULTS / "four.pt"
    RESULTS.mkdir(parents=True, exist_ok=True)
    settings = replace(recipe(models.get("olg")).settings, **SETTINGS, robust_loss=ROBUST)
    train(economy, settings, checkpoint, checkpoint.exists(), lambda now: print(now, flush=True))
    policy, content = load_policy(checkpoint, economy)
    found = {name: compared(policy, values) for name, values in CALIBRATIONS.items()}
    return {"calibrations": found, "seconds": content["state"]["seconds"]}


def main() -> None:
    """Measure and keep."""
    print(kept(RESULTS / "four.json", measured))


if __name__ == "__main__":
    main()
