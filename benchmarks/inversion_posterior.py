"""The inversion filter's posterior beside the particle filter's with small measurement error.

    python -m benchmarks.inversion_posterior [results]

samples four parameters of `an_schorfheide` on the sample of Herbst and Schorfheide by the inversion filter,
given the steady state and given a presample, weights the latter draws by the twisted particle filter with
less and less measurement error, and writes docs/benchmark-inversion-posterior.md with a figure. Estimations
that `results` holds go on from there.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import gaussian_kde

from benchmarks.filter_cases import ROOT, machine
from estimation import Estimation, load_data
from estimation.filters import TwistedFilter
from estimation.filters.state_space import StateSpace
from surrogate.house import figures
from surrogate.house.files import atomic_path
from surrogate.reference.an_schorfheide_linear import THETA_M

Array = NDArray[np.floating]

REPORT = ROOT / "docs" / "benchmark-inversion-posterior.md"
SERIES = {"output_growth": "YGR", "inflation": "INFL", "interest_rate": "INT"}
PRIORS = {
    "psi1": {"density": "gamma_pdf", "mean": 1.5, "sd": 0.25},
    "rho_r": {"density": "uniform_pdf", "lower": 0.3, "upper": 0.95},
    "sigma_r": {"density": "inv_gamma_pdf", "s": 0.4, "nu": 4.0},
    "sigma_z": {"density": "inv_gamma_pdf", "s": 0.5, "nu": 4.0},
}
PRESAMPLE = 8
SHARES = (0.2, 0.1, 0.05)
PARTICLES, VECTORS, DRAWS, SEED = 100, 32, 2_000, 1
SAMPLER = {"ensembles": 2, "walkers": 16, "steps": 400, "seed": SEED}
HEADER = """# Inversion filter and particle filter

Posteriors of four parameters of `an_schorfheide` on the sample of Herbst and Schorfheide, the other
parameters at theta_m.

- `inversion, from the steady state`: the inversion filter as it is, without measurement error. Its initial
  state is the steady state, where the economy was not in 1983: the shocks of the first quarters have to
  bring it there, and the likelihood counts them.
- `inversion`: the same with `presample = {presample}`, so that the likelihood is conditional on the first
  {presample} quarters.
- `particles`: the twisted particle filter ({particles} particles), whose initial state has its ergodic
  distribution, with measurement errors of a share of each series' sd; conditional on the same {presample}
  quarters as the ratio of two likelihoods. {draws:,} draws of `inversion` are weighted by it.

`ESS` is the least bulk effective sample size of the chains, for `particles` times the share of it that the
weights leave. The smaller the measurement error, the closer the particle filter's posterior should come to
the inversion filter's; that from the steady state rests on {presample} quarters more. `distance` is that of
the posterior means, in posterior sd of `inversion`; `sd ratio` is the posterior sd over that of `inversion`.

{table}

![Posterior densities](benchmark-inversion-posterior.png)

