"""The experiment of Kase, Melosi and Rottner: their economy with the bound, estimated on a sample of its own.

    OMP_NUM_THREADS=1 python -m benchmarks.published_experiment

simulates `nk_zlb` at the true values by time iteration, trains a surrogate by the recipe that ships,
estimates with it, and asks what the posterior would be with time iteration in its place. Writes
docs/published-experiment.md and .png; what results/published_experiment holds is not computed again.
"""

import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import gaussian_kde

from benchmarks.estimation import run
from benchmarks.filter_cases import ROOT, machine
from benchmarks.kept import kept, read
from benchmarks.nk_zlb_by_time_iteration import DoublePrecision, TimeIteration
from benchmarks.sample_configuration import configuration
from estimation import Estimation
from estimation.filters import TwistedFilter
from estimation.filters.state_space import StateSpace
from estimation.results import Results
from estimation.work.pool import WorkerPool
from surrogate import Surrogate, load
from surrogate.house import figures
from surrogate.house.figures import BLUE, GRAY, RED, panels, save
from surrogate.house.files import atomic_path

Array = NDArray[np.floating]

REPORT = ROOT / "docs" / "published-experiment.md"
RESULTS = ROOT / "results" / "published_experiment"
TRUTH = {"theta_pi": 2.0, "theta_y": 0.25, "phi": 1000.0, "rho_zeta": 0.7, "sigma_zeta": 0.02}
PRIORS = {
    "theta_pi": (2.0, 0.1),
    "theta_y": (0.25, 0.05),
    "phi": (1000.0, 50.0),
    "rho_zeta": (0.7, 0.05),
    "sigma_zeta": (0.02, 0.0025),
}
PUBLISHED = {
    "theta_pi": (2.04, 1.92, 2.15),
    "theta_y": (0.250, 0.240, 0.260),
    "phi": (985.0, 921.0, 1047.0),
    "rho_zeta": (0.69, 0.671, 0.707),
    "sigma_zeta": (0.020, 0.019, 0.021),
}
"""Posterior median, 5 and 95 % quantile of the published estimation, on another sample."""
PERIODS, BURN_IN, SHARE_OF_VARIANCE, SEED = 500, 100, 0.1, 2026
PARTICLES, ENSEMBLES, WALKERS, STEPS = 50, 2, 32, 600
DRAWS, BLOCK = 200, 10
PARTICLES_COMPARED, REPLICATIONS = 100, 4
QUANTILES = (0.5, 0.05, 0.95)
STAGES = {
    "train": ("train", "nk_zlb", "--output", "{}/nk_zlb.pt", "--threads", "1"),
    "export": ("export", "{}/nk_zlb.pt", "{}/nk_zlb"),
    "estimate": ("estimate", "{}/experiment.toml", "--output", "{}/estimation", "--processes", "2"),
}
HEADER = """# The published experiment

Kase, Melosi and Rottner estimate their New Keynesian model with the zero lower bound (`nk_zlb`) on a sample
that it has simulated itself at known parameters. Here it is again: {periods} quarters of output growth,
inflation and the interest rate, simulated at the true values by time iteration (at the bound in
{at_bound:.0%} of all quarters), with measurement error whose *variance* is {share:.0%} of the variance of
each series; priors are theirs, normal and truncated to the box.

*Surrogate*: a network trained by the recipe that ships, twisted particle filter with {particles} particles,
{walkers} walkers in each of {ensembles} ensembles, {steps} steps; largest R-hat {rhat:.3f}, least effective
sample size {ess:.0f}.

*Time iteration*: the posterior of the same data, priors and filter with the classical solution, solved anew
at each of {draws} draws of the surrogate's posterior. Each draw has the weight likelihood with time iteration
over likelihood with the surrogate, both by {replications} × {compared} particles with the same random
numbers. The effective sample size of the weights is {weights_ess:.0f} of {draws}; the log likelihoods differ
by {mean:.2f} on average, and by {sd:.2f} (standard deviation) from draw to draw. A quadratic in the
parameters explains all of that but {left:.2f}; it carries the weights to all draws of the posterior.

Medians with 5 and 95 % quantiles. *Difference*: of the two medians, in posterior standard
deviations, with its standard error, from bootstrap samples of the {draws} draws.

"""
TIMING = """
## Time

The whole path with the surrogate, training included, as commands. *Processor*: seconds of processor time of
all processes. Wall time, {wall:.1f} minutes in all, was measured with up to {load:.1f} processes ready to run
on {cores} cores.

"""
FIGURE = """
![Posteriors with the surrogate and with time iteration](published-experiment.png)

{machine}. Written by `python -m benchmarks.published_experiment`.
"""


