"""Likelihood surrogates against the exact likelihood, and against the filter on US data.

    python -m benchmarks.learnt_likelihood [PART ...]

learns the likelihood of `nk_linear` (100 simulated quarters, all eight parameters free) from several particle
filters and compares it with the Kalman filter's; then that of the small New Keynesian model on the sample of
Herbst and Schorfheide (13 parameters). Results are kept under results/learnt_likelihood; the table goes to
docs/benchmark-learnt-likelihood.md with a figure.
"""

import os
import platform
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import emcee
import numpy as np
import pandas as pd

from benchmarks.kept import kept, read
from estimation import Estimation, make_prior
from estimation.learnt import LearntGraph
from estimation.learnt.artifact import learn, learn_from_toml
from estimation.likelihoods.learnt import correct
from estimation.likelihoods.learnt_graph import fingerprints
from surrogate import Display, Surrogate, listening, load
from surrogate.house import figures
from surrogate.house.files import atomic_path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "learnt_likelihood"
REPORT = ROOT / "docs" / "benchmark-learnt-likelihood.md"
FIGURE = REPORT.with_suffix(".png")
EXAMPLE = ROOT / "examples" / "herbst_schorfheide_learnt.toml"
FILTERS = {"bootstrap": 2000, "guided": 100, "twisted": 10}
SEEDS = (1, 2, 3)
WALKERS = 256
US = "us"
US_FOLDER = ROOT / "results" / "hs_likelihood"
"""Where the example expects it."""
CALLS = 10_000
PERIODS = 100
SHARE_OF_VARIANCE = 0.05
CANDIDATES = 40_000
NEAR = 10.0
FILTERED_POINTS = 64
DRAWS = 1000
HEADER = """# Likelihood surrogates, measured

Every surrogate rests on {calls:,} calls of its filter or fewer.
"""
LINEAR_TEXT = """
## The linear economy, against the exact likelihood

`nk_linear`: {periods} quarters of output gap, inflation and interest rate simulated at the midpoint of the
box, measurement error of 5 % of each series' variance; all eight parameters free, uniform over the box.
Errors are against the exact log likelihood (Kalman filter), at points drawn uniformly from the box that lie
within 10 log points of the peak, {points} of {candidates:,}. For such an exercise the public code of Kase,
Melosi and Rottner has a mean error of -3.5 and a standard deviation of 2.7.

- `one call`: mean and sd of the error of the filter itself at {filtered} of these points.
- `surrogate`: mean, sd and largest absolute error of the likelihood surrogate at all of them, a row for each
  seed of design points and filter; `card`: mean and sd that its card states, from design points left out of
  the fit.
- `evaluations`: log posteriors a second of processor time, prior included, 1,000 vectors at a time;
  `by emcee`: its stretch move with {walkers} walkers, in steps times walkers.

{table}
"""
US_TEXT = """
## The small New Keynesian model on US data

`examples/herbst_schorfheide_learnt.toml`: 13 parameters, 80 quarters, the twisted filter with 40
particles, whose log p has an sd of {noise_sd:.2f}. Of the points at which it was called {calls:,} times,
{points} lie within 10 log points of the peak, where left-out predictions have a mean error of {mean:+.2f} and
an sd of {sd_without_noise:.2f} without the filter's noise. The log posterior takes {rate:,.0f} evaluations a
second of processor time. {draws:,} calls of the filter then correct the posterior: effective sample size
{ess:.0f}, Pareto k {pareto_k:.2f}. `shift` is in posterior standard deviations; its own sampling error is
about {error:.2f}.

{table}
"""


def simulated_sample(surrogate: Surrogate) -> pd.DataFrame:
    """Observables [T, 3] at the midpoint, measurement error included."""
    generator = np.random.default_rng(0)
    shocks = generator.normal(size=(PERIODS + 100, surrogate.n_shocks))
    observed = surrogate.simulate({}, shocks).observables[-PERIODS:, 0].astype(float)
    observed += generator.normal(size=observed.shape) * np.sqrt(SHARE_OF_VARIANCE) * observed.std(axis=0)
    quarters = pd.period_range("2000Q1", periods=PERIODS, freq="Q")
    return pd.DataFrame(observed, columns=list(surrogate.observable_names), index=quarters)