{machine}. Written by `python -m benchmarks.inversion_posterior`.
"""


class Weighted(NamedTuple):
    """Draws [n, 4] of a posterior with weights [n] that sum to one, and how many draws they are worth."""

    draws: Array
    weights: Array
    effective_sample_size: float

    @property
    def mean(self) -> Array:
        """Posterior means [4]."""
        return self.weights @ self.draws

    @property
    def sd(self) -> Array:
        """Posterior standard deviations [4]."""
        return np.sqrt(self.weights @ np.square(self.draws - self.mean))


def sample() -> pd.DataFrame:
    """Three series of 80 quarters."""
    return load_data("herbst_schorfheide_us", SERIES)


def estimation(presample: int) -> Estimation:
    """The estimation by the inversion filter."""
    fixed = {name: value for name, value in THETA_M.items() if name not in PRIORS}
    likelihood = {"method": "inversion", "presample": presample}
    return Estimation("an_schorfheide", sample(), PRIORS, fixed=fixed, likelihood=likelihood, sampler=SAMPLER)


def inverted(presample: int, folder: Path) -> Weighted:
    """The posterior by the inversion filter, sampled."""
    results = estimation(presample).sample(folder, resume=folder.exists())
    theta = results.chains.theta.reshape(-1, len(PRIORS))
    draws = theta[np.linspace(0, len(theta) - 1, min(DRAWS, len(theta))).astype(int)]
    size = results.table["ESS bulk"].to_numpy(dtype=float).min()
    return Weighted(draws, np.full(len(draws), 1 / len(draws)), size)


def filtered(draws: Array, share: float) -> Array:
    """Log likelihood [n] by the particle filter, of the sample after its first quarters given these."""
    data, posterior = sample(), estimation(PRESAMPLE).posterior
    space = StateSpace(posterior.surrogate, list(SERIES), share * data.std().to_numpy())
    particle_filter, generator = TwistedFilter(space, PARTICLES), np.random.default_rng(SEED)

    def log_p(rows: Array, periods: int) -> Array:
        return particle_filter.log_likelihood(rows, data.to_numpy()[:periods], generator)

    blocks = np.array_split(posterior.parameters(draws), -(-len(draws) // VECTORS))
    return np.concatenate([log_p(rows, len(data)) - log_p(rows, PRESAMPLE) for rows in blocks])


def weighted(exact: Weighted, share: float) -> Weighted:
    """The posterior by the particle filter, from draws of the inversion filter's; priors are the same."""
    by_inversion = estimation(PRESAMPLE).posterior.log_likelihood(exact.draws)
    log_weights = filtered(exact.draws, share) - by_inversion
    weights = softmax(log_weights)
    return Weighted(exact.draws, weights, exact.effective_sample_size / len(weights) / np.sum(weights**2))


def draw(posteriors: Mapping[str, Weighted]) -> None:
    """A panel for each parameter with a density for each posterior."""
    figure, axes = figures.panels(1, len(PRIORS), 2.4, 2.2)
    shades = (figures.GRAY, figures.RED, "#cddcea", "#9fbdd6", figures.BLUE)
    with figures.styled():
        for column, (panel, name) in enumerate(zip(axes[0], PRIORS, strict=True)):
            everything = np.concatenate([posterior.draws[:, column] for posterior in posteriors.values()])
            low, high = np.quantile(everything, [0.001, 0.999])
            grid = np.linspace(low, high, 200)
            for (label, posterior), shade in zip(posteriors.items(), shades, strict=True):
                density = gaussian_kde(posterior.draws[:, column], weights=posterior.weights)
                panel.plot(grid, density(grid), color=shade, label=label)
            panel.set_title(name)
            panel.set_yticks([])
        figures.legend(figure, axes[0, 0])
        figures.save(figure, REPORT.with_suffix(".png"))


def rows(posteriors: Mapping[str, Weighted], exact: Weighted) -> list[list[str]]:
    """The table's rows: each posterior's parameters against those of `exact`."""
    return [
        [
            label,
            name,
            f"{posterior.mean[k]:.3f}",
            f"{posterior.sd[k]:.3f}",
            f"{(posterior.mean[k] - exact.mean[k]) / exact.sd[k]:+.2f}",
            f"{posterior.sd[k] / exact.sd[k]:.2f}",
            f"{posterior.effective_sample_size:,.0f}",
        ]
        for label, posterior in posteriors.items()
        for k, name in enumerate(PRIORS)
    ]


def main() -> None:
    """Sample, print the table and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=ROOT / "results" / "inversion_posterior")
    folder = parser.parse_args().results
    folder.mkdir(parents=True, exist_ok=True)
    resting = inverted(0, folder / "inversion-0")
    exact = inverted(PRESAMPLE, folder / f"inversion-{PRESAMPLE}")
    posteriors = {"inversion, from the steady state": resting, "inversion": exact}
    posteriors |= {f"particles, {share:.0%}": weighted(exact, share) for share in SHARES}
    columns = ["likelihood", "parameter", "mean", "sd", "distance", "sd ratio", "ESS"]
    table = figures.markdown_table(columns, rows(posteriors, exact))
    print(table)
    draw(posteriors)
    text = HEADER.format(
        presample=PRESAMPLE, particles=PARTICLES, draws=len(exact.draws), table=table, machine=machine()
    )
    with atomic_path(REPORT) as path:
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
