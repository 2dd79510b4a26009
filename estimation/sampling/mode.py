"""The posterior mode and an overdispersed start for the walkers, from batches of noisy likelihoods.

The search runs in coordinates in which the prior is standard normal, and beyond five standard deviations
linear in the parameters up to the ends of their supports: every parameter has the same scale, and none can
leave its support or be held back before. Prior draws are screened, the best ones climb by L-BFGS-B with
finite differences taken in one batch, and a quadratic response surface fitted to a cloud of points around the
summit gives centre and curvature: regression averages out the filter's noise, which derivatives at a point
would amplify.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from surrogate.errors import BadConfiguration

from ..work.pool import stop_requested
from .posterior import Posterior, enough_rows

FARTHEST = 5.0
"""Prior standard deviations up to which distribution functions tell parameters apart."""
DIFFERENCE = 0.1
TOLERANCE_OF_CLIMB = 1e-3
TOLERANCE_OF_MODE = 1e-6
LEAST_CURVATURE = 0.15
WIDE_BARRIER, THIN_BARRIER = 2.0, 0.05
CLIFF = 30.0
NEGLIGIBLE_GAIN = 0.1
SURFACE_ROUNDS = 3
OVERDISPERSION = 1.3
Map = Callable[[Callable, Iterable], Iterable]
Objective = Callable[[np.ndarray], np.ndarray]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Mode:
    """Where the posterior is highest, and a normal distribution around its bulk.

    Attributes
    ----------
    names : free parameters.
    theta : the mode [n].
    log_prob : log posterior kernel there, with common random numbers.
    centre, covariance : normal approximation [n], [n, n] in the coordinates of :class:`PriorCoordinates`.
    """

    names: tuple[str, ...]
    theta: np.ndarray
    log_prob: float
    centre: np.ndarray
    covariance: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON, from which :meth:`from_dict` rebuilds the same mode exactly."""
        return {
            "mode": dict(zip(self.names, self.theta.tolist(), strict=True)),
            "log_prob": self.log_prob,
            "centre": self.centre.tolist(),
            "covariance": self.covariance.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Mode":
        """Rebuild a mode from :meth:`to_dict`."""
        theta = np.array(list(values["mode"].values()))
        centre, covariance = np.array(values["centre"]), np.array(values["covariance"])
        return cls(tuple(values["mode"]), theta, float(values["log_prob"]), centre, covariance)


class PriorCoordinates:
    """The posterior seen from coordinates z whose prior is standard normal: theta_i = F_i^-1(Phi(z_i)).

    Where |z_i| exceeds ``FARTHEST``, theta_i goes on along the tangent to the ends of its support.

    Attributes
    ----------
    lower, upper : z at the ends of the supports [n], perhaps infinite.
    """

    def __init__(self, posterior: Posterior) -> None:
        """Look at ``posterior`` with its common random numbers, so that values depend on z alone."""
        self.posterior = posterior
        self._priors = [posterior.priors[name] for name in posterior.names]
        self._ends = np.stack(posterior.priors.bounds())
        normal_ends = np.array([[-FARTHEST], [FARTHEST]]) * np.ones(len(self._priors))
        self._joints = posterior.priors.from_unit(ndtr(normal_ends))
        columns = zip(self._priors, self._joints.T, strict=True)
        self._heights = np.stack([prior.log_density(joint) for prior, joint in columns], axis=1)
        slopes = np.exp(-0.5 * FARTHEST**2 - self._heights) / np.sqrt(2 * np.pi)
        self._slopes = np.where(np.isfinite(slopes) & (slopes > 0), slopes, 1.0)
        self.lower, self.upper = normal_ends + (self._ends - self._joints) / self._slopes

    def theta(self, z: np.ndarray) -> np.ndarray:
        """Parameters [w, n] at z [w, n]."""
        near = np.clip(z, -FARTHEST, FARTHEST)
        beyond = z - near
        slope = np.where(beyond < 0, *self._slopes)
        return np.clip(self.posterior.priors.from_unit(ndtr(near)) + beyond * slope, *self._ends)

    def z(self, theta: np.ndarray) -> np.ndarray:
        """Coordinates [w, n] of parameters [w, n]."""
        near = np.clip(ndtri(self.posterior.priors.to_unit(theta)), -FARTHEST, FARTHEST)
        below, above = theta - self._joints[:, None]
        past_lower, past_upper = np.minimum(below, 0.0), np.maximum(above, 0.0)
        return near + past_lower / self._slopes[0] + past_upper / self._slopes[1]

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log posterior density of z [w]: the likelihood times the prior of z, up to a constant."""
        _stop_if_asked()
        return self.posterior.log_likelihood(self.theta(z)) + self._log_prior(z)

    def _log_prior(self, z: np.ndarray) -> np.ndarray:
        """Log prior density [w] of z: standard normal, and beyond the joints that of theta."""
        near = np.clip(z, -FARTHEST, FARTHEST)
        value, theta = -0.5 * np.sum(near**2, axis=1), self.theta(z)
        for column in np.flatnonzero((z != near).any(axis=0)):
            rows = np.flatnonzero(z[:, column] != near[:, column])
            height = self._heights[(z[rows, column] > 0).astype(int), column]
            value[rows] += self._priors[column].log_density(theta[rows, column]) - height
        return np.where(((z >= self.lower) & (z <= self.upper)).all(axis=1), value, -np.inf)

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Log posterior density of theta [w], whose maximum is the posterior mode that tables report."""
        _stop_if_asked()
        return self.posterior.log_prob(self.theta(z))

    def barrier(self, z: np.ndarray) -> np.ndarray:
        """Logarithm [w] of the distance to the edge of the certified region; minus infinity beyond it."""
        region = self.posterior.surrogate.region
        if region is None:
            return np.zeros(len(z))
        inside = -region.discriminant(self.posterior.parameters(self.theta(z)))
        return np.log(inside, where=inside > 0, out=np.full(len(z), -np.inf))


def find_mode(
    posterior: Posterior,
    seed: int = 0,
    draws: int = 256,
    climbs: int = 3,
    parallel_map: Map = map,
    report: Report = lambda message: None,
) -> Mode:
    """Find the posterior mode and a normal approximation of the posterior's bulk.

    Parameters
    ----------
    seed : of the prior draws and of the points of the response surface.
    draws : prior draws to screen.
    climbs : how many of the best draws to climb from.
    parallel_map : a ``map`` that may run the climbs in other processes; the answer does not depend on it.
    report : called with one line of text at every stage.

    Raises
    ------
    BadConfiguration : no prior draw has a finite likelihood.
    """
    generator = np.random.default_rng([seed, 0])
    report(f"screening {draws} prior draws")
    coordinates = PriorCoordinates(posterior)
    z = coordinates.z(posterior.draw_prior(draws, generator))
    values = coordinates.log_density(z)
    order = np.argsort(-values)[:climbs]
    starts = z[order[np.isfinite(values[order])]]
    if not len(starts):
        raise BadConfiguration(
            f"None of {draws} prior draws has a finite likelihood: check the data's columns and units, the "
            "priors and the measurement error."
        )
    report(f"climbing from the best {len(starts)} draws")
    summits = np.array(list(parallel_map(partial(climb, posterior), starts)))
    best = summits[np.argmax(coordinates.log_density(summits))]
    report("fitting the curvature around the summit")
    fit = partial(response_surface, posterior, seed=seed)
    centre, covariance = next(iter(parallel_map(fit, [best])))
    report("climbing to the mode")
    points = np.array([centre, best])
    higher = points[np.argmax(coordinates.log_prob(points))]
    (mode,) = parallel_map(partial(climb, posterior, of_theta=True), [higher])
    return _best_mode(posterior, np.array([mode, higher]), centre, covariance)


def improved_mode(posterior: Posterior, mode: Mode, draws: np.ndarray, log_prob: np.ndarray) -> Mode:
    """Climb again from the best of many draws [m, n] if it beats the mode by more than chance.

    ``log_prob`` [m] are the noisy values at the draws; the comparison uses common random numbers.
    """
    coordinates = PriorCoordinates(posterior)
    best = draws[np.argmax(log_prob)][None]
    if posterior.log_prob(best)[0] < mode.log_prob + NEGLIGIBLE_GAIN:
        return mode
    (start,) = coordinates.z(best)
    points = np.array([climb(posterior, start, of_theta=True), start])
    return _best_mode(posterior, points, mode.centre, mode.covariance)


def start_walkers(
    posterior: Posterior, mode: Mode, walkers: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw overdispersed starts [walkers, n_free] around the mode, each with a finite log posterior.

    Raises
    ------
    BadConfiguration : hardly any draw has a finite log posterior.
    """
    coordinates = PriorCoordinates(posterior)
    root = OVERDISPERSION * np.linalg.cholesky(mode.covariance)
    lower, upper = coordinates.lower, coordinates.upper

    def draw_finite() -> np.ndarray:
        z = mode.centre + generator.standard_normal((walkers, len(mode.centre))) @ root.T
        z = np.where(
            z < lower, 2 * lower - z, np.where(z > upper, 2 * upper - z, z)
        )  # none on the edge itself
        theta = coordinates.theta(z)
        return theta[np.isfinite(posterior.log_prob(theta))]

    complaint = "Hardly any point around the posterior mode has a finite log posterior."
    return enough_rows(draw_finite, walkers, 50, complaint)


def climb(posterior: Posterior, start: np.ndarray, of_theta: bool = False) -> np.ndarray:
    """Climb from z = ``start`` [n] to a local maximum of the density of z, or of theta; return its z [n].

    A logarithmic barrier keeps the climber off the edge of the surrogate's certified region and lets it slide
    along.
    """
    coordinates = PriorCoordinates(posterior)
    height, weight, tolerance = coordinates.log_density, WIDE_BARRIER, TOLERANCE_OF_CLIMB
    if of_theta:
        height, weight, tolerance = coordinates.log_prob, THIN_BARRIER, TOLERANCE_OF_MODE
    search = minimize(
        _Descent(lambda z: height(z) + weight * coordinates.barrier(z)),
        np.clip(start, coordinates.lower, coordinates.upper),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(coordinates.lower, coordinates.upper, strict=True)),
        options={"maxiter": 60, "ftol": tolerance},
    )
    return search.x


def response_surface(posterior: Posterior, start: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit log density = quadratic in z around ``start`` [n] and move to its top, a few times.

    Returns
    -------
    Centre [n] and covariance [n, n] of the normal density that the last fit implies.
    """
    coordinates = PriorCoordinates(posterior)
    objective = coordinates.log_density
    generator = np.random.default_rng([seed, 1])
    centre, root = np.asarray(start), np.diag(_widths(objective, start))
    for _ in range(SURFACE_ROUNDS):
        centre, root = _refit(objective, centre, root, generator)
    return np.clip(centre, coordinates.lower, coordinates.upper), root @ root.T


class _Descent:
    """Minus an objective and its gradient, by central differences in one batch.

    Where the objective is minus infinity, it counts as a step up from the lowest value so far: an infinite
    one would make the line search shrink its steps to nothing.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._lowest = np.inf

    def __call__(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        steps = DIFFERENCE * np.eye(len(z))
        values = self._objective(np.vstack([z, z + steps, z - steps]))
        here, up, down = values[0], values[1 : len(z) + 1], values[len(z) + 1 :]
        if not np.isfinite(here):
            return min(self._lowest, 1e10) + CLIFF, np.zeros(len(z))
        self._lowest = min(self._lowest, -here)
        up, down = np.where(np.isfinite(up), up, here), np.where(np.isfinite(down), down, here)
        return -here, -(up - down) / (2 * DIFFERENCE)


def _stop_if_asked() -> None:
    if stop_requested():
        raise KeyboardInterrupt


def _best_mode(posterior: Posterior, points: np.ndarray, centre: np.ndarray, covariance: np.ndarray) -> Mode:
    coordinates = PriorCoordinates(posterior)
    values = coordinates.log_prob(points)
    best = int(np.argmax(values))
    theta = coordinates.theta(points)[best]
    return Mode(posterior.names, theta, float(values[best]), centre, covariance)


def _widths(objective: Objective, centre: np.ndarray) -> np.ndarray:
    """Steps [n] along each axis that lower the objective by about one half, from a ladder of trial steps."""
    ladder = np.array([0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
    size = len(centre)
    steps = np.concatenate([ladder, -ladder])[:, None, None] * np.eye(size)
    values = objective((centre + steps).reshape(-1, size)).reshape(2, len(ladder), size)
    top = max(objective(centre[None])[0], values.max())
    drop = np.minimum(top - values.mean(axis=0), 1e6)
    low_enough = drop > 0.5
    first = np.where(low_enough.any(axis=0), low_enough.argmax(axis=0), len(ladder) - 1)
    fallen = np.maximum(drop[first, np.arange(size)], 0.5)
    return ladder[first] / np.sqrt(2 * fallen)


def _refit(
    objective: Objective, centre: np.ndarray, root: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One round: draw points around the centre, regress on a quadratic, return its top and new root."""
    size = len(centre)
    rows, columns = np.triu_indices(size)
    n_terms = 1 + size + len(rows)
    points = generator.standard_normal((4 * n_terms, size))
    values = objective(centre + points @ root.T)
    finite = np.isfinite(values)
    if finite.sum() < 1.5 * n_terms:
        return centre, root / 2
    points, values = points[finite], values[finite]
    weights = np.exp(np.maximum(values - values.max(), -50) / 10)
    terms = np.column_stack([np.ones(len(points)), points, points[:, rows] * points[:, columns]])
    fitted = np.linalg.lstsq(terms * weights[:, None], values * weights, rcond=None)[0]
    curvature = np.zeros((size, size))
    curvature[rows, columns] = -fitted[size + 1 :]
    # a Newton step to the top, no farther than the cloud reaches
    values, vectors = np.linalg.eigh(curvature + curvature.T)
    values = np.maximum(values, LEAST_CURVATURE)
    step = vectors @ (vectors.T @ fitted[1 : size + 1] / values)
    reach = 2 * np.sqrt(len(step))
    step *= min(1.0, reach / max(np.linalg.norm(step), 1e-12))
    return centre + root @ step, root @ (vectors / np.sqrt(values))
