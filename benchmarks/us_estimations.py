"""The two US estimations, beside those of the linearised economy and the published one.

    python -m benchmarks.us_estimations results

runs `dsge-surrogate estimate` on both examples, samples the linearised economy with the same data, priors
and sampler by the exact Kalman likelihood, and writes docs/us-estimations.md. What `results` already holds
of a finished run is not run again.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import existence
from benchmarks.filters import ROOT
from estimation import Estimation
from estimation.config import read_toml
from estimation.filters.kalman_recursion import kalman_filter
from estimation.first_order import LinearEconomies, long_run
from estimation.posterior import Posterior
from surrogate import markdown
from surrogate.errors import SurrogateError
from surrogate.files import atomic_path
from surrogate.reference import an_schorfheide_linear, kalman

REPORT = ROOT / "docs" / "us-estimations.md"
EXAMPLES = {
    "herbst_schorfheide": "Herbst and Schorfheide's sample, 1983Q1 to 2002Q4, without a bound",
    "us_1984_2019_zlb": "1984Q1 to 2019Q4, with the zero lower bound",
}
PUBLISHED = {
    "herbst_schorfheide": {
        "tau": 2.8,
        "kappa": 0.8,
        "psi1": 1.8,
        "psi2": 0.6,
        "rho_r": 0.77,
        "rho_g": 0.98,
        "rho_z": 0.88,
    }
}
"""Posterior means of the linear model, without measurement error, in Herbst and Schorfheide (2015)."""
EXACT = "linear, hardly any measurement error"
TINY = 0.01
"""Measurement sd as a share of each series' sd that stands for none."""
PROCESSES = 2
HEADER = """# Two US estimations

Posterior means with 90 % highest-density intervals. *Nonlinear*: the examples as they ship, by particle
filter on the surrogate. *Linear*: the same data, priors, measurement error, box and sampler with the
linearised economy, whose likelihood the Kalman filter gives exactly; it has no bound. *Difference in sd*: of
the means, in posterior standard deviations of the linear economy. *Published*: posterior means of the linear
model in Herbst and Schorfheide (2015).

Written by `python -m benchmarks.us_estimations RESULTS`.
"""
REMARKS = {
    "herbst_schorfheide": """\
The nonlinear posterior is the linear one's to within half a posterior standard deviation. The likelihoods
differ by .3 at theta_m (docs/reference-likelihood.md), and that is the economy's curvature, not an error of
the network. What is left between both and the published means, a tau nearer to its prior mean of 2 and a
rho_z above .9, is therefore neither nonlinearity nor the particle filter. Leaving out the measurement
error, which the book adds only for its particle filter, moves tau and rho_z little. rho_g leans on the end
of its box, which is nearly that of its prior, one.
""",
    "us_1984_2019_zlb": """\
The bound and the curvature move psi1, psi2, rho_r, pi_a and sigma_r by half a linear posterior standard
deviation to .7, the rest by less. Where collocation finds no equilibrium, the estimate rests on the
network's policy at states where the equations cannot hold: read it as that of an economy in which nobody
expects growth to fall so far. The impulse rho_r log(R_-1 / R_ss) + eps_r reaches 4.5 standard deviations
in these grids, 5 with the bound, whatever growth does. rho_g leans on the end of its box here too.
""",
}