def linear_estimation(method: str) -> Estimation:
    """The exercise with one of the filters, or with the Kalman filter."""
    surrogate = load("nk_linear")
    sample = simulated_sample(surrogate)
    priors = {
        item.name: make_prior("uniform_pdf", lower=item.lower, upper=item.upper)
        for item in surrogate.card.parameters
    }
    particles = {"particles": FILTERS[method]} if method in FILTERS else {}
    return Estimation(
        surrogate,
        sample,
        priors,
        measurement_error={"share_of_variance": SHARE_OF_VARIANCE},
        likelihood={"method": method, **particles},
        sampler={"seed": 1},
    )


def test_points() -> dict[str, Any]:
    """Points of the box within ten log points of the highest exact likelihood among the candidates."""
    posterior = linear_estimation("kalman").posterior
    theta = posterior.draw_prior(CANDIDATES, np.random.default_rng(7))
    exact = posterior.log_likelihood(theta)
    near = exact > exact.max() - NEAR
    return {"theta": theta[near].tolist(), "exact": exact[near].tolist()}


def measure_linear(method: str, seed: int) -> dict[str, Any]:
    """Learn from one filter, and compare with the Kalman filter."""
    points = kept(RESULTS / "points.json", test_points)
    theta, exact = np.array(points["theta"]), np.array(points["exact"])
    estimation = linear_estimation(method)
    settings, posterior = estimation.likelihood, estimation.posterior
    identity = fingerprints(posterior, estimation.data, settings.ingredients(posterior))
    folder, started = RESULTS / f"{method}-{seed}", time.process_time()
    card = learn(
        posterior, vars(settings), identity, folder, calls=CALLS, seed=seed, resume=True, report=_say
    )
    seconds = time.process_time() - started
    found = LearntGraph(folder).log_likelihood(theta)
    call = posterior.log_likelihood(theta[:FILTERED_POINTS], np.random.default_rng(3))
    return {
        "filter": f"{method}, {FILTERS[method]:,}",
        "seed": seed,
        "calls": card.calls,
        "noise": _error(call - exact[:FILTERED_POINTS]),
        "error": _error((found - exact)[np.isfinite(found)]),
        "zero": int(np.sum(~np.isfinite(found))),
        "held_out": card.held_out["within_10"],
        "rates": evaluations_a_second(estimation, folder),
        "seconds": seconds,
        "found": found.tolist(),
    }


def evaluations_a_second(estimation: Estimation, folder: Path) -> tuple[float, float]:
    """Log posteriors a second, prior included, in batches of 1,000 draws from around the posterior, and by
    emcee.
    """
    learnt = Estimation(
        estimation.surrogate,
        estimation.data,
        estimation.posterior.priors.priors,
        measurement_error={"share_of_variance": SHARE_OF_VARIANCE},
        likelihood={"method": "learnt", "folder": str(folder), "filter": vars(estimation.likelihood)},
    )
    points = np.array(read(RESULTS / "points.json")["theta"])
    return _rate(learnt, points[np.arange(1000) % len(points)]), _rate_of_emcee(learnt, points[:WALKERS])


def _rate(estimation: Estimation, theta: np.ndarray) -> float:
    estimation.posterior.log_prob(theta)
    started, evaluations = time.process_time(), 0
    while time.process_time() < started + 2:
        estimation.posterior.log_prob(theta)
        evaluations += len(theta)
    return evaluations / (time.process_time() - started)


def _rate_of_emcee(estimation: Estimation, start: np.ndarray) -> float:
    posterior = estimation.posterior
    sampler = emcee.EnsembleSampler(len(start), posterior.n_free, posterior.log_prob, vectorize=True)
    state = sampler.run_mcmc(start, 20)
    started, steps = time.process_time(), 0
    while time.process_time() < started + 2:
        state = sampler.run_mcmc(state, 20)
        steps += 20
    return steps * len(start) / (time.process_time() - started)


def measure_us() -> dict[str, Any]:
    """Learn on US data, sample, and correct by the filter."""
    with listening(Display()):
        card = learn_from_toml(EXAMPLE, US_FOLDER, CALLS, resume=True)
    estimation = Estimation.from_toml(EXAMPLE)
    results = estimation.sample(RESULTS / US, resume=True)
    correction = correct(results, DRAWS, seed=1)
    return {
        "calls": card.calls,
        "held_out": card.held_out["within_10"],
        "noise_sd": card.noise_sd["p50"],
        "rate": _rate(estimation, correction.theta),
        "draws": DRAWS,
        "ess": correction.effective_sample_size,
        "pareto_k": correction.pareto_k,
        "table": correction.table.reset_index().to_dict("list"),
    }


