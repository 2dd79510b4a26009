"""Estimate parameters by the simulated method of moments: which of them move, how far, and the search.

The search runs in coordinates in which the bounds of every free parameter are zero and one. The best of some
candidates start a bounded Gauss-Newton search whose derivatives are central differences taken in one batch.
Weights may come in two steps, the second by the covariance of the moments at the estimate of the first.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.stats import qmc

from surrogate import Surrogate, load
from surrogate.errors import BadConfiguration, OutsideBox, unknown_name
from surrogate.house.records import by_name

from ..sampling.posterior import Posterior
from .named import Array, FrameFunction, Moments
from .result import MomentsResult
from .simulated import SimulatedMoments
from .weights import WEIGHTS, Weights

TWO_STEP = "two-step"
DIFFERENCE = 0.005
FAR = 1e3
CANDIDATES, STARTS = 128, 3
AT_BOUND = 1e-4
"""Share of the interval between the bounds."""


@dataclass(frozen=True)
class FreeParameters:
    """Free parameters within bounds; the others are fixed.

    Attributes
    ----------
    surrogate : the economy.
    names : free parameters.
    base : all parameters of the surrogate [n_parameters]; free ones are overwritten.
    lower, upper : bounds [n_free].
    """

    surrogate: Surrogate
    names: tuple[str, ...]
    base: Array
    lower: Array
    upper: Array

    @classmethod
    def of_posterior(cls, posterior: Posterior) -> "FreeParameters":
        """Those of a posterior, within the supports of their priors."""
        lower, upper = posterior.priors.bounds()
        middle = posterior.parameters((lower + upper) / 2)[0]
        return cls(posterior.surrogate, posterior.names, middle, lower, upper)

    @classmethod
    def of_bounds(
        cls,
        surrogate: Surrogate,
        params: Mapping[str, float],
        bounds: Mapping[str, tuple[float, float]],
        fixed: Mapping[str, float],
    ) -> "FreeParameters":
        """Those named in ``params``, within ``bounds`` or, where there are none, the surrogate's box.

        Raises
        ------
        UnknownName : bounds of a parameter that is not free, or a parameter the surrogate lacks.
        OutsideBox : bounds, or a fixed value, outside the surrogate's box.
        BadConfiguration : a parameter both free and fixed, or no free one.
        """
        for name in bounds:
            if name not in params:
                raise unknown_name("bounded parameter", name, params)
        both = [name for name in params if name in fixed]
        if both or not params:
            raise BadConfiguration(f"{both[0]} is free and fixed; keep one." if both else "Free a parameter.")
        base = surrogate.parameter_array({**fixed, **params})[0]
        box = dict(
            zip(surrogate.parameter_names, zip(surrogate.lower, surrogate.upper, strict=True), strict=True)
        )
        ends = np.array([bounds.get(name, box[name]) for name in params], dtype=float)
        free = cls(surrogate, tuple(params), base, ends[:, 0], ends[:, 1])
        free._check(box)
        return free

    def theta(self, unit: Array) -> Array:
        """Free parameters [w, n_free] at coordinates in [0, 1], clipped to it."""
        return self.lower + np.clip(unit, 0, 1) * (self.upper - self.lower)

    def unit(self, theta: Array) -> Array:
        """The inverse of :meth:`theta`."""
        return (theta - self.lower) / (self.upper - self.lower)

    def parameters(self, theta: Array) -> Array:
        """All parameters [w, n_parameters] at ``theta`` [w, n_free]."""
        parameters = np.tile(self.base, (len(theta), 1))
        parameters[:, [self.surrogate.parameter_names.index(name) for name in self.names]] = theta
        return parameters

    def _check(self, box: Mapping[str, tuple[float, float]]) -> None:
        for name, low, high in zip(self.names, self.lower, self.upper, strict=True):
            least, most = box[name]
            if not least <= low < high <= most:
                raise OutsideBox(
                    f"The bounds [{low:g}, {high:g}] of {name} are no interval in the surrogate's range "
                    f"[{least:g}, {most:g}]."
                )
        for name, value in zip(self.surrogate.parameter_names, self.base, strict=True):
            least, most = box[name]
            if not least <= value <= most:
                raise OutsideBox(
                    f"{name} = {value:g} is outside the surrogate's range [{least:g}, {most:g}]."
                )


def estimate_msm(
    surrogate: Surrogate | str,
    data: pd.DataFrame,
    moments: Sequence[str | Moments | FrameFunction],
    params: Mapping[str, float] | pd.Series,
    optimize_options: Mapping[str, Any] | Literal[False] | None = None,
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    fixed: Mapping[str, float] | pd.Series | None = None,
    moments_cov: Array | pd.DataFrame | None = None,
    weights: Weights = "diagonal",
    replications: int = 20,
    seed: int = 0,
    burn_in: int | None = None,
    detrend: Sequence[str] = (),
    discrepancy: Mapping[str, float] | None = None,
    paths: int = 1,
) -> MomentsResult:
    """Estimate by the simulated method of moments; mirrors ``estimagic.estimate_msm``.

    Parameters
    ----------
    surrogate : the economy or the name of one that ships; it simulates the moments.
    data : observations [T, n_y]; their moments are those to match.
    moments : see :class:`estimation.SimulatedMoments`.
    params : free parameter -> where to start, or the estimate if ``optimize_options`` is ``False``.
    optimize_options : options of ``scipy.optimize.least_squares``; ``False`` if ``params`` are the estimates.
    bounds : free parameter -> (lower, upper); the surrogate's box for those left out.
    fixed : values of other parameters; what is neither free nor fixed stays at its default.
    moments_cov : covariance of the moments of the data, a DataFrame by its labels; from the data if left out.
    weights : ``"identity"``, ``"diagonal"``, ``"optimal"`` (inverse of the long-run covariance),
        ``"two-step"`` (inverse of the covariance across simulated samples at a first estimate with diagonal
        weights), or a matrix.
    replications : simulated samples for each parameter vector.
    seed : of the shocks, which are the same for all parameter vectors.
    burn_in, detrend, discrepancy, paths : see :class:`estimation.SimulatedMoments`.

    Raises
    ------
    BadConfiguration : fewer moments than free parameters, or settings that do not fit together.
    BadData : moments that are not numbers or change, or are collinear under optimal weights.
    """
    economy = surrogate if isinstance(surrogate, Surrogate) else load(surrogate)
    named: Mapping[str, float] = by_name(params)
    free = FreeParameters.of_bounds(
        economy, named, by_name({} if bounds is None else bounds), by_name({} if fixed is None else fixed)
    )
    settings = (first_weights(weights), replications, seed, moments_cov, burn_in, detrend, discrepancy, paths)
    target = SimulatedMoments(economy, data, moments, *settings)
    start = np.array([list(named.values())], dtype=float)
    if optimize_options is False:
        return describe(target, free, start[0], None)
    sobol = qmc.Sobol(len(free.names), rng=np.random.default_rng(seed))
    spread = free.theta(sobol.random(CANDIDATES))
    candidates = np.concatenate([start, spread[economy.inside(free.parameters(spread))]])
    if is_two_step(weights):
        target = second_step(target, free, candidates)
    return minimise_distance(target, free, candidates, optimize_options)


def is_two_step(weights: Weights) -> bool:
    """Whether weights need a first step; raises UnknownName for a name that is not a kind of weights."""
    if isinstance(weights, str) and weights not in (*WEIGHTS, TWO_STEP):
        raise unknown_name("kind of weights", weights, (*WEIGHTS, TWO_STEP))
    return isinstance(weights, str) and weights == TWO_STEP


def first_weights(weights: Weights) -> Weights:
    """The weights of the only step, or of the first of two."""
    return "diagonal" if is_two_step(weights) else weights


def prior_candidates(posterior: Posterior, seed: int) -> Array:
    """Prior draws [m, n_free] among which to look for a start."""
    return posterior.draw_prior(CANDIDATES, np.random.default_rng(seed))


def require_enough(moments: SimulatedMoments, n_free: int) -> None:
    """Raise BadConfiguration if there are fewer moments than free parameters."""
    if len(moments.names) < n_free:
        raise BadConfiguration(
            f"{n_free} free parameters need at least as many moments, not {len(moments.names)}."
        )


def second_step(moments: SimulatedMoments, free: FreeParameters, candidates: Array) -> SimulatedMoments:
    """The same moments with optimal weights for the economy that a first step estimates.

    The covariance is that across simulated samples as long as the data: it needs no bandwidth, and the
    persistence of a short sample does not blur it.
    """
    estimate = minimise_distance(moments, free, candidates)
    theta = np.array([list(estimate.params.values())])
    return moments.reweighted("optimal", moments.simulated_covariance(free.parameters(theta)[0]))


def minimise_distance(
    moments: SimulatedMoments,
    free: FreeParameters,
    candidates: Array,
    options: Mapping[str, Any] | None = None,
) -> MomentsResult:
    """Minimise the distance within the bounds.

    The best of ``candidates`` [m, n_free] start a bounded Gauss-Newton search
    (``scipy.optimize.least_squares`` with ``options``) whose derivatives are central differences taken in one
    batch.

    Raises
    ------
    BadConfiguration : fewer moments than free parameters.
    """
    require_enough(moments, len(free.names))
    problem = _Distance(moments, free)
    units = free.unit(candidates)
    order = np.argsort(problem.look_from(units))[:STARTS]
    jacobian: Any = problem.jacobian  # SciPy's stubs know only the names of its own schemes
    searches = [
        least_squares(problem.residual, np.clip(units[row], 0, 1), jacobian, (0.0, 1.0), **(options or {}))
        for row in order
    ]
    best = min(searches, key=lambda result: result.cost)
    return describe(moments, free, free.theta(best.x[None])[0], best)


def describe(
    moments: SimulatedMoments, free: FreeParameters, theta: Array, optimize_result: Any
) -> MomentsResult:
    """The estimate ``theta`` [n_free] with all that inference needs; warns if it is at a bound."""
    unit = free.unit(theta)
    at_bounds = tuple(
        name for name, place in zip(free.names, unit, strict=True) if not AT_BOUND < place < 1 - AT_BOUND
    )
    if at_bounds:
        warnings.warn(
            f"The estimate of {', '.join(at_bounds)} is at an end of its bounds, where standard errors and "
            "tests do not hold. Widen the bounds; if they are the surrogate's, train it on a wider box.",
            stacklevel=2,
        )
    names = list(moments.names)
    return MomentsResult(
        params=dict(zip(free.names, theta.tolist(), strict=True)),
        distance=float(np.sum(moments.residuals(free.parameters(theta[None]))[0] ** 2)),
        fit=moments.fit(free.parameters(theta[None])[0]),
        jacobian=pd.DataFrame(_Distance(moments, free).derivatives(theta), names, list(free.names)),
        weights=pd.DataFrame(moments.weights, names, names),
        moments_cov=pd.DataFrame(moments.moments_cov, names, names),
        replications=moments.replications,
        bounds={
            name: (float(a), float(b)) for name, a, b in zip(free.names, free.lower, free.upper, strict=True)
        },
        at_bounds=at_bounds,
        optimize_result=optimize_result,
    )


class _Distance:
    """Residuals of the moments in coordinates [0, 1]^n between the bounds."""

    def __init__(self, moments: SimulatedMoments, free: FreeParameters) -> None:
        self.moments, self.free = moments, free
        self._far = FAR

    def look_from(self, units: Array) -> Array:
        """Distances [m] at points [m, n], beyond all of which residuals count as large from now on: larger
        ones are held back, and the best point of a search has none.
        """
        self._far = np.inf
        values = self.residuals(units)
        finite = np.asarray(np.isfinite(values).all(axis=1))
        distances = np.where(finite, np.sum(np.where(finite[:, None], values, 0.0) ** 2, axis=1), np.inf)
        self._far = max(FAR, float(np.sqrt(distances[finite].max(initial=0.0))))
        return distances

    def residuals(self, unit: Array) -> Array:
        """Residuals [w, n_moments] at unit [w, n], large where the surrogate does not hold."""
        parameters = self.free.parameters(self.free.theta(unit))
        inside = self.moments.surrogate.inside(parameters)
        values = np.full((len(unit), len(self.moments.names)), self._far)
        if inside.any():
            with np.errstate(invalid="ignore"):  # of infinite moments
                near = self.moments.residuals(parameters[inside])
            near = np.where(np.isnan(near).any(axis=1, keepdims=True), self._far, near)
            values[inside] = np.clip(near, -self._far, self._far)
        return values

    def residual(self, unit: Array) -> Array:
        """The residuals of one point `unit` of the cube."""
        return self.residuals(unit[None])[0]

    def jacobian(self, unit: Array) -> Array:
        """Their derivatives, residuals by parameters."""
        up, down = self._neighbours(unit)
        values = self.residuals(np.vstack([up, down]))
        widths = _widths(up, down)[:, None]
        changes = values[: len(unit)] - values[len(unit) :]
        return np.divide(changes, widths, out=np.zeros_like(changes), where=widths > 0).T

    def derivatives(self, theta: Array) -> Array:
        """Derivatives [n_moments, n_free] of the simulated moments with respect to the parameters."""
        up, down = (self.free.theta(points) for points in self._neighbours(self.free.unit(theta)))
        values = self.moments.simulated_moments(self.free.parameters(np.vstack([up, down])))
        return ((values[: len(theta)] - values[len(theta) :]) / _widths(up, down)[:, None]).T

    def _neighbours(self, unit: Array) -> tuple[Array, Array]:
        """Two points for each coordinate, [n, n] each, no farther than where the surrogate holds."""
        steps = DIFFERENCE * np.eye(len(unit))
        return self._held_back(unit, unit + steps), self._held_back(unit, unit - steps)

    def _held_back(self, unit: Array, points: Array) -> Array:
        points = np.clip(points, 0, 1)
        inside = self.moments.surrogate.inside(self.free.parameters(self.free.theta(points)))
        return np.where(inside[:, None], points, unit)


def _widths(up: Array, down: Array) -> Array:
    """Distance [n] of each pair along its own coordinate."""
    return np.diag(up) - np.diag(down)
