"""Do posteriors hold the truth as often as they say, and is the particle filter's the exact one?

    python -m benchmarks.coverage [results] [--only NAME ...] [--processes N]

runs simulation-based calibration of two economies by every likelihood method, compares the posteriors of one
sample, and writes docs/coverage.md with two figures: of all that `results` holds, which is not run again.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.filter_cases import ROOT
from benchmarks.kept import kept
from estimation import Estimation
from estimation.calibration import (
    CalibrationSettings,
    Experiment,
    Replication,
    Shares,
    calibrate,
    coverage,
    saved_replications,
    shares_below_truth,
    so_far,
    uniformity,
    worst_p,
)
from estimation.calibration.experiment import learnt_posterior
from estimation.calibration.ranks import TESTS, draw_coverage, draw_difference
from estimation.sampling.mode import PriorCoordinates, find_mode
from estimation.sampling.posterior import Posterior
from surrogate.house import figures
from surrogate.house.files import atomic_path

REPORT = ROOT / "docs" / "coverage.md"
PERIODS = 40
CALLS = 1000
"""Of the particle filter, to learn one likelihood."""
SETTINGS = {"draws": 40, "steps": 60}
GRID = np.linspace(-5.5, 5.5, 45)
"""Quadrature points on each axis, in standard deviations of a normal approximation."""


@dataclass(frozen=True)
class Design:
    """An economy, what of it is seen with which measurement sd, and priors as `[priors]` has them."""

    surrogate: str
    measurement_sd: Mapping[str, float]
    priors: Mapping[str, Mapping[str, Any]]


DESIGNS = {
    "brock_mirman": Design(
        "brock_mirman",
        {"log_output": 0.005, "consumption_growth": 0.5},
        {
            "alpha": {"density": "beta_pdf", "mean": 0.35, "sd": 0.03},
            "rho": {"density": "beta_pdf", "mean": 0.85, "sd": 0.05},
            "sigma": {"density": "inv_gamma_pdf", "mean": 0.015, "sd": 0.004},
        },
    ),
    "nk_linear": Design(
        "nk_linear",
        {"output_gap": 0.1, "inflation": 0.2, "interest_rate": 0.3},
        {
            "phi": {"density": "beta_pdf", "mean": 0.7, "sd": 0.04},
            "rho_a": {"density": "beta_pdf", "mean": 0.88, "sd": 0.02},
            "sigma_a": {"density": "inv_gamma_pdf", "mean": 0.05, "sd": 0.01},
        },
    ),
}


class HalvedError(Experiment):
    """A mistake made on purpose: posteriors take measurement errors to be half of what they are."""

    def posterior(self, data: pd.DataFrame) -> Posterior:
        """The wrong posterior of simulated data."""
        known: Mapping[str, float] = self.settings["measurement_error"]["sd"]
        halved = {"sd": {name: sd / 2 for name, sd in known.items()}}
        settings = {**self.settings, "measurement_error": halved}
        return Estimation(self.surrogate, data, **settings).posterior


class Learnt(Experiment):
    """Learns the likelihood of each simulated sample from calls of the filter in `settings`."""

    def posterior(self, data: pd.DataFrame) -> Posterior:
        """The posterior by a surrogate of the likelihood of simulated data."""
        return learnt_posterior(self.surrogate, data, self.settings, self.settings["likelihood"], CALLS)


@dataclass(frozen=True)
class Method:
    """A likelihood method, how often it is tried, and the experiment that it is tried in."""

    title: str
    likelihood: Mapping[str, Any]
    replications: int
    experiment: type[Experiment] = Experiment


METHODS = {
    "kalman": Method("Kalman filter", {"method": "kalman"}, 200),
    "twisted": Method("particle filter, twisted, 10 particles", {"method": "twisted", "particles": 10}, 120),
    "learnt": Method(
        f"surrogate of the likelihood, {CALLS} calls of that filter",
        {"method": "twisted", "particles": 10},
        60,
        Learnt,
    ),
    "mistaken": Method(
        "Kalman filter, half the measurement error: a mistake made on purpose",
        {"method": "kalman"},
        60,
        HalvedError,
    ),
}
PROCESSES = 2
COMPARISON = "comparison"
COMPARED = {"method": "twisted", "particles": 10}
SAMPLER = {"ensembles": 2, "walkers": 64, "steps": 800, "seed": 1}
HEADER = f"""# Coverage

