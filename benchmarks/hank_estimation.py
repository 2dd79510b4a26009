"""Estimation of the economy with heterogeneous households: US data, and samples of its own.

    OMP_NUM_THREADS=1 python -m benchmarks.hank_estimation [hank | hank_zlb] [--samples N]

runs examples/us_1990_2007_hank.toml, or with the bound examples/us_1990_2019_hank_zlb.toml, as a user would,
and estimates with the same priors on so many samples, ten by default, that the full economy, with all its
households, simulates at known parameters. Writes docs/hank-estimation.md or docs/hank-zlb-estimation.md; what
results/hank_estimation holds is not computed again.
"""

import argparse
import resource
import sys
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

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
from surrogate import Surrogate, load
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path

Array = NDArray[np.floating[Any]]

RESULTS = ROOT / "results" / "hank_estimation"


class Case(NamedTuple):
    """An economy, the example that estimates it reduced, its page; how it and its priors are spoken of, and
    beside what.
    """

    full: str
    example: Path
    report: Path
    bound: str
    priors: str
    sample: str
    beside: str

    @property
    def reduced(self) -> str:
        """The economy that is estimated."""
        return f"{self.full}_reduced"

    @property
    def results(self) -> Path:
        """What has been computed."""
        return RESULTS / self.full


CASES = {
    "hank": Case(
        "hank",
        ROOT / "examples" / "us_1990_2007_hank.toml",
        ROOT / "docs" / "hank-estimation.md",
        "without the bound",
        "the priors",
        "1990 to 2007",
        "The published posterior is of 1990 to 2019, the economy with the bound and a shadow rate.",
    ),
    "hank_zlb": Case(
        "hank_zlb",
        ROOT / "examples" / "us_1990_2019_hank_zlb.toml",
        ROOT / "docs" / "hank-zlb-estimation.md",
        "with the bound",
        "the priors, but for `sigma_zeta`,",
        "1990 to 2019",
        "The published posterior has a shadow rate where the bound binds. Its median is in the box of the "
        "surrogate, and outside the part that is certified: there may be no equilibrium.",
    ),
}
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

`{reduced}`, {bound}, with {priors} and measurement errors of Kase, Melosi and Rottner.
{machine}. Written by `python -m benchmarks.hank_estimation {full}`.
"""
US = """## United States, {sample}

`dsge-surrogate estimate examples/{example}`: {evaluations:,} evaluations in {minutes:.1f}
minutes of a processor, mode, tables and figures included; largest R-hat {rhat:.3f}, least effective sample
size {ess:.0f}. Medians, 5 and 95 % quantiles.
{beside}
"""
MOMENTS = """\
Moments in percent, growth a quarter, inflation and the rate a year: of the data, of long simulations
{bound} at the posterior median here and, where the surrogate is certified there, at the published median, and
of the published table, with the bound.
"""
LIKELIHOOD = """## The likelihood

Of the US sample at the posterior median, twisted filter: standard deviation over {replications} repetitions,
and milliseconds of a processor for one parameter vector of {vectors}.
"""
OWN = """## Samples of its own

{samples} samples of {periods} quarters that the full economy simulates at its default parameters, with
measurement error; priors as above, but around the truth. *Inside*: how many 90 % intervals hold the truth.
*Away*: mean and standard deviation over samples of posterior median less truth, in posterior standard
deviations. R-hat at most {rhat:.3f}.
"""


def timed(configuration: Path, output: Path) -> dict[str, Any]:
    """Estimate, or go on with what was interrupted, and what that cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "cli.main", "estimate", str(configuration), "--output", str(output)]
    run([*command, "--processes", "1", *(["--resume"] if output.exists() else [])])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def write_sample(case: Case, number: int) -> Path:
    """Data of the full economy at its default parameters, and their configuration; returns its path."""
    full, generator = load(case.full), np.random.default_rng([SEED, number])
    theta = full.default[None]
    path = full.simulate(theta, generator.standard_normal((BURN_IN + PERIODS, 1, full.n_shocks)))
    names = full.observable_names[:3]
    sample = path.observables[BURN_IN:, 0, :3].astype(float)
    sd = np.sqrt(SHARE_OF_VARIANCE) * sample.std(axis=0, ddof=1)
    quarters = pd.period_range("1984Q1", periods=PERIODS, freq="Q")
    observed = sample + sd * generator.standard_normal(sample.shape)
    folder = case.results / f"sample{number}"
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(observed, quarters, list(names)).to_csv(folder / "data.csv", index_label="date")
    text = configuration(case.reduced, names, sd, particles_of(case), SAMPLER, priors(case))
    (folder / "sample.toml").write_text(text, encoding="utf-8")
    return folder / "sample.toml"


