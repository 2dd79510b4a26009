"""Estimation of the economy with heterogeneous households: US data, and samples of its own.

    OMP_NUM_THREADS=1 python -m benchmarks.hank_estimation [SAMPLES]

runs examples/us_1990_2007_hank.toml as a user would, and estimates with the same priors on so many samples,
ten by default, that the full economy, with all its households, simulates at known parameters. Writes
docs/hank-estimation.md; what results/hank_estimation holds is not computed again.
"""

import argparse
import resource
import sys
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.estimation import run
from benchmarks.filter_cases import ROOT, machine
from benchmarks.kept import kept
from benchmarks.sample_configuration import configuration
from estimation import Estimation
from estimation.filters import TwistedFilter
from estimation.filters.state_space import StateSpace
from surrogate import load
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path

Array = NDArray[np.floating[Any]]

EXAMPLE = ROOT / "examples" / "us_1990_2007_hank.toml"
REPORT = ROOT / "docs" / "hank-estimation.md"
RESULTS = ROOT / "results" / "hank_estimation"
PUBLISHED = {
    "sigma_s": 0.0704,
    "borrowing_limit": -0.50,
    "phi": 101,
    "theta_pi": 2.43,
    "theta_y": 0.96,
    "rho_z": 0.43,
    "rho_m": 0.91,
    "sigma_zeta": 0.0122,
    "sigma_z": 0.0047,
    "sigma_m": 0.0015,
}
"""Median of the published posterior, with the bound and a shadow rate."""
PUBLISHED_MOMENTS = ("0.70", "1.15", "2.56", "0.14", "0.82", "0.72")
"""Of the published economy at that median: standard deviations and first autocorrelations."""
SAMPLES, PERIODS, BURN_IN, SHARE_OF_VARIANCE, SEED = 10, 144, 400, 0.05, 2026
SAMPLER = {"ensembles": 2, "walkers": 48, "steps": 300, "seed": 1}
QUANTILES = (0.5, 0.05, 0.95)
PARTICLES, REPLICATIONS, VECTORS = (10, 20, 50), 20, 32
HEADER = """# Estimating the economy with heterogeneous households

`hank_reduced`, without the bound, with the priors and measurement errors of Kase, Melosi and Rottner.
{machine}. Written by `python -m benchmarks.hank_estimation`.
"""
US = """## United States, 1990 to 2007

`dsge-surrogate estimate examples/us_1990_2007_hank.toml`: {evaluations:,} evaluations in {minutes:.1f}
minutes of a processor, mode, tables and figures included; largest R-hat {rhat:.3f}, least effective sample
size {ess:.0f}. Medians, 5 and 95 % quantiles. The published posterior is of 1990 to 2019, the economy with
the bound and a shadow rate.
"""
MOMENTS = """\
Moments in percent, growth a quarter, inflation and the rate a year: of the data, of long simulations at the
posterior median here and at the published median, both without the bound, and of the published table, with
it.
"""
LIKELIHOOD = """## The likelihood

Of the US sample at the posterior median, twisted filter: standard deviation over {replications} repetitions,
and milliseconds of a processor for one parameter vector of {vectors}.
"""
OWN = """## Samples of its own

{samples} samples of {periods} quarters that the full economy simulates at the prior means, with measurement
error. *Inside*: how many 90 % intervals hold the truth. *Away*: mean and standard deviation over samples of
posterior median less truth, in posterior standard deviations. R-hat at most {rhat:.3f}.
"""


def timed(configuration: Path, output: Path) -> dict[str, Any]:
    """Estimate, or go on with what was interrupted, and what that cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "cli.main", "estimate", str(configuration), "--output", str(output)]
    run([*command, "--processes", "1", *(["--resume"] if output.exists() else [])])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def write_sample(number: int) -> Path:
    """Data of the full economy at the prior means, and their configuration; returns its path."""
    full, generator = load("hank"), np.random.default_rng([SEED, number])
    theta = full.default[None]
    path = full.simulate(theta, generator.standard_normal((BURN_IN + PERIODS, 1, full.n_shocks)))
    names = full.observable_names[:3]
    sample = path.observables[BURN_IN:, 0, :3].astype(float)
    sd = np.sqrt(SHARE_OF_VARIANCE) * sample.std(axis=0, ddof=1)
    quarters = pd.period_range("1984Q1", periods=PERIODS, freq="Q")
    observed = sample + sd * generator.standard_normal(sample.shape)
    folder = RESULTS / f"sample{number}"
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(observed, quarters, list(names)).to_csv(folder / "data.csv", index_label="date")
    text = configuration("hank_reduced", names, sd, PARTICLES[0], SAMPLER, priors())
    (folder / "sample.toml").write_text(text, encoding="utf-8")
    return folder / "sample.toml"


def priors() -> str:
    """The example's, as it has them."""
    _, mark, rest = EXAMPLE.read_text(encoding="utf-8").partition("[priors.")
    return mark + rest


def draws_of(configuration: Path, output: Path) -> tuple[tuple[str, ...], Array, pd.DataFrame]:
    """Names, draws [n, n_parameters] and the table of a posterior."""
    results = Estimation.from_toml(configuration).saved_results(output)
    theta = results.chains.theta
    return results.posterior.names, theta.reshape(-1, theta.shape[-1]), results.table


