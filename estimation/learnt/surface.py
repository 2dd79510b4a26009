"""The log likelihood as a function of the free parameters, learnt from noisy calls of a filter.

The filter's estimate p of a likelihood is unbiased, so that log p, roughly normal with variance v, has a mean
of v / 2 below the log likelihood. The surface therefore rests on log p + v / 2, with v from pairs of calls.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.learnt.coordinates import Coordinates, whitening
from estimation.learnt.depth import drawn_together, slope, spread_out
from estimation.learnt.design import Design
from estimation.learnt.noise import Noise, constant, fit_noise
from estimation.learnt.process import Process, regress
from estimation.priors import PriorSet

Array = NDArray[np.float64]

USUAL_LIMIT = 25.0
TOLERANCE = 0.03
TOLERANCE_BY_DEPTH = 0.02
"""What the surface need not resolve, in log points and as a share of the (drawn together) depth."""
MARGIN = 1.1
NEAR = 10.0
LEAST_CENTRAL = 10
"""Points for each parameter that decide about the coordinates, at least."""


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
    generator : see :func:`estimation.learnt.process.regress`.
    noisy : whether two calls at the same point differ.
    """
    limit = USUAL_LIMIT + len(design.names)
    raw = design.mean
    raw_depth = raw.max() - raw
    coordinates = whitening(_central(design.theta, raw_depth), priors)
    u = coordinates(design.theta)
    noise = _noise(u, design, raw_depth <= limit) if noisy else constant(0.0)
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


def _central(theta: Array, depth: Array) -> Array:
    """The points that decide about the coordinates: those near the peak, if there are enough."""
    wanted = max(int(np.sum(depth < NEAR)), LEAST_CENTRAL * theta.shape[1])
    return theta[np.argsort(depth, kind="stable")[:wanted]]


def _noise(u: Array, design: Design, close: NDArray[np.bool_]) -> Noise:
    pairs = close & (design.calls == 2) & np.isfinite(design.values).all(axis=1)
    return fit_noise(u[pairs], design.values[pairs])