def _error(error: np.ndarray) -> list[float]:
    return [float(error.mean()), float(error.std()), float(np.abs(error).max())]


def _say(step: int, total: int, text: str) -> None:
    if step % 2000 < 200:
        print(f"{step:6,} of {total:,} calls: {text}", file=sys.stderr)


def linear_row(part: dict[str, Any]) -> list[str]:
    """One row of the table against the Kalman filter."""
    noise, error, card = part["noise"], part["error"], part["held_out"]
    return [
        part["filter"],
        f"{part['seed']}",
        f"{part['calls']:,}",
        f"{noise[0]:+.2f}, {noise[1]:.2f}",
        f"{error[0]:+.3f}, {error[1]:.3f}, {error[2]:.2f}",
        f"{card['mean']:+.3f}, {card['sd_without_noise']:.3f}",
        *(f"{rate:,.0f}" for rate in part["rates"]),
        f"{part['seconds'] / 60:.1f}",
    ]


COLUMNS = [
    "filter, particles",
    "seed",
    "calls",
    "one call: mean, sd",
    "surrogate: mean, sd, largest",
    "card: mean, sd",
    "evaluations",
    "by emcee",
    "processor minutes",
]


def us_section(part: dict[str, Any]) -> str:
    """What was found on US data."""
    table = pd.DataFrame(part["table"])
    rows = [[str(row[0]), *[f"{value:.3f}" for value in row[1:]]] for row in table.to_numpy().tolist()]
    return US_TEXT.format(
        **{key: value for key, value in part.items() if key != "table"},
        **part["held_out"],
        error=1 / np.sqrt(part["ess"]),
        table=figures.markdown_table([str(name) for name in table.columns], rows),
    )


def draw(parts: list[dict[str, Any]]) -> None:
    """Error against the exact log likelihood, by depth, one panel a filter, of the first seed."""
    from matplotlib import pyplot as plt

    exact = np.array(read(RESULTS / "points.json")["exact"])
    first = [part for part in parts if part["seed"] == SEEDS[0]]
    figure, axes = plt.subplots(1, len(first), figsize=(10, 3.2), sharey=True, squeeze=False)
    for axis, part in zip(axes[0], first, strict=True):
        axis.plot(exact - exact.max(), np.array(part["found"]) - exact, ".", markersize=3)
        axis.axhline(0, color="black", linewidth=0.6)
        axis.set_title(f"{part['filter']} particles")
        axis.set_xlabel("exact log likelihood, relative to the peak")
    axes[0, 0].set_ylabel("error of the surrogate, log points")
    figure.tight_layout()
    with atomic_path(FIGURE) as path:
        figure.savefig(path, dpi=130)


def linear_section(parts: list[dict[str, Any]]) -> str:
    """What was found on the linear economy."""
    draw(parts)
    text = LINEAR_TEXT.format(
        periods=PERIODS,
        points=len(read(RESULTS / "points.json")["exact"]),
        candidates=CANDIDATES,
        filtered=FILTERED_POINTS,
        walkers=WALKERS,
        table=figures.markdown_table(COLUMNS, [linear_row(part) for part in parts]),
    )
    return f"{text}\n![Errors by depth]({FIGURE.name})\n"


def _path(method: str, seed: int) -> Path:
    return RESULTS / f"{method}-{seed}.json"


def write_report() -> None:
    """Print and write what is kept."""
    names = [(method, seed) for method in FILTERS for seed in SEEDS]
    parts = [read(path) for name in names if (path := _path(*name)).exists()]
    text = HEADER.format(calls=CALLS) + (linear_section(parts) if parts else "")
    if (RESULTS / f"{US}.json").exists():
        text += us_section(read(RESULTS / f"{US}.json"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    text += f"\n{machine}. Written by `python -m benchmarks.learnt_likelihood`.\n"
    print(text)
    with atomic_path(REPORT) as path:
        path.write_text(text, encoding="utf-8")


def main(parts: list[str]) -> None:
    """Measure the parts and write the report."""
    if US in parts:
        kept(RESULTS / f"{US}.json", measure_us)
    for seed in SEEDS:
        for method in (name for name in parts if name in FILTERS):
            kept(_path(method, seed), partial(measure_linear, method, seed))
    write_report()


if __name__ == "__main__":
    main(sys.argv[1:] or [*FILTERS, US])
