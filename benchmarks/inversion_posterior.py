"""The inversion filter's posterior beside the particle filter's with small measurement error.

    python -m benchmarks.inversion_posterior [results]

samples four parameters of `an_schorfheide` on the sample of Herbst and Schorfheide by the inversion filter
and by the twisted particle filter with less and less measurement error, and writes
docs/benchmark-inversion-posterior.md with a figure. Estimations that `results` holds go on from there.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.filters import ROOT, machine
from estimation import Estimation, load_data
from estimation.results import Results
from surrogate import figures, markdown
from surrogate.files import atomic_path
from surrogate.reference.an_schorfheide_linear import THETA_M

REPORT = ROOT / "docs" / "benchmark-inversion-posterior.md"
SERIES = {"output_growth": "YGR", "inflation": "INFL", "interest_rate": "INT"}
PRIORS = {
    "psi1": {"density": "gamma_pdf", "mean": 1.5, "sd": 0.25},
    "rho_r": {"density": "uniform_pdf", "lower": 0.3, "upper": 0.95},
    "sigma_r": {"density": "inv_gamma_pdf", "s": 0.4, "nu": 4.0},
    "sigma_z": {"density": "inv_gamma_pdf", "s": 0.5, "nu": 4.0},
}
PARTICLES = 40
SHARES = (0.2, 0.05)
SAMPLER = {"ensembles": 2, "walkers": 16, "steps": 300, "seed": 1}
HEADER = """# Inversion filter and particle filter

Posteriors of four parameters of `an_schorfheide` on the sample of Herbst and Schorfheide, the other
parameters at theta_m: by the inversion filter, which has no measurement error and starts at the steady state,
and by the twisted particle filter ({particles} particles), whose initial state has its ergodic distribution,
with measurement errors of {shares} of each series' sd.

The smaller the measurement error, the closer should the particle filter's posterior come to the inversion
filter's. `distance` is that of the posterior means, in posterior sd of the inversion filter; `sd ratio` is
the posterior sd over the inversion filter's; `ESS` is the effective number of draws.

{table}

![Posterior densities](benchmark-inversion-posterior.png)

{machine}. Written by `python -m benchmarks.inversion_posterior`.
"""


def run(share: float | None, folder: Path) -> Results:
    """The posterior with measurement errors of a share of each series' sd; without any by inversion."""
    data = load_data("herbst_schorfheide_us", SERIES)
    particles = {"method": "twisted", "particles": PARTICLES}
    fixed = {name: value for name, value in THETA_M.items() if name not in PRIORS}
    estimation = Estimation(
        "an_schorfheide",
        data,
        PRIORS,
        fixed=fixed,
        measurement_error=None if share is None else {"share_of_sd": share},
        likelihood={"method": "inversion"} if share is None else particles,
        sampler=SAMPLER,
    )
    return estimation.sample(folder, resume=folder.exists())


def draws_of(results: Results) -> pd.DataFrame:
    """Draws after the burn-in, one column for each parameter."""
    theta = results.chains.theta
    return pd.DataFrame(theta.reshape(-1, theta.shape[-1]), columns=list(PRIORS))


def draw(posteriors: dict[str, pd.DataFrame]) -> None:
    """A panel for each parameter with a density for each posterior."""
    from scipy.stats import gaussian_kde

    figure, axes = figures.panels(1, len(PRIORS), 2.4, 2.2)
    shades = dict(zip(posteriors, (figures.RED, "#9fbdd6", figures.BLUE), strict=True))
    with figures.styled():
        for panel, name in zip(axes[0], PRIORS, strict=True):
            everything = np.concatenate([draws[name] for draws in posteriors.values()])
            low, high = np.quantile(everything, [0.001, 0.999])
            grid = np.linspace(low, high, 200)
            for label, draws in posteriors.items():
                panel.plot(grid, gaussian_kde(draws[name])(grid), color=shades[label], label=label)
            panel.set_title(name)
            panel.set_yticks([])
        figures.legend(figure, axes[0, 0])
        figures.save(figure, REPORT.with_suffix(".png"))


def main() -> None:
    """Sample, print the table and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=ROOT / "results" / "inversion_posterior")
    folder = parser.parse_args().results
    folder.mkdir(parents=True, exist_ok=True)
    found = {"inversion": run(None, folder / "inversion")}
    for share in SHARES:
        found[f"particles, {share:.0%}"] = run(share, folder / f"particles-{100 * share:.0f}")
    exact, rows = found["inversion"].table, []
    for label, results in found.items():
        for name in PRIORS:
            mean, sd = results.table.loc[name, "mean"], results.table.loc[name, "sd"]
            distance = (mean - exact.loc[name, "mean"]) / exact.loc[name, "sd"]
            ratio = sd / exact.loc[name, "sd"]
            ess = results.table.loc[name, "ESS bulk"]
            rows.append(
                [label, name, f"{mean:.3f}", f"{sd:.3f}", f"{distance:+.2f}", f"{ratio:.2f}", f"{ess:,.0f}"]
            )
    columns = ["likelihood", "parameter", "mean", "sd", "distance", "sd ratio", "ESS bulk"]
    table = markdown.table(columns, rows)
    print(table)
    draw({label: draws_of(results) for label, results in found.items()})
    shares = ", ".join(f"{share:.0%}" for share in SHARES)
    text = HEADER.format(particles=PARTICLES, shares=shares, table=table, machine=machine())
    with atomic_path(REPORT) as path:
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