def simulate(economy: TimeIteration) -> tuple[Array, Array]:
    """A sample [T, 3] at the true values with measurement error, and that error's standard deviations [3]."""
    generator = np.random.default_rng(SEED)
    theta = economy.surrogate.parameter_array(TRUTH)
    states = np.zeros((1, 1))
    controls, rows = economy.policy(states, theta), []
    for shock in generator.standard_normal((BURN_IN + PERIODS, 1, 1)):
        outcome = economy.step(states, controls, shock, theta)
        states, controls = outcome.next_states, outcome.next_controls
        rows.append(outcome.next_observables[0])
    sample = np.array(rows[BURN_IN:])
    sd = np.sqrt(SHARE_OF_VARIANCE) * sample.std(axis=0, ddof=1)
    return sample + sd * generator.standard_normal(sample.shape), sd


def prepare() -> dict[str, Any]:
    """Write data and configuration, and return what they are made of."""
    economy = TimeIteration(load("nk_zlb"))
    observed, sd = simulate(economy)
    names = economy.surrogate.observable_names
    RESULTS.mkdir(parents=True, exist_ok=True)
    quarters = pd.period_range("1900Q1", periods=PERIODS, freq="Q")
    pd.DataFrame(observed, quarters, list(names)).to_csv(RESULTS / "data.csv", index_label="date")
    sampler = {"ensembles": ENSEMBLES, "walkers": WALKERS, "steps": STEPS, "seed": 1}
    text = configuration("nk_zlb", names, sd, PARTICLES, sampler, priors())
    (RESULTS / "experiment.toml").write_text(text, encoding="utf-8")
    return {"sd": sd.tolist(), "at_bound": share_at_bound(economy)}


def share_at_bound(economy: TimeIteration) -> float:
    """Share of quarters at the bound in a long simulation at the true values."""
    sd = TRUTH["sigma_zeta"] / np.sqrt(1 - TRUTH["rho_zeta"] ** 2)
    preference = sd * np.random.default_rng(SEED).standard_normal(100_000)
    theta = economy.surrogate.parameter_array(TRUTH)[0]
    return float(np.mean(economy.solution(theta).interest_rate({"preference": preference}) <= 1))


def priors() -> str:
    """The published ones, as `dsge-surrogate estimate` reads them."""
    return "\n".join(
        f'[priors.{name}]\ndensity = "normal_pdf"\nmean = {mean}\nsd = {sd}\n'
        for name, (mean, sd) in PRIORS.items()
    )


def timed(stage: str) -> dict[str, Any]:
    """Run one command of the path and return its wall and processor seconds."""
    arguments = [word.format(RESULTS) for word in STAGES[stage]]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = run([sys.executable, "-m", "cli.main", *arguments])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": used.seconds, "processor": processor, "load": os.getloadavg()[1]}


def log_likelihoods(economy: Surrogate, theta: Array, sd: Array, seed: int) -> Array:
    """Log likelihood [n] of draws theta [n, 5] of the posterior; `seed` is of the random numbers."""
    data = pd.read_csv(RESULTS / "data.csv", index_col=0).to_numpy(dtype=float)
    space = StateSpace(economy, economy.observable_names, sd)
    values = []
    for number, row in enumerate(theta):
        generator = np.random.default_rng([SEED, seed, number])
        each = TwistedFilter(space, PARTICLES_COMPARED).log_likelihood(
            np.tile(row, (REPLICATIONS, 1)), data, generator
        )
        values.append(logsumexp(each) - np.log(REPLICATIONS))
    return np.array(values)


