"""What moments of wealth say about an economy's parameters: tables of docs/simulated-moments.md.

    OMP_NUM_THREADS=1 python -m benchmarks.wealth_moments

prints, for examples/krusell_smith_moments.toml, each moment of the US data and the nearest to it that the
economy comes anywhere in the ranges of the free parameters, one by one and all together; and, for
examples/olg_moments.toml, by how many of its standard deviations across samples each moment moves from one
end of a parameter's range to the other, and the standard errors that all moments together allow. Three
minutes of a processor.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from benchmarks.filter_cases import ROOT
from estimation import load_data
from estimation.moments import SimulatedMoments
from examples.olg_sample import TRUTH
from surrogate import Surrogate, load
from surrogate.house.figures import markdown_table

Array = NDArray[np.float64]
EXAMPLES = ROOT / "examples"
LOG2_DRAWS, SEED = 9, 0
"""Sobol's, of the free parameters; corners of the box are looked at as well."""
ROUNDS, CLOSER, REACH = 3, 32, 0.08
"""Of a closer look around the nearest: economies, and their distance in ranges, halved each time."""
SAMPLES, STEP = 100, 0.02
"""Simulated samples at each vector, and half the distance between two as a share of a parameter's range."""
KNOWN = "alpha"
"""Of `olg`: the share of capital is observed, or is to be estimated as well."""


def moments_of(name: str, replications: int | None = None) -> tuple[SimulatedMoments, dict[str, Any]]:
    """The moments of an example, with sampling errors alone, and its configuration."""
    configuration = tomllib.loads((EXAMPLES / f"{name}_moments.toml").read_text(encoding="utf-8"))
    given, settings = configuration["data"], configuration["likelihood"]
    file = EXAMPLES / given["file"]
    data = load_data(file if file.exists() else given["file"], given["columns"])
    data = data.loc[given.get("start") : given.get("end")]
    ours = {key: settings[key] for key in ("burn_in", "detrend", "paths") if key in settings}
    count = replications or settings["replications"]
    if "paths" in ours:
        ours["paths"] = count
    return SimulatedMoments(load(name), data, settings["moments"], replications=count, **ours), configuration


def places(economy: Surrogate, fixed: dict[str, float]) -> Array:
    """Parameter vectors [n, p] all over the ranges of those that are not fixed, and at their ends."""
    free = [k for k, name in enumerate(economy.parameter_names) if name not in fixed]
    inside = qmc.Sobol(len(free), rng=SEED).random_base2(LOG2_DRAWS)
    ends = np.indices((2,) * len(free)).reshape(len(free), -1).T
    theta = np.repeat(economy.parameter_array(fixed), len(inside) + len(ends), axis=0).astype(float)
    lower, width = economy.lower[free], (economy.upper - economy.lower)[free]
    theta[:, free] = lower + width * np.concatenate([inside, ends])
    return theta


class Looked(NamedTuple):
    """Economies that were looked at: parameters [n, p], moments [n, n_moments], and how far these are from
    those of the data, in standard errors.
    """

    theta: Array
    values: Array
    gaps: Array

    @property
    def nearest(self) -> NDArray[np.intp]:
        """The economy that comes nearest to each moment [n_moments], and the one nearest to all together."""
        return np.append(np.abs(self.gaps).argmin(axis=0), (self.gaps**2).sum(axis=1).argmin())


def looked_at(moments: SimulatedMoments, theta: Array, fixed: dict[str, float]) -> Looked:
    """Economies at `theta` [n, p], and more and more of them around those that come nearest."""
    economy, generator = moments.surrogate, np.random.default_rng(SEED)
    width = np.where(np.isin(economy.parameter_names, list(fixed)), 0.0, economy.upper - economy.lower)
    looked = looked_only_at(moments, theta)
    for number in range(ROUNDS):
        best = looked.theta[looked.nearest]
        moves = REACH / 2**number * width * generator.standard_normal((CLOSER, *best.shape))
        closer = np.clip(best + moves, economy.lower, economy.upper).reshape(-1, theta.shape[1])
        looked = Looked(*map(np.concatenate, zip(looked, looked_only_at(moments, closer), strict=True)))
    return looked


def looked_only_at(moments: SimulatedMoments, theta: Array) -> Looked:
    """Economies at `theta` [n, p]."""
    values = moments.simulated_moments(theta)
    return Looked(theta, values, (values - moments.target) / moments.standard_errors)