def us_section() -> str:
    """Posterior beside the published one, and moments."""
    seconds = kept(RESULTS / "us.json", partial(timed, EXAMPLE, RESULTS / "us"))["seconds"]
    names, draws, table = draws_of(EXAMPLE, RESULTS / "us")
    spans = np.quantile(draws, QUANTILES, axis=0)
    estimation = Estimation.from_toml(EXAMPLE)
    settings = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    prior = {name: f"{each['mean']:g} ({each['sd']:g})" for name, each in settings["priors"].items()}
    rows = [
        [name, prior[name], "{:.3g} [{:.3g}, {:.3g}]".format(*spans[:, i]), f"{PUBLISHED[name]:g}"]
        for i, name in enumerate(names)
    ]
    medians = dict(zip(names, spans[0].tolist(), strict=True))
    sampler = settings["sampler"]
    head = US.format(
        evaluations=sampler["ensembles"] * sampler["walkers"] * sampler["steps"],
        minutes=seconds / 60,
        rhat=table["R-hat"].max(),
        ess=table[["ESS bulk", "ESS tail"]].to_numpy().min(),
    )
    theta = np.array([medians[name] for name in load("hank_reduced").parameter_names])
    return "\n\n".join(
        [
            head.strip(),
            markdown_table(["parameter", "prior mean (sd)", "posterior", "published median"], rows),
            MOMENTS.strip(),
            moment_table(estimation, medians),
            likelihood_section(estimation, theta),
        ]
    )


def moment_table(estimation: Estimation, medians: dict[str, float]) -> str:
    """Of the data, and of economies at the posterior `medians` and at the published ones."""
    economy = load("hank_reduced")
    rows = [
        ["data", *_moments(estimation.data.to_numpy(dtype=float)[:, None])],
        ["posterior median", *_moments(_simulated(economy, medians))],
        ["published median", *_moments(_simulated(economy, PUBLISHED))],
        ["published table", *PUBLISHED_MOMENTS],
    ]
    kinds = ("sd", "autocorrelation")
    return markdown_table(
        ["", *(f"{kind} {name}" for kind in kinds for name in economy.observable_names)], rows
    )


def likelihood_section(estimation: Estimation, theta: Array) -> str:
    """Precision and cost of the likelihood at parameters [n_parameters]."""
    economy = load("hank_reduced")
    data = estimation.data[list(economy.observable_names)].to_numpy(dtype=float)
    sd = np.sqrt(SHARE_OF_VARIANCE) * data.std(axis=0, ddof=1)
    space, generator = StateSpace(economy, economy.observable_names, sd), np.random.default_rng(SEED)
    rows = []
    for particles in PARTICLES:
        each = TwistedFilter(space, particles)
        values = each.log_likelihood(np.tile(theta, (REPLICATIONS, 1)), data, generator)
        started = time.process_time()
        each.log_likelihood(np.tile(theta, (VECTORS, 1)), data, generator)
        milliseconds = 1e3 * (time.process_time() - started) / VECTORS
        rows.append(
            [str(particles), f"{values.mean():.2f}", f"{values.std(ddof=1):.2g}", f"{milliseconds:.1f}"]
        )
    head = LIKELIHOOD.format(replications=REPLICATIONS, vectors=VECTORS).strip()
    return head + "\n\n" + markdown_table(["particles", "mean log p", "sd of log p", "ms"], rows)


def own_section(samples: int) -> str:
    """How often and how well the truth is found."""
    truth = dict(zip(load("hank").parameter_names, load("hank").default.tolist(), strict=True))
    inside, away, rhat, names = [], [], [], ()
    for number in range(samples):
        sample = RESULTS / f"sample{number}" / "sample.toml"
        kept(RESULTS / f"sample{number}.json", lambda number=number: _estimated(number))
        names, draws, table = draws_of(sample, sample.parent / "estimation")
        actual = np.array([truth[name] for name in names])
        median, low, high = np.quantile(draws, QUANTILES, axis=0)
        inside.append((low <= actual) & (actual <= high))
        away.append((median - actual) / draws.std(axis=0))
        rhat.append(table["R-hat"].max())
    rows = [
        [name, f"{truth[name]:g}", f"{hits}", f"{mean:+.2f} ({sd:.2f})"]
        for name, hits, mean, sd in zip(
            names, np.sum(inside, 0), np.mean(away, 0), np.std(away, 0, ddof=1), strict=True
        )
    ]
    head = OWN.format(samples=samples, periods=PERIODS, rhat=max(rhat)).strip()
    return head + "\n\n" + markdown_table(["parameter", "truth", "inside", "away"], rows)


def _estimated(number: int) -> dict[str, Any]:
    sample = write_sample(number)
    return timed(sample, sample.parent / "estimation")


def _simulated(economy: Any, values: dict[str, float]) -> Array:
    """Observables [500, 100, 3] of a hundred economies."""
    theta = np.tile(economy.parameter_array(values), (100, 1))
    shocks = np.random.default_rng(SEED).standard_normal((600, 100, economy.n_shocks))
    return economy.simulate(theta, shocks).observables[100:].astype(float)


def _moments(values: Array) -> list[str]:
    """Standard deviations and first autocorrelations of [T, n, 3]."""
    centred = values - values.mean(axis=(0, 1))
    variance = (centred**2).mean(axis=(0, 1))
    following = (centred[1:] * centred[:-1]).mean(axis=(0, 1)) / variance
    return [f"{value:.2f}" for value in (*np.sqrt(variance), *following)]


def main() -> None:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", nargs="?", type=int, default=SAMPLES)
    samples = parser.parse_args().samples
    parts = [HEADER.format(machine=machine()).strip(), us_section()]
    parts += [own_section(samples)] if samples else []
    with atomic_path(REPORT) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