[Simulation-based calibration](calibration.md) of two economies whose likelihood is known exactly, with three
free parameters and {PERIODS} quarters of data with measurement error. *Worst p*: the smallest p value of the
tests of each parameter and of the log likelihood, multiplied by their number: below .05 ranks are not
uniform. *90 %*: how often the central 90 % interval holds the truth; *band*: where that lies with a
probability of 95 % if the posterior is right.

"""
FIGURES = """
Distribution functions of the share of the posterior below the truth, less that of a uniform one. The band
holds all of it with a probability of 95 %; a line that leaves it is red.

![Distribution functions of ranks](coverage-ranks.png)

Expected coverage: how often central intervals of each credibility hold the truth.

![Expected coverage](coverage-intervals.png)

"""
COMPARED_HEADER = """## The particle filter's posterior beside the exact one

One sample of each economy. *Exact*: by quadrature of the Kalman filter's likelihood. The particle filter's
posterior: its mean less the exact one in exact posterior standard deviations, and its sd over the exact one.
After ± the Monte Carlo standard error, one over the root of the effective sample size, or of twice that.

"""


def experiment(name: str, method: Method) -> Experiment:
    """The calibration of one economy by one method."""
    names = list(DESIGNS[name].measurement_sd)
    quarters = pd.period_range("2000Q1", periods=PERIODS, freq="Q")
    dates = pd.DataFrame(np.random.default_rng(0).standard_normal((PERIODS, len(names))), quarters, names)
    return method.experiment(**_settings(name, method), data=dates)


def run(name: str, label: str, results: Path, processes: int) -> None:
    """Calibrate one economy by one method; replications that `results` holds are not run again."""
    method, folder = METHODS[label], _folder(results, name, label)
    settings = CalibrationSettings(replications=method.replications, **SETTINGS)

    def show(done: list[Replication]) -> None:
        if len(done) % 20 == 0:
            print(f"{name}, {label}: {len(done)} of {method.replications}, {so_far(done)}", flush=True)

    calibrate(experiment(name, method), settings, folder, processes, folder.exists(), show)


def found_in(results: Path) -> dict[tuple[str, str], Shares]:
    """Ranks by economy and method, as far as `results` holds them."""
    cells = [(name, label) for name in DESIGNS for label in METHODS]
    return {
        cell: shares_below_truth(saved_replications(_folder(results, *cell)))
        for cell in cells
        if _folder(results, *cell).exists()
    }


def comparison(name: str) -> dict[str, dict[str, float]]:
    """Parameter -> exact mean and sd, the particle filter's mean less the exact one in exact sds, its sd
    over the exact one, and its effective sample size, on one simulated sample.
    """
    exact, noisy = METHODS["kalman"], Method("", COMPARED, 0)
    simulator = experiment(name, exact)
    means = np.array([prior.mean for prior in simulator.estimation.posterior.priors.priors.values()])
    data = simulator.simulate(means, np.random.default_rng(0))
    mean, sd = quadrature(simulator.posterior(data))
    table = Estimation(**_settings(name, noisy), data=data).sample(processes=PROCESSES).table
    return {
        parameter: {
            "exact mean": float(mean[i]),
            "exact sd": float(sd[i]),
            "difference": float((table.loc[parameter, "mean"] - mean[i]) / sd[i]),
            "ratio": float(table.loc[parameter, "sd"] / sd[i]),
            "ESS": float(table.loc[parameter, "ESS bulk"]),
        }
        for i, parameter in enumerate(table.index)
    }


def quadrature(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means and sds [n] on a grid around the mode, in coordinates in which the prior is normal."""
    mode, coordinates = find_mode(posterior), PriorCoordinates(posterior)
    axes = np.meshgrid(*[GRID] * posterior.n_free, indexing="ij")
    steps = np.stack([axis.ravel() for axis in axes], axis=1)
    z = mode.centre + steps @ np.linalg.cholesky(mode.covariance).T
    density = coordinates.log_density(z)
    weights = np.exp(density - density.max())
    theta = coordinates.theta(z)
    mean = np.average(theta, axis=0, weights=weights)
    return mean, np.sqrt(np.average((theta - mean) ** 2, axis=0, weights=weights))