def priors(case: Case) -> str:
    """The example's, around the economy's default parameters."""
    truth = truth_of(case)
    parts = [
        f'[priors.{name}]\ndensity = "{each["density"]}"\nmean = {truth[name]!r}\nsd = {each["sd"]!r}\n'
        for name, each in _settings(case)["priors"].items()
    ]
    return "\n".join(parts)


def truth_of(case: Case) -> dict[str, float]:
    """Default parameters."""
    full = load(case.full)
    return dict(zip(full.parameter_names, full.default.tolist(), strict=True))


def particles_of(case: Case) -> int:
    """As many as the example has."""
    return _settings(case)["likelihood"]["particles"]


def _settings(case: Case) -> dict[str, Any]:
    return tomllib.loads(case.example.read_text(encoding="utf-8"))


def draws_of(configuration: Path, output: Path) -> tuple[tuple[str, ...], Array, pd.DataFrame]:
    """Names, draws [n, n_parameters] and the table of a posterior."""
    results = Estimation.from_toml(configuration).saved_results(output)
    theta = results.chains.theta
    return results.posterior.names, theta.reshape(-1, theta.shape[-1]), results.table


def us_section(case: Case) -> str:
    """Posterior beside the published one, and moments."""
    output, settings = case.results / "us", _settings(case)
    seconds = kept(case.results / "us.json", partial(timed, case.example, output))["seconds"]
    names, draws, table = draws_of(case.example, output)
    spans = np.quantile(draws, QUANTILES, axis=0)
    estimation = Estimation.from_toml(case.example)
    prior = {name: f"{each['mean']:g} ({each['sd']:g})" for name, each in settings["priors"].items()}
    rows = [
        [name, prior[name], "{:.3g} [{:.3g}, {:.3g}]".format(*spans[:, i]), f"{PUBLISHED[name]:g}"]
        for i, name in enumerate(names)
    ]
    medians = dict(zip(names, spans[0].tolist(), strict=True))
    sampler = settings["sampler"]
    head = US.format(
        sample=case.sample,
        example=case.example.name,
        beside=case.beside,
        evaluations=sampler["ensembles"] * sampler["walkers"] * sampler["steps"],
        minutes=seconds / 60,
        rhat=table["R-hat"].max(),
        ess=table[["ESS bulk", "ESS tail"]].to_numpy().min(),
    )
    economy = load(case.reduced)
    theta = np.array([medians[name] for name in economy.parameter_names])
    return "\n\n".join(
        [
            head.strip(),
            markdown_table(["parameter", "prior mean (sd)", "posterior", "published median"], rows),
            MOMENTS.format(bound=case.bound).strip(),
            moment_table(economy, estimation, medians),
            likelihood_section(case, estimation, theta),
        ]
    )


def moment_table(economy: Surrogate, estimation: Estimation, medians: dict[str, float]) -> str:
    """Of the data, and of economies at the posterior `medians` and, if it is inside, at the published
    ones.
    """
    rows = [
        ["data", *_moments(estimation.data.to_numpy(dtype=float)[:, None])],
        ["posterior median", *_moments(_simulated(economy, medians))],
    ]
    if economy.inside(PUBLISHED).all():
        rows += [["published median", *_moments(_simulated(economy, PUBLISHED))]]
    rows += [["published table", *PUBLISHED_MOMENTS]]
    kinds = ("sd", "autocorrelation")
    return markdown_table(
        ["", *(f"{kind} {name}" for kind in kinds for name in economy.observable_names)], rows
    )


def likelihood_section(case: Case, estimation: Estimation, theta: Array) -> str:
    """Precision and cost of the likelihood at parameters [n_parameters]."""
    economy = load(case.reduced)
    data = estimation.data[list(economy.observable_names)].to_numpy(dtype=float)
    sd = np.sqrt(SHARE_OF_VARIANCE) * data.std(axis=0, ddof=1)
    space, generator = StateSpace(economy, economy.observable_names, sd), np.random.default_rng(SEED)
    rows = []
    for particles in sorted({*PARTICLES, particles_of(case)}):
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


def own_section(case: Case, samples: int) -> str:
    """How often and how well the truth is found."""
    truth = truth_of(case)
    inside, away, rhat, names = [], [], [], ()
    for number in range(samples):
        sample = case.results / f"sample{number}" / "sample.toml"
        kept(case.results / f"sample{number}.json", partial(_estimated, case, number))
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


def _estimated(case: Case, number: int) -> dict[str, Any]:
    sample = write_sample(case, number)
    return timed(sample, sample.parent / "estimation")


def _simulated(economy: Surrogate, values: dict[str, float]) -> Array:
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
    parser.add_argument("economy", nargs="?", choices=list(CASES), default="hank")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    told = parser.parse_args()
    case = CASES[told.economy]
    head = HEADER.format(
        reduced=case.reduced, bound=case.bound, priors=case.priors, machine=machine(), full=case.full
    )
    parts = [head.strip(), us_section(case)] + ([own_section(case, told.samples)] if told.samples else [])
    with atomic_path(case.report) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
