"""The log likelihood as a function of the free parameters, learnt from noisy calls of a filter.

The filter's estimate p of a likelihood is unbiased, so that log p, roughly normal with variance v, has a mean
of v / 2 below the log likelihood. The surface therefore rests on log p + v / 2, with v from pairs of calls.

Design points say where the filter was called, and what it said; they are kept as a table that a run can go on
with. What is fitted to them is the depth, how far the log likelihood lies below the peak. Far below the peak
it falls by thousands, near it tenths matter: depths count as they are down to a limit, and their logarithm
beyond,

    h(d) = d for d <= limit,   limit (1 + log(d / limit)) for d > limit

which is continuous with its derivative.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.house.files import atomic_path

from ..fingerprint import seal_text, unseal_text
from ..priors import PriorSet
from ..sampling.posterior import Posterior
from .regression import (
    Coordinates,
    Noise,
    Process,
    constant_noise,
    fit_noise,
    regress,
    whitening,
)

Array = NDArray[np.float64]
ROUND, CALLS = "round", "calls"
VALUES = ("log_likelihood_1", "log_likelihood_2")
LEAST_SHARE = 0.05
DEEPEST = 1e6
"""In place of an infinite depth, where the likelihood is zero."""
USUAL_LIMIT = 25.0
TOLERANCE = 0.03
TOLERANCE_BY_DEPTH = 0.02
"""What the surface need not resolve, in log points and as a share of the (drawn together) depth."""
MARGIN = 1.1
NEAR = 10.0
LEAST_CENTRAL = 10
"""Points for each parameter that decide about the coordinates, at least."""


@dataclass(frozen=True)
class Design:
    """Points in the order in which they were chosen.

    Attributes
    ----------
    names : free parameters.
    theta : [m, n].
    rounds : the round that chose each point [m]; 0 is the quasi-random one.
    calls : how often the filter is called at each point [m], once or twice.
    values : what it returned [m, 2]; NaN where it has not been called.
    """

    names: tuple[str, ...]
    theta: Array
    rounds: NDArray[np.int64]
    calls: NDArray[np.int64]
    values: Array

    @classmethod
    def empty(cls, names: Sequence[str]) -> "Design":
        """A design without points."""
        none = np.zeros(0, dtype=np.int64)
        return cls(tuple(names), np.zeros((0, len(names))), none, none, np.zeros((0, 2)))

    def __len__(self) -> int:
        """Number of points."""
        return len(self.theta)

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """Whether each point [m] is still to be filtered."""
        return np.isnan(self.values[:, 0])

    @property
    def mean(self) -> Array:
        """Mean of the calls at each point [m]."""
        return np.where(self.calls == 2, self.values.sum(axis=1) / 2, self.values[:, 0])

    def extended(self, theta: Array, number: int, calls: int) -> "Design":
        """The design with points theta [k, n] of round ``number`` to be filtered."""
        size = len(theta)
        return Design(
            self.names,
            np.vstack([self.theta, theta]),
            np.append(self.rounds, np.full(size, number)),
            np.append(self.calls, np.full(size, calls)),
            np.vstack([self.values, np.full((size, 2), np.nan)]),
        )

    def filtered(self, rows: NDArray[np.intp], values: Array) -> "Design":
        """The design with ``values`` [len(rows), 2] in place."""
        changed = self.values.copy()
        changed[rows] = values
        return replace(self, values=changed)

    def save(self, file: Path) -> None:
        """Write a CSV file in which every number is exact, after a comment with a checksum."""
        table = pd.DataFrame(self.theta, columns=list(self.names))
        table.insert(0, ROUND, self.rounds)
        table.insert(1, CALLS, self.calls)
        for name, column in zip(VALUES, self.values.T, strict=True):
            table[name] = column
        with atomic_path(file) as path:
            path.write_text(seal_text(table.to_csv(index=False)), encoding="utf-8")


def read_design(file: Path, names: Sequence[str]) -> Design:
    """Read what :meth:`Design.save` wrote.

    Raises
    ------
    BrokenArtifact : the file is damaged, of another version, or has other columns.
    """
    columns = [ROUND, CALLS, *names, *VALUES]
    try:
        text = unseal_text(file.read_text(encoding="utf-8"))
        table = pd.read_csv(io.StringIO(text), dtype=str).loc[:, columns].map(float)  # to the last digit
        theta = table[list(names)].to_numpy(dtype=float)
        values = table[list(VALUES)].to_numpy(dtype=float)
        rounds, calls = (table[name].to_numpy(dtype=np.int64) for name in (ROUND, CALLS))
    except (ValueError, KeyError, OSError):
        raise BrokenArtifact(
            f"{file} is damaged, of another version, or not a table of design points with the columns "
            f"{', '.join(columns)}: delete it to filter them again."
        ) from None
    return Design(tuple(names), theta, rounds, calls, values)


def quasi_random_points(posterior: Posterior, size: int, seed: int) -> Array:
    """Points [size, n] that cover the prior, from a scrambled Sobol sequence, where the surrogate holds.

    Raises
    ------
    BadConfiguration : hardly any of the prior lies where the surrogate holds.
    """
    sequence = qmc.Sobol(posterior.n_free, rng=np.random.default_rng([seed, 0]))
    points = np.zeros((0, posterior.n_free))
    for power in range(int(np.ceil(np.log2(size))), int(np.ceil(np.log2(size / LEAST_SHARE)))):
        candidates = posterior.priors.from_unit(sequence.random(2**power))
        points = np.vstack([points, candidates[posterior.surrogate.inside(posterior.parameters(candidates))]])
        if len(points) >= size:
            return points[:size]
    raise BadConfiguration(
        "Hardly any of the prior is in the surrogate's certified region; change the priors."
    )


def drawn_together(depth: Array, limit: float) -> Array:
    """h of depths of any shape; an infinite depth counts as :data:`DEEPEST`."""
    beyond = np.clip(depth, limit, DEEPEST)
    return np.where(depth > limit, limit * (1 + np.log(beyond / limit)), depth)


def slope(depth: Array, limit: float) -> Array:
    """h' of depths of any shape."""
    return limit / np.clip(depth, limit, DEEPEST)


