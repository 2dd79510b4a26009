"""Krusell and Smith's economy with AR(1) productivity at one calibration, beside the classical solution of
the economy of booms and busts that has the same productivity.

    OMP_NUM_THREADS=1 python -m benchmarks.krusell_smith_ar1

trains for half a minute, keeps what it finds under results/krusell-smith-ar1, and writes
docs/krusell-smith-ar1.md.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT, machine
from benchmarks.kept import kept
from benchmarks.populations import SETTINGS, at_default, quantile
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.krusell_smith_aid import MEAN_UNEMPLOYMENT
from surrogate.models.krusell_smith_ar1 import STILL_UNEMPLOYED, KrusellSmithAr1, spread_of_productivity
from surrogate.policy import PopulationPolicy
from surrogate.reference.krusell_smith import solve_krusell_smith
from surrogate.reference.krusell_smith_economy import Chain
from surrogate.training import load_policy, train
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import euler_residuals

Array = NDArray[np.float64]
RESULTS, REPORT = ROOT / "results" / "krusell-smith-ar1", ROOT / "docs" / "krusell-smith-ar1.md"
BURN_IN, PERIODS, SEED = 2_000, 2_000, 2026
STEPS = 300
LOOK_EVERY = 40
NODES, TEST_NODES = 3, 7
"""Of Gauss and Hermite, in training and for the errors."""
ALWAYS = (STILL_UNEMPLOYED, STILL_UNEMPLOYED)
CHAIN = Chain(unemployment=(MEAN_UNEMPLOYMENT, MEAN_UNEMPLOYMENT), remaining=(ALWAYS, ALWAYS))
"""Boom and bust without any change of unemployment."""
SWITCHES = -1.1503493803760079
"""The normal quantile of 1/8."""
TEXT = """# AR(1) productivity

[`krusell_smith_ar1`](../surrogate/models/krusell_smith_ar1.py) is
[Krusell and Smith's economy](krusell-smith.md) where log productivity is an AR(1) process and unemployment
constant. Its network sees productivity where the other sees boom or bust, and expectations are taken over
{nodes} Gauss-Hermite nodes instead of two outcomes. Nothing else changes, and a step costs as much more as
there are more outcomes. No file of it ships:

    dsge-surrogate train krusell_smith_ar1 --output ar1.pt
    dsge-surrogate export ar1.pt ar1

solves it over its box of seven parameters.

There is a classical solution to hold it against. With rho = .75 and sigma = dz (1 - rho^2)^.5 the process has
the variance and the autocorrelations of the chain of booms and busts, and innovations can be chosen such that
productivity is that of the chain in every quarter. What then differs is how households believe tomorrow to be
spread, which matters in second order only: some 1e-5 of tomorrow's mean productivity. At the default
(beta .99, gamma 1, alpha .36, delta .025, mu .15, dz .01), {periods:,} quarters after {burn_in:,}:

{table}

*Euler*: errors of consumption on the ergodic set, {test_nodes} nodes, weighted by households. *K*: mean of
capital, and *path*: distance of log capital in a quarter, mean and largest. *sd*: standard deviation of log
capital, both. Seconds of a processor for training ({steps} steps on a network of two layers of 16).

{machine}. Written by `python -m benchmarks.krusell_smith_ar1`.
"""


def switches() -> Array:
    """Standard normal, [BURN_IN + PERIODS]."""
    return np.random.default_rng(SEED).standard_normal(BURN_IN + PERIODS)


def log_productivity(dz: float) -> Array:
    """Of the chain in each quarter, beginning with a boom before the first, [BURN_IN + PERIODS + 1]."""
    state = np.concatenate([[1], CHAIN.states(switches())])
    return np.log1p(dz * (2 * state - 1))


def trained(economy: KrusellSmith) -> tuple[PopulationPolicy, float]:
    """The policy at one calibration, and seconds of a processor."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    checkpoint = RESULTS / "run.pt"
    checkpoint.unlink(missing_ok=True)
    started = time.process_time()
    train(economy, replace(SETTINGS, nodes=NODES, steps=STEPS), checkpoint)
    seconds = time.process_time() - started
    policy, _ = load_policy(checkpoint, economy)
    assert isinstance(policy, PopulationPolicy)
    return policy, seconds


@torch.no_grad()
def followed(economy: KrusellSmith, policy: PopulationPolicy, path: Array) -> tuple[Array, Array, Array]:
    """Log capital [PERIODS] where log productivity is `path`, and now and then the errors of households
    [n, nodes] and how many they are [n, nodes].
    """
    theta = economy.default_parameters()[None]
    p = economy.name_parameters(theta)
    start = economy.start(p) | {"log_productivity": torch.tensor([path[0]])}
    states = torch.cat([start[s.name].reshape(1, -1) for s in economy.states], -1)
    shocks = (path[1:] - float(p.rho) * path[:-1]) / float(p.sigma)
    capital, errors, masses = [], [], []
    for quarter, shock in enumerate(shocks):
        now = economy.period(p, states, policy(states, p))
        if quarter >= BURN_IN and quarter % LOOK_EVERY == 0:
            households = now.of_households.clone()
            households[..., -1] = now.told_tomorrow[:, None]
            rule = rule_for(economy.household.shocks, TEST_NODES)
            errors.append(euler_residuals(policy.household, households, theta, *rule)[..., 0].abs())
            masses.append(now.mass.clamp_min(0.0))
        states = economy.tomorrow(now, torch.tensor([[shock]]), p)
        capital.append(float(economy.period(p, states).capital))
    return np.log(capital[BURN_IN:]), torch.cat(errors).numpy(), torch.cat(masses).numpy()


def measured() -> dict[str, Any]:
    """Train, follow, and solve the classical economy."""
    economy = at_default(KrusellSmithAr1())
    calibration = {each.name: each.default for each in economy.parameters}
    dz = float(spread_of_productivity(economy.name_parameters(economy.default_parameters())))
    policy, seconds = trained(economy)
    log_capital, errors, masses = followed(economy, policy, log_productivity(dz))
    names = ("beta", "gamma", "alpha", "delta", "mu")
    there = {**{name: calibration[name] for name in names}, "dz": dz}
    exact = np.log(solve_krusell_smith(there, chain=CHAIN).simulate(switches()).after(BURN_IN).capital)
    gaps = 100 * np.abs(log_capital - exact)
    return {
        "seconds": seconds,
        "euler": [quantile(errors, masses, level) for level in (0.5, 0.99)],
        "mean": 100 * float(np.exp(log_capital).mean() / np.exp(exact).mean() - 1),
        "path": [float(gaps.mean()), float(gaps.max())],
        "sd": [100 * float(log_capital.std()), 100 * float(exact.std())],
    }


def main() -> None:
    """Run, unless it is there, and write."""
    found = kept(RESULTS / "run.json", measured)
    header = ("Euler p50", "p99", "K, %", "path, mean %", "largest %", "sd, %", "classical", "seconds")
    row = (
        *(f"{value:.1e}" for value in found["euler"]),
        f"{found['mean']:+.3f}",
        *(f"{value:.3f}" for value in (*found["path"], *found["sd"])),
        f"{found['seconds']:.0f}",
    )
    text = TEXT.format(
        nodes=NODES, test_nodes=TEST_NODES, periods=PERIODS, burn_in=BURN_IN, steps=STEPS,
        table=markdown_table(header, [row]), machine=machine(),
    )  # fmt: skip
    print(text)
    with atomic_path(REPORT) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