class KalmanLikelihood:
    """The exact likelihood of the linearised economy, which has no bound, on observations [T, 3]."""

    def __init__(self, observations: np.ndarray, measurement_sd: np.ndarray) -> None:
        self.observations, self.measurement_sd = observations, measurement_sd

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See `estimation.likelihood.Likelihood`; minus infinity without a unique stable equilibrium."""
        models = [self._model(row) for row in parameters]
        values = np.full(len(models), -np.inf)
        solved = [i for i, model in enumerate(models) if model is not None]
        if solved:
            economies = stacked([model for model in models if model is not None])
            sd = np.broadcast_to(self.measurement_sd, (len(solved), len(self.measurement_sd)))
            stretches = kalman_filter(economies, long_run(economies), self.observations, sd)
            values[solved] = sum(stretch.log_density for stretch in stretches)
        return values

    def _model(self, values: np.ndarray) -> kalman.LinearStateSpace | None:
        calibration = dict(zip(an_schorfheide_linear.PARAMETER_NAMES, values.tolist(), strict=True))
        try:
            model = an_schorfheide_linear.state_space(calibration, self.measurement_sd)
            model.stationary_distribution()
        except SurrogateError:
            return None
        return model


def stacked(models: Sequence[kalman.LinearStateSpace]) -> LinearEconomies:
    """Linear state spaces side by side."""
    constants = [np.broadcast_to(model.state_constant, len(model.transition)) for model in models]
    names = LinearEconomies._fields[1:]
    return LinearEconomies(
        np.stack(constants), *(np.stack([getattr(model, name) for model in models]) for name in names)
    )


def linearised(configuration: Path, share_of_sd: float | None = None) -> Estimation:
    """The estimation in a file with the linearised economy in the surrogate's place, box and priors
    the same; perhaps with measurement errors of another size.
    """
    settings = read_toml(configuration)
    if share_of_sd is not None:
        settings["measurement_error"] = {"share_of_sd": share_of_sd}
    estimation = Estimation(**settings)
    posterior = estimation.posterior
    if posterior.measurement is None:
        raise SurrogateError(f"{configuration} has no measurement error.")
    likelihood = KalmanLikelihood(estimation.data.to_numpy(), posterior.measurement.sd)
    estimation.posterior = Posterior(
        estimation.surrogate, likelihood, posterior.priors, posterior.fixed, posterior.measurement
    )
    return estimation


def sampled(name: str, results: Path) -> dict[str, pd.DataFrame]:
    """Posterior tables of both economies, and of the linear one without measurement error where there is a
    published posterior to compare it with.
    """
    configuration = ROOT / "examples" / f"{name}.toml"
    nonlinear = results / name
    if not (nonlinear / "posterior.csv").exists():
        command = [
            sys.executable,
            "-m",
            "cli.main",
            "estimate",
            str(configuration),
            "--output",
            str(nonlinear),
        ]
        subprocess.run([*command, "--processes", str(PROCESSES)], cwd=ROOT, check=True)
    folders = {"nonlinear": nonlinear, "linear": results / f"{name}_linear"}
    shares: dict[str, float | None] = {"linear": None}
    if name in PUBLISHED:
        folders[EXACT], shares[EXACT] = results / f"{name}_linear_exact", TINY
    for label, share in shares.items():
        if not (folders[label] / "posterior.csv").exists():
            linearised(configuration, share).run(folders[label], processes=PROCESSES, plots=False)
    return {label: pd.read_csv(folder / "posterior.csv", index_col=0) for label, folder in folders.items()}


def comparison(tables: dict[str, pd.DataFrame], published: dict[str, float]) -> pd.DataFrame:
    """Posterior means with 90 % intervals, their difference in linear posterior sds, and the sampler's
    diagnostics.
    """
    nonlinear, linear = tables["nonlinear"], tables["linear"]
    columns = {
        label: [
            f"{row['mean']:.3f} [{row['HDI low']:.3f}, {row['HDI high']:.3f}]" for _, row in table.iterrows()
        ]
        for label, table in tables.items()
    }
    columns["difference in sd"] = [f"{d:+.2f}" for d in (nonlinear["mean"] - linear["mean"]) / linear["sd"]]
    if published:
        columns["published"] = [f"{published[n]:g}" if n in published else "" for n in nonlinear.index]
    columns["ESS"] = [f"{value:.0f}" for value in nonlinear["ESS bulk"]]
    columns["R-hat"] = [f"{value:.3f}" for value in nonlinear["R-hat"]]
    return pd.DataFrame(columns, index=nonlinear.index)


def equilibria(title: str, parameters: dict[str, float]) -> str:
    """Whether collocation finds an equilibrium at `parameters`, in Markdown."""
    rows = []
    for name, widths in {"an_schorfheide": (2.0, 4.5), "an_schorfheide_zlb": (1.0, 2.0)}.items():
        for width in widths:
            try:
                existence.solve(name, parameters, width)
                outcome = "exists"
            except SurrogateError as error:
                outcome = str(error).rpartition(":")[2].strip(" .")
            rows.append([name, f"{width:g} sd", outcome])
    return f"Equilibrium at {title}:\n\n{markdown.table(['economy', 'growth within', 'collocation'], rows)}\n"


def main(results: Path) -> None:
    """Estimate what is missing, print and write the report."""
    parts = [HEADER]
    for name, title in EXAMPLES.items():
        tables = sampled(name, results)
        found = comparison(tables, PUBLISHED.get(name, {}))
        mean = tables["nonlinear"]["mean"].to_dict()
        parts += [f"## {title}\n\n{as_rows(found)}\n", equilibria("the posterior mean", mean), REMARKS[name]]
    text = "\n".join(parts)
    print(text)
    with atomic_path(REPORT) as path:
        path.write_text(text, encoding="utf-8")


def as_rows(table: pd.DataFrame) -> str:
    """A table of texts in Markdown."""
    rows = [[str(name), *map(str, row)] for name, row in zip(table.index, table.to_numpy(), strict=True)]
    return markdown.table(["parameter", *table.columns], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    main(parser.parse_args().results)