def compare(theta: list[list[float]], sd: list[float], block: int) -> dict[str, Any]:
    """Log likelihoods of some draws with the surrogate and with time iteration; run by worker processes."""

    def both() -> dict[str, Any]:
        surrogate = load(RESULTS / "nk_zlb")
        economies: Mapping[str, Any] = {
            "surrogate": DoublePrecision(surrogate),
            "time iteration": TimeIteration(surrogate),
        }
        started = time.process_time()
        found = {
            name: log_likelihoods(economy, np.array(theta), np.array(sd), block).tolist()
            for name, economy in economies.items()
        }
        return {**found, "seconds": time.process_time() - started}

    return kept(RESULTS / "weights" / f"{block}.json", both)


def reweighted(draws: Array, sd: list[float]) -> Array:
    """Difference [DRAWS] of log likelihoods, time iteration less surrogate, at the draws [DRAWS, 5]."""
    blocks = [draws[first : first + BLOCK].tolist() for first in range(0, len(draws), BLOCK)]
    with WorkerPool() as pool:
        pool.run([(partial(compare, block, sd), number) for number, block in enumerate(blocks)])
    found = [read(RESULTS / "weights" / f"{number}.json") for number in range(len(blocks))]
    return np.concatenate([np.array(part["time iteration"]) - np.array(part["surrogate"]) for part in found])


def weighted_quantiles(values: Array, weights: Array, shares: Sequence[float] = QUANTILES) -> Array:
    """Quantiles [n_shares] of values [n] with weights [n] that sum to one."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(shares, cumulative, values[order])


def differences(draws: Array, weights: Array) -> Array:
    """Difference [5] of weighted and plain medians in posterior standard deviations."""
    even = np.full(len(draws), 1 / len(draws))
    medians = [
        [weighted_quantiles(column, given, (0.5,))[0] for column in draws.T] for given in (weights, even)
    ]
    return (np.array(medians[0]) - medians[1]) / draws.std(axis=0, ddof=1)


def standard_errors(chosen: Array, log_weights: Array, draws: Array, resamples: int = 200) -> Array:
    """Standard errors [5] of :func:`differences`, from bootstrap samples of the chosen draws."""
    generator = np.random.default_rng(SEED)
    found = []
    for rows in generator.integers(0, len(chosen), (resamples, len(chosen))):
        found.append(differences(draws, carried(chosen[rows], log_weights[rows], draws)[0]))
    return np.std(found, axis=0, ddof=1)


def terms(theta: Array, draws: Array) -> Array:
    """Terms [n, 21] of a quadratic in theta [n, 5], standardised by the posterior's `draws`."""
    u = (theta - draws.mean(axis=0)) / draws.std(axis=0)
    rows, columns = np.triu_indices(u.shape[1])
    return np.column_stack([np.ones(len(u)), u, u[:, rows] * u[:, columns]])


def carried(chosen: Array, log_weights: Array, draws: Array) -> tuple[Array, float]:
    """Weights [n] of all draws [n, 5] from log weights [m] at chosen ones [m, 5], and the sd of the rest."""
    design = terms(chosen, draws)
    fitted = np.linalg.lstsq(design, log_weights, rcond=None)[0]
    left = np.sqrt(np.sum((log_weights - design @ fitted) ** 2) / (len(chosen) - design.shape[1]))
    return _normalised(terms(draws, draws) @ fitted), float(left)


def _normalised(log_weights: Array) -> Array:
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def posterior_rows(names: Sequence[str], draws: Array, weights: Array, error: Array) -> list[list[str]]:
    """The table of posteriors as text."""
    even = np.full(len(draws), 1 / len(draws))
    gap = differences(draws, weights)
    rows = []
    for column, name in enumerate(names):
        spans = [weighted_quantiles(draws[:, column], given) for given in (even, weights)]
        rows.append(
            [
                name,
                f"{TRUTH[name]:g}",
                *(_span(span) for span in spans),
                f"{gap[column]:+.3f} ({error[column]:.3f})",
                _span(PUBLISHED[name]),
            ]
        )
    return rows