def spread_out(value: Array, limit: float) -> Array:
    """The depth d with h(d) = ``value``, of any shape."""
    return np.where(value > limit, limit * np.exp(np.maximum(value / limit - 1, 0)), value)


@dataclass(frozen=True)
class Surface:
    """A learnt log likelihood.

    Attributes
    ----------
    coordinates : from parameters to the process.
    process : the depth below ``top``, drawn together beyond ``limit``.
    top : a log likelihood about as high as the peak.
    limit : depth in log points beyond which nothing was learnt.
    reach : distance from the centre, in the coordinates, beyond which nothing was learnt.
    """

    coordinates: Coordinates
    process: Process
    top: float
    limit: float
    reach: float

    def everywhere(self, theta: Array) -> Array:
        """Log likelihood [m] of theta [m, n], also where it was not learnt well."""
        return self.top - spread_out(self.process(self.coordinates(theta)), self.limit)

    def __call__(self, theta: Array) -> Array:
        """Log likelihood [m] of theta [m, n].

        Outside the region that was learnt, ``limit`` below the top or more, and falling with the distance
        from the centre: next to nothing, but searches find their way in.
        """
        u = self.coordinates(theta)
        depth, distance = self.process(u), np.sum(u**2, axis=1)
        learnt = (depth <= self.limit) & (distance <= self.reach**2)
        return self.top - np.where(learnt, depth, self.limit + distance / 2)


class Fit(NamedTuple):
    """A surface, and at each design point [m] what is known about it.

    Attributes
    ----------
    surface : the surface.
    noise : variance of one call.
    target : bias-corrected mean of the calls.
    variance : of the target, by the filter's noise.
    fitted : log likelihood by the surface.
    left_out : log likelihood predicted from all other points.
    """

    surface: Surface
    noise: Noise
    target: Array
    variance: Array
    fitted: Array
    left_out: Array

    @property
    def depth(self) -> Array:
        """How far below the highest one each point lies on the surface [m]."""
        return self.fitted.max() - self.fitted

    def held_out_error(self, depth: float) -> "HeldOut":
        """Error of the left-out predictions within ``depth`` log points of the peak."""
        near = (self.depth <= depth) & np.isfinite(self.target)
        error = self.left_out[near] - self.target[near]
        if len(error) < 2:
            return HeldOut(len(error), np.nan, np.nan, np.nan)
        spread = float(np.std(error))
        noise = float(np.mean(self.variance[near]))
        return HeldOut(len(error), float(np.mean(error)), spread, float(np.sqrt(max(spread**2 - noise, 0.0))))


class HeldOut(NamedTuple):
    """Mean and sd of an error at so many points, and the sd without the filter's noise."""

    points: int
    mean: float
    sd: float
    sd_without_noise: float


def fit_surface(design: Design, priors: PriorSet, generator: np.random.Generator, noisy: bool) -> Fit:
    """Learn the log likelihood from the points of ``design``, all of which have been filtered.

    Parameters
    ----------
    priors : of the free parameters; they decide about the transforms.
    generator : see :func:`estimation.learnt.regression.regress`.
    noisy : whether two calls at the same point differ.
    """
    limit = USUAL_LIMIT + len(design.names)
    raw = design.mean
    raw_depth = raw.max() - raw
    central = max(int(np.sum(raw_depth < NEAR)), LEAST_CENTRAL * design.theta.shape[1])
    central_points = design.theta[np.argsort(raw_depth, kind="stable")[:central]]
    coordinates = whitening(central_points, priors)
    u = coordinates(design.theta)
    noise = constant_noise(0.0)
    if noisy:
        pairs = (raw_depth <= limit) & (design.calls == 2) & np.isfinite(design.values).all(axis=1)
        noise = fit_noise(u[pairs], design.values[pairs])
    target, variance = raw + noise(u) / 2, noise(u) / design.calls
    top = float(np.max(target))
    depth = drawn_together(top - target, limit)
    tolerance = TOLERANCE + TOLERANCE_BY_DEPTH * np.maximum(depth, 0)
    sd = np.sqrt(variance) * slope(top - target, limit)
    regression = regress(u, depth, sd**2 + tolerance**2, generator)
    reach = MARGIN * np.sqrt(np.sum(u[raw_depth <= limit] ** 2, axis=1).max())
    surface = Surface(coordinates, regression.process, top, limit, float(reach))
    left_out = top - spread_out(regression.left_out, limit)
    return Fit(surface, noise, target, variance, surface.everywhere(design.theta), left_out)