def reached(moments: SimulatedMoments, looked: Looked) -> str:
    """Each moment: data, standard error, and the nearest that an economy comes."""
    nearest = looked.values[looked.nearest[:-1], np.arange(len(moments.names))]
    columns = (moments.target, moments.standard_errors, nearest)
    rows = [
        (f"`{name}`", *(f"{value:.4f}" for value in figures))
        for name, *figures in zip(moments.names, *columns, strict=True)
    ]
    return markdown_table(("moment", "data", "standard error", "nearest"), rows)


def all_together(moments: SimulatedMoments, looked: Looked) -> str:
    """Where all moments come nearest, and how near."""
    best = looked.nearest[-1]
    where = named(moments.surrogate.parameter_names, looked.theta[best])
    return f"All together: a squared distance of {(looked.gaps[best] ** 2).sum():.0f} at {where}."


def named(names: Iterable[str], values: Iterable[float]) -> str:
    """Parameters in words."""
    return ", ".join(f"{name} {value:.3g}" for name, value in zip(names, values, strict=True))


def derivatives(moments: SimulatedMoments, theta: Array) -> Array:
    """Of the moments by the parameters at `theta` [p], in ranges of the parameters: [n_moments, p]."""
    economy = moments.surrogate
    moved = STEP * np.diag(economy.upper - economy.lower)
    up, down = np.split(moments.simulated_moments(np.concatenate([theta + moved, theta - moved])), 2)
    return (up - down).T / (2 * STEP)


def standard_errors(slopes: Array, covariance: Array, ranges: Array) -> Array:
    """Of the parameters [p] under optimal weights, noise of the simulation left out."""
    information = slopes.T @ np.linalg.solve(covariance, slopes)
    return ranges * np.sqrt(np.diag(np.linalg.inv(information)))


def effects(moments: SimulatedMoments, theta: Array, slopes: Array, covariance: Array) -> str:
    """Each moment of an economy at `theta` [p]: what parameters do to it, its mean and standard deviation."""
    level, spread = moments.simulated_moments(theta[None])[0], np.sqrt(np.diag(covariance))
    columns = (slopes / spread[:, None], level, spread)
    rows = [
        (f"`{name}`", *(f"{each:.3g}" for each in moves), f"{mean:.4f}", f"{sd:.2g}")
        for name, moves, mean, sd in zip(moments.names, *columns, strict=True)
    ]
    names = (f"`{name}`" for name in moments.surrogate.parameter_names)
    return markdown_table(("moment", *names, "mean", "sd"), rows)


def told(moments: SimulatedMoments, slopes: Array, covariance: Array) -> str:
    """Standard errors of all parameters, and where `KNOWN` is known."""
    economy, names = moments.surrogate, np.array(moments.surrogate.parameter_names)
    ranges, free = economy.upper - economy.lower, names != KNOWN
    few, every = (standard_errors(slopes[:, k], covariance, ranges[k]) for k in (free, free | True))
    return (
        f"Standard errors, {KNOWN} known: {named(names[free], few)}; to be estimated: {named(names, every)}."
    )


def cost(moments: SimulatedMoments, theta: Array) -> str:
    """Of a processor, for each of a batch of parameter vectors [n, p]."""
    started = time.process_time()
    moments.simulated_moments(theta)
    seconds = (time.process_time() - started) / len(theta)
    return f"{seconds:.3f} seconds of a processor a vector, in a batch of {len(theta)}."


def main() -> None:
    """Print all."""
    moments, configuration = moments_of("krusell_smith")
    fixed, walkers = configuration["fixed"], configuration["sampler"]["walkers"]
    theta = places(moments.surrogate, fixed)
    looked = looked_at(moments, theta, fixed)
    print(reached(moments, looked), all_together(moments, looked), sep="\n\n")
    print(cost(moments, theta[:walkers]), "\n", flush=True)
    moments, configuration = moments_of("olg", SAMPLES)
    theta = moments.surrogate.parameter_array(TRUTH)[0]
    slopes, covariance = derivatives(moments, theta), moments.simulated_covariance(theta, SAMPLES)
    print(effects(moments, theta, slopes, covariance), told(moments, slopes, covariance), sep="\n\n")
    moments, _ = moments_of("olg")
    print(cost(moments, np.repeat(theta[None], configuration["sampler"]["walkers"], axis=0)))


if __name__ == "__main__":
    main()