def _span(numbers: Sequence[float] | Array) -> str:
    return "{:.4g} [{:.4g}, {:.4g}]".format(*numbers)


def draw_figure(names: Sequence[str], draws: Array, weights: Array) -> None:
    """Densities of both posteriors beside prior and truth."""
    figure, axes = panels(2, 3, 3.0, 2.4)
    for axis, name, values in zip(axes.flat, names, draws.T, strict=False):
        grid = np.linspace(values.min(), values.max(), 200)
        mean, sd = PRIORS[name]
        axis.plot(
            grid,
            np.exp(-((grid - mean) ** 2) / (2 * sd**2)) / (sd * np.sqrt(2 * np.pi)),
            color=GRAY,
            label="prior",
        )
        axis.plot(grid, gaussian_kde(values)(grid), color=BLUE, label="surrogate")
        axis.plot(grid, gaussian_kde(values, weights=weights)(grid), "--", color=RED, label="time iteration")
        axis.axvline(TRUTH[name], color="black", linewidth=0.8, label="truth")
        axis.set(xlabel=name, yticks=[])
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(*axes.flat[0].get_legend_handles_labels(), loc="center", frameon=False)
    save(figure, REPORT.with_suffix(".png"))


def timing_rows(timing: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """Wall and processor seconds of each stage and of all."""
    wall, processor = (sum(used[kind] for used in timing.values()) for kind in ("wall", "processor"))
    rows = [[stage, f"{used['wall']:.0f}", f"{used['processor']:.0f}"] for stage, used in timing.items()]
    return [*rows, ["all", f"{wall:.0f}", f"{processor:.0f}"]]


def report(results: Results, chosen: Array, log_weights: Array, facts: Mapping[str, Any]) -> str:
    """The page, from log weights [m] at the chosen draws [m, 5]."""
    draws = _pooled(results)
    weights, left = carried(chosen, log_weights, draws)
    error = standard_errors(chosen, log_weights, draws)
    draw_figure(results.posterior.names, draws, weights)
    timing = {stage: read(RESULTS / f"{stage}.json") for stage in STAGES}
    head = HEADER.format(
        periods=PERIODS,
        share=SHARE_OF_VARIANCE,
        at_bound=facts["at_bound"],
        particles=PARTICLES,
        walkers=WALKERS,
        ensembles=ENSEMBLES,
        steps=STEPS,
        rhat=results.table["R-hat"].max(),
        ess=results.table["ESS bulk"].min(),
        draws=DRAWS,
        replications=REPLICATIONS,
        compared=PARTICLES_COMPARED,
        weights_ess=1 / np.sum(_normalised(log_weights) ** 2),
        left=left,
        mean=log_weights.mean(),
        sd=log_weights.std(ddof=1),
    )
    columns = ("parameter", "truth", "surrogate", "time iteration", "difference", "published, their sample")
    clock = TIMING.format(
        wall=sum(used["wall"] for used in timing.values()) / 60,
        load=max(used["load"] for used in timing.values()),
        cores=os.cpu_count(),
    )
    return (
        head
        + figures.markdown_table(
            list(columns), posterior_rows(results.posterior.names, draws, weights, error)
        )
        + "\n"
        + clock
        + figures.markdown_table(["stage", "wall, seconds", "processor, seconds"], timing_rows(timing))
        + "\n"
        + FIGURE.format(machine=machine())
    )


def _pooled(results: Results) -> Array:
    """All draws [n, 5]."""
    return results.chains.theta.reshape(-1, len(PRIORS))


def main() -> None:
    """Run what is missing and write the page."""
    facts = kept(RESULTS / "facts.json", prepare)
    for stage in STAGES:
        kept(RESULTS / f"{stage}.json", partial(timed, stage))
    estimation = Estimation.from_toml(RESULTS / "experiment.toml")
    results = estimation.saved_results(RESULTS / "estimation")
    pooled = _pooled(results)
    rows = np.random.default_rng(SEED).choice(len(pooled), DRAWS, replace=False)
    text = report(results, pooled[rows], reweighted(pooled[rows], facts["sd"]), facts)
    with atomic_path(REPORT) as path:
        path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