def summary(found: Mapping[tuple[str, str], Shares]) -> str:
    """One row for each economy and method, in Markdown."""
    rows = []
    for (name, label), shares in found.items():
        level = coverage(shares)["90%"]
        low, high = level["band, low"], level["band, high"]
        each = ", ".join(f"{quantity} {level[quantity]:.2f}" for quantity in shares.names)
        p = f"{worst_p(uniformity(shares)):.2g}"
        replications = str(len(shares.values))
        rows.append([name, METHODS[label].title, replications, p, each, f"{low:.2f} to {high:.2f}"])
    return (
        figures.markdown_table(["economy", "likelihood", "replications", "worst p", "90 %", "band"], rows)
        + "\n"
    )


def p_values(found: Mapping[tuple[str, str], Shares]) -> str:
    """Each test of each quantity, in Markdown."""
    rows = [
        [name, METHODS[label].title, str(quantity), *(f"{p:.2g}" for p in row)]
        for (name, label), shares in found.items()
        for quantity, row in zip(shares.names, uniformity(shares).to_numpy(), strict=True)
    ]
    return figures.markdown_table(["economy", "likelihood", "quantity", *TESTS], rows) + "\n"


def draw(found: Mapping[tuple[str, str], Shares], folder: Path) -> None:
    """Write both figures: a row for each economy and method, a column for each quantity."""
    for file, panel_of in {"ranks": draw_difference, "intervals": draw_coverage}.items():
        columns = max(len(shares.names) for shares in found.values())
        figure, grid = figures.panels(len(found), columns, 2.2, 1.6)
        for row, ((name, label), shares) in zip(grid, found.items(), strict=True):
            for panel, quantity, values in zip(row, shares.names, shares.values.T, strict=True):
                panel_of(panel, values)
                panel.set_title(quantity, fontsize=8)
            row[0].set_ylabel(f"{name}\n{label}", fontsize=8)
        figures.save(figure, folder / f"coverage-{file}.png")


def beside_the_exact_one(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Both posteriors, one row for each parameter, in Markdown."""
    rows = []
    for name, parameters in found.items():
        for parameter, v in parameters.items():
            error = v["ESS"] ** -0.5
            difference = f"{v['difference']:+.3f} ± {error:.3f}"
            ratio = f"{v['ratio']:.3f} ± {error / 2**0.5:.3f}"
            rows.append(
                [
                    name,
                    parameter,
                    f"{v['exact mean']:.4g}",
                    f"{v['exact sd']:.3g}",
                    difference,
                    ratio,
                    f"{v['ESS']:.0f}",
                ]
            )
    columns = ["economy", "parameter", "exact mean", "exact sd", "mean, difference in sd", "sd, ratio", "ESS"]
    return figures.markdown_table(columns, rows) + "\n"


def _settings(name: str, method: Method) -> dict[str, Any]:
    """What :class:`estimation.Estimation` takes, apart from the data."""
    design = DESIGNS[name]
    return {
        "surrogate": design.surrogate,
        "priors": design.priors,
        "measurement_error": {"sd": dict(design.measurement_sd)},
        "likelihood": dict(method.likelihood),
        "sampler": SAMPLER,
    }


def _folder(results: Path, name: str, label: str) -> Path:
    return results / "coverage" / f"{name}_{label}"


def main(results: Path, only: Sequence[str], processes: int) -> None:
    """Run what is missing of `only`, print and write the report of all that `results` holds."""
    compared = {}
    for name in DESIGNS:
        for label in only:
            if label in METHODS:
                run(name, label, results, processes)
        file = results / "coverage" / f"{name}_comparison.json"
        if COMPARISON in only or file.exists():
            compared[name] = kept(file, lambda name=name: comparison(name))
    found = found_in(results)
    draw(found, REPORT.parent)
    parts = [HEADER, summary(found), FIGURES]
    if compared:
        parts += [COMPARED_HEADER, beside_the_exact_one(compared)]
    parts += ["\n## All tests\n\n", p_values(found), "\nWritten by `python -m benchmarks.coverage`.\n"]
    with atomic_path(REPORT) as path:
        path.write_text("".join(parts), encoding="utf-8")
    print("".join(parts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path, nargs="?", default=ROOT / "results")
    parser.add_argument("--only", nargs="+", choices=[*METHODS, COMPARISON], default=[*METHODS, COMPARISON])
    parser.add_argument("--processes", type=int, default=PROCESSES)
    given = parser.parse_args()
    main(given.results, given.only, given.processes)
