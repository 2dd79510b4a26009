"""Learn a log likelihood: cover the prior, then filter where the posterior is, round after round.

Round 0 is quasi-random over the prior, one call a point. Every later round fits a surface to what is known,
draws from the posterior under it - tempered at first, because the first surfaces are poor - and filters
there, two calls a point, so that the noise is known. From the third round on, a third of the points follow
the posterior itself and the rest a flatter one, so that most points lie within ten log points of the peak.
Draws from tempered posteriors under the surface say where the next points should lie.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import emcee
import numpy as np
from emcee.moves import DEMove, StretchMove
from numpy.typing import NDArray

from surrogate.errors import BadConfiguration
from surrogate.house.records import whole_number

from ..sampling.ensemble import state_at
from ..sampling.posterior import Posterior
from ..work.pool import stop_requested
from .surface import (
    NEAR,
    Design,
    Fit,
    Surface,
    fit_surface,
    quasi_random_points,
    read_design,
)

Array = NDArray[np.float64]
Map = Callable[[Callable, Iterable], list]
CALLS = 10_000
LEAST_CALLS, MOST_CALLS = 400, 10_000_000
QUASI_RANDOM_SHARE = 0.1
TEMPERATURES = (4.0, 2.0, 1.0, 1.0, 1.0, 1.0)
"""Of the flatter posterior in each round after the first, relative to that of the last ones."""
TEMPERED_ROUNDS = 2
POSTERIOR_SHARE = 1 / 3
FLATTEST = 5.0
BLOCK = 32
BLOCKS_PER_SAVE = 8
SURFACE, POINTS, FILTER = range(3)
"""Purposes of random numbers."""
WALKERS_PER_PARAMETER = 10
STEPS = 200
KEPT_STEPS = 20
MOVES = ((0.5, DEMove), (0.5, StretchMove))


class Report(Protocol):
    """Told how many calls of how many have been made, and what else is worth knowing."""

    def __call__(self, step: int, total: int, text: str) -> None:
        """Take note."""
        ...


@dataclass(frozen=True)
class Plan:
    """How many calls, from which seed, and whether two calls at the same point differ."""

    calls: int
    seed: int
    noisy: bool

    def __post_init__(self) -> None:
        whole_number("The number of calls of the filter", self.calls, LEAST_CALLS, MOST_CALLS)

    @property
    def calls_at_a_point(self) -> int:
        """In the rounds after the first."""
        return 2 if self.noisy else 1

    def size(self, number: int) -> int:
        """Points of round ``number``."""
        first = int(QUASI_RANDOM_SHARE * self.calls)
        if number == 0:
            return first
        return (self.calls - first) // (self.calls_at_a_point * len(TEMPERATURES))


@dataclass(frozen=True)
class Round:
    """What a worker needs to choose the points of round ``number``."""

    posterior: Posterior
    plan: Plan
    design: Design
    number: int

    def generator(self, purpose: int) -> np.random.Generator:
        """Random numbers of this round for one purpose."""
        return np.random.default_rng([self.plan.seed, purpose, self.number])


def learn_surface(
    posterior: Posterior, plan: Plan, file: Path, parallel_map: Map, report: Report
) -> tuple[Design, Fit]:
    """Carry the plan out, from the design points in ``file`` if there are any.

    Parameters
    ----------
    posterior : prior and filter.
    file : where design points are kept.
    parallel_map : runs a function on many items, perhaps in other processes, to the same answer.
    report : called with the number of calls so far, that of all calls, and what is worth knowing.

    Raises
    ------
    KeyboardInterrupt : on Ctrl-C; the points filtered so far are in ``file``.
    """
    design = read_design(file, posterior.names) if file.exists() else Design.empty(posterior.names)
    rounds, text = len(TEMPERATURES) + 1, "going on"
    for number in range(rounds):
        if not np.any(design.rounds == number):
            ((points, text),) = parallel_map(choose_points, [Round(posterior, plan, design, number)])
            design = design.extended(points, number, plan.calls_at_a_point if number else 1)
            design.save(file)
        design = _filter(posterior, plan, design, file, parallel_map, partial(report, text=text))
    (fit,) = parallel_map(fit_round, [Round(posterior, plan, design, rounds)])
    return design, fit


def choose_points(task: Round) -> tuple[Array, str]:
    """Points [size, n] of a round, and in words how good the surface is that chose them."""
    size = task.plan.size(task.number)
    if task.number == 0:
        return quasi_random_points(task.posterior, size, task.plan.seed), "covering the prior"
    fit = fit_round(task)
    draw = partial(
        tempered_draws,
        task.posterior,
        fit.surface,
        starts=task.design.theta,
        generator=task.generator(POINTS),
    )
    factor = TEMPERATURES[task.number - 1]
    sharp = draw(temperature=1.0, size=size)
    depth = fit.fitted.max() - fit.surface.everywhere(sharp)
    flat = factor * float(np.clip(NEAR / np.median(depth), 1.0, FLATTEST))
    of_posterior = 0 if task.number <= TEMPERED_ROUNDS else int(POSTERIOR_SHARE * size)
    points = np.vstack([sharp[:of_posterior], draw(temperature=flat, size=size - of_posterior)])
    return points, f"round {task.number}, {describe(fit)}"


def fit_round(task: Round) -> Fit:
    """The surface that the design so far supports."""
    return fit_surface(
        task.design, task.posterior.priors, task.generator(SURFACE), task.plan.calls_at_a_point == 2
    )


def describe(fit: Fit) -> str:
    """The held-out error near the peak, in a few words."""
    error = fit.held_out_error(NEAR)
    if error.points < 2:
        return "no point near the peak yet"
    return f"held-out error {error.mean:+.2f} (sd {error.sd_without_noise:.2f}) within {NEAR:.0f} log points"


@dataclass(frozen=True)
class FilterTask:
    """A few points to be filtered together, with random numbers of their own."""

    posterior: Posterior
    theta: Array
    calls: int
    key: tuple[int, ...]


def filter_block(block: FilterTask) -> Array | None:
    """What the filter returns [m, 2] at the points, NaN for second calls that are not wanted.

    ``None`` if asked to stop.
    """
    if stop_requested():
        return None
    generator = np.random.default_rng(block.key)
    calls = [block.posterior.log_likelihood(block.theta, generator) for _ in range(block.calls)]
    return np.column_stack([*calls, *[np.full(len(block.theta), np.nan)] * (2 - block.calls)])


def tempered_draws(
    posterior: Posterior,
    surface: Surface,
    starts: Array,
    generator: np.random.Generator,
    temperature: float,
    size: int,
) -> Array:
    """Draws [size, n] from the prior times the likelihood to the power 1 / ``temperature``.

    Parameters
    ----------
    posterior : says what the prior is and where the surrogate holds; its likelihood is not called.
    surface : the likelihood; used everywhere, since its false peaks are what a design must find.
    starts : points [m, n] of the prior from which walkers set out, the likelier the more often.
    """
    walkers = WALKERS_PER_PARAMETER * posterior.n_free

    def log_density(theta: Array) -> Array:
        values = posterior.priors.log_density(theta)
        inside = np.isfinite(values)
        if inside.any():
            inside[inside] = posterior.surrogate.inside(posterior.parameters(theta[inside]))
        values[~inside] = -np.inf
        values[inside] += surface.everywhere(theta[inside]) / temperature
        return values

    chosen = generator.choice(len(starts), walkers, p=_spread(log_density(starts), walkers))
    sampler = emcee.EnsembleSampler(
        walkers,
        posterior.n_free,
        log_density,
        moves=[(move(), weight) for weight, move in MOVES],
        vectorize=True,
    )
    state = state_at(starts[chosen], int(generator.integers(2**32)))
    sampler.run_mcmc(state, STEPS, skip_initial_state_check=True)
    every = max((STEPS // 2) // KEPT_STEPS, 1)
    draws = np.asarray(sampler.get_chain(discard=STEPS // 2, thin=every, flat=True))
    return draws[generator.choice(len(draws), size, replace=len(draws) < size)]


def _filter(
    posterior: Posterior,
    plan: Plan,
    design: Design,
    file: Path,
    parallel_map: Map,
    report: Callable[[int, int], None],
) -> Design:
    """Filter the points that wait, a few blocks at a time; each batch is saved before the next."""
    blocks = [  # none of which reaches into another round
        rows[start : start + BLOCK]
        for rows in (np.flatnonzero(design.rounds == number) for number in np.unique(design.rounds))
        for start in range(0, len(rows), BLOCK)
    ]
    waiting = [rows for rows in blocks if design.waiting[rows[0]]]
    for first in range(0, len(waiting), BLOCKS_PER_SAVE):
        report(int(design.calls[~design.waiting].sum()), plan.calls)
        batch = waiting[first : first + BLOCKS_PER_SAVE]
        tasks = [
            FilterTask(
                posterior, design.theta[rows], int(design.calls[rows[0]]), (plan.seed, FILTER, int(rows[0]))
            )
            for rows in batch
        ]
        for rows, values in zip(batch, parallel_map(filter_block, tasks), strict=True):
            design = design if values is None else design.filtered(rows, values)
        design.save(file)
    return design


def _spread(values: Array, walkers: int) -> Array:
    """Probabilities [m] in proportion to the density with these logs, but as many points as there are walkers
    are equally likely: walkers that start at the same place cannot move apart.
    """
    possible = np.isfinite(values)
    if not possible.any():
        raise BadConfiguration("No design point has a likelihood above zero: more calls are needed.")
    highest = np.sort(values[possible])[-walkers:]
    weights = np.where(possible, np.exp(np.minimum(values, highest[0]) - highest[0]), 0.0)
    return weights / weights.sum()
