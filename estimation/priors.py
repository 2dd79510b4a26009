"""Prior densities by (mean, sd) under Dynare's names, truncated to the box of the surrogate.

The truncated density is renormalised, so it integrates to one over the box. Conventions are those of
:mod:`estimation.densities`.
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from surrogate.errors import BadConfiguration, shown

from .densities import DISTRIBUTIONS, KERNELS, Distribution, canonical_density, require

BEYOND_REASON = 1e100
"""Numbers of which, or of whose inverse, squares and ratios could overflow."""
LEAST_MASS = 0.05
NOTICEABLE_CUT = 0.05


@dataclass(frozen=True)
class Prior:
    """One prior density, possibly truncated to an interval; build it with :func:`make_prior`.

    Attributes
    ----------
    density : Dynare's name, such as ``"gamma_pdf"``.
    distribution : the frozen ``scipy.stats`` distribution before truncation.
    lower, upper : ends of the truncation interval.
    settings : what the user wrote (mean, sd, ...), kept for fingerprints and tables.
    """

    density: str
    distribution: Distribution
    lower: float = -np.inf
    upper: float = np.inf
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def mass(self) -> float:
        """Probability that the density without truncation gives to the interval."""
        return float(self.distribution.cdf(self.upper) - self.distribution.cdf(self.lower))

    @property
    def mean(self) -> float:
        """Mean of the density without truncation; infinite where its tail is too heavy to have one."""
        return float(self.distribution.mean()) if self._moments_below > 1 else np.inf

    @property
    def sd(self) -> float:
        """Standard deviation of the density without truncation; infinite where its tail is too heavy."""
        return float(self.distribution.std()) if self._moments_below > 2 else np.inf

    @property
    def _moments_below(self) -> float:
        """The order below which moments exist; beyond it SciPy continues their formulas to any number."""
        shape = self.distribution.args[0]
        return {"inv_gamma_pdf": 2 * shape, "inv_gamma2_pdf": shape}.get(self.density, np.inf)

    def log_density(self, value: np.ndarray) -> np.ndarray:
        """Log density of the truncated, renormalised prior; minus infinity outside the interval."""
        value = np.asarray(value, dtype=float)
        inside = (value >= self.lower) & (value <= self.upper)
        with np.errstate(divide="ignore", invalid="ignore"):
            density = self.distribution.logpdf(value) - math.log(self.mass)
        return np.where(inside, density, -np.inf)

    def cdf(self, value: np.ndarray) -> np.ndarray:
        """Distribution function of the truncated prior."""
        start = self.distribution.cdf(self.lower)
        return np.clip((self.distribution.cdf(value) - start) / self.mass, 0.0, 1.0)

    def ppf(self, probability: np.ndarray) -> np.ndarray:
        """Quantile function of the truncated prior."""
        start = self.distribution.cdf(self.lower)
        value = self.distribution.ppf(start + np.asarray(probability) * self.mass)
        return np.clip(value, self.lower, self.upper)

    def draw(self, size: int, generator: np.random.Generator) -> np.ndarray:
        """Independent draws [size] of the truncated prior."""
        return self.ppf(generator.random(size))

    def truncated(self, lower: float, upper: float) -> "Prior":
        """Cut the prior to [lower, upper], within any truncation it already has."""
        lower, upper = max(lower, self.lower), min(upper, self.upper)
        return Prior(self.density, self.distribution, lower, upper, self.settings)


def make_prior(
    density: str,
    mean: float | None = None,
    sd: float | None = None,
    *,
    s: float | None = None,
    nu: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
    truncate: tuple[float, float] | None = None,
) -> Prior:
    """Build a prior from Dynare's name of the density.

    Parameters
    ----------
    density : ``beta_pdf``, ``gamma_pdf``, ``normal_pdf``, ``inv_gamma_pdf`` (type 1, of a standard
        deviation), ``inv_gamma2_pdf`` (of a variance) or ``uniform_pdf``; or short, such as ``gamma``.
    mean, sd : moments of the density before truncation.
    s, nu : instead of mean and sd, for the inverse gammas only: ``inv_gamma_pdf`` is proportional to
        ``sigma^-(nu+1) exp(-nu s^2 / (2 sigma^2))``; ``inv_gamma2_pdf`` is the density of its square.
    lower, upper : where the density itself begins and ends (Dynare's third and fourth prior parameter):
        both for ``beta_pdf`` (default 0 and 1) and, instead of mean and sd, for ``uniform_pdf``; ``lower``
        alone moves the origin of the gamma family.
    truncate : cut the density to this interval and renormalise.

    Raises
    ------
    UnknownName : unknown density.
    BadConfiguration : moments that the density cannot have, or a combination that means nothing.
    """
    name = canonical_density(density)
    given = {"mean": mean, "sd": sd, "s": s, "nu": nu, "lower": lower, "upper": upper}
    settings = {key: _number(name, key, value) for key, value in given.items() if value is not None}
    prior = Prior(name, DISTRIBUTIONS[name](settings), settings=settings)
    if truncate is None:
        return prior
    cut = prior.truncated(*_interval(name, truncate))
    require(cut.mass > 0, f"{name} has no mass between {cut.lower:g} and {cut.upper:g}, to which it is cut.")
    return cut


def _number(name: str, key: str, value: object) -> float:
    """One setting of a density as a finite number; an sd that does not exist is infinite, as in Dynare."""
    try:
        number = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    usual = number == 0 or 1 / BEYOND_REASON < abs(number) < BEYOND_REASON
    endless = name == "inv_gamma_pdf" and key == "sd" and number == math.inf
    require(usual or endless, f"{name}: {key} must be a finite number, not {shown(value)}.")
    return number


def _interval(name: str, ends: object) -> tuple[float, float]:
    """The two ends, the first below the second, of an interval that a user has written."""
    try:
        low, high = (float(end) for end in ends)  # pyright: ignore[reportGeneralTypeIssues]
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    require(low < high, f"{name}: truncate must be [lower, upper], not {shown(ends)}.")
    return low, high


class JointDensity:
    """Log density of independent truncated priors: one formula a family, over all that share it.

    A sampler asks for the prior of every proposal. ``scipy.stats`` answers for one parameter at a time and
    checks its arguments anew: milliseconds for a dozen parameters, more than a fast likelihood takes. Here
    SciPy supplies the parameters and, once, the constant of each density.

    Parameters
    ----------
    priors : one for each column of the arguments.
    """

    def __init__(self, priors: Sequence[Prior]) -> None:
        self._lower = np.array([prior.lower for prior in priors])
        self._upper = np.array([prior.upper for prior in priors])
        self._families = [
            (name, np.array([column for column, prior in enumerate(priors) if prior.density == name]))
            for name in dict.fromkeys(prior.density for prior in priors)
        ]
        self._arguments = {
            name: np.array([_arguments(priors[column]) for column in columns]).T
            for name, columns in self._families
        }
        medians = np.array([[float(prior.ppf(np.array(0.5))) for prior in priors]])
        densities = [float(prior.log_density(value)) for prior, value in zip(priors, medians[0], strict=True)]
        self._constant = np.sum(densities) - float(self._kernel(medians)[0])

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Joint log density [w] at ``theta`` [w, n]; minus infinity outside the supports."""
        inside = ((theta >= self._lower) & (theta <= self._upper)).all(axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            total = self._kernel(theta) + self._constant
        return np.where(inside & ~np.isnan(total), total, -np.inf)

    def _kernel(self, theta: np.ndarray) -> np.ndarray:
        total = np.zeros(len(theta))
        for name, columns in self._families:
            total += KERNELS[name](theta[:, columns], *self._arguments[name]).sum(axis=1)
        return total


def _arguments(prior: Prior) -> list[float]:
    """What the family's kernel takes, from the frozen distribution of ``scipy.stats``."""
    frozen = prior.distribution
    return [float(value) for value in (*frozen.args, *frozen.kwds.values())]


class PriorSet:
    """Independent priors of named parameters, in the order in which they were given."""

    def __init__(self, priors: Mapping[str, Prior]) -> None:
        """Keep ``priors`` in order; the columns of every ``theta`` below follow that order."""
        self.priors = dict(priors)
        self.names = tuple(self.priors)

    @cached_property
    def _joint(self) -> JointDensity:
        return JointDensity(list(self.priors.values()))

    def __getitem__(self, name: str) -> Prior:
        """Return the prior of one parameter."""
        return self.priors[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the parameter names."""
        return iter(self.names)

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self.names)

    def log_density(self, theta: np.ndarray) -> np.ndarray:
        """Joint log density [w] of parameter vectors ``theta`` [w, n]."""
        return self._joint(np.asarray(theta, dtype=float))

    def draw(self, size: int, generator: np.random.Generator) -> np.ndarray:
        """Independent draws [size, n]."""
        return self.from_unit(generator.random((size, len(self))))

    def from_unit(self, probability: np.ndarray) -> np.ndarray:
        """Map points [w, n] of the unit cube to parameters by the quantile functions."""
        columns = zip(self.priors.values(), np.asarray(probability).T, strict=True)
        return np.stack([prior.ppf(column) for prior, column in columns], axis=1)

    def to_unit(self, theta: np.ndarray) -> np.ndarray:
        """Map parameters [w, n] to points of the unit cube by the distribution functions."""
        columns = zip(self.priors.values(), np.asarray(theta, dtype=float).T, strict=True)
        return np.stack([prior.cdf(column) for prior, column in columns], axis=1)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends [n] of the supports after truncation."""
        ends = [prior.ppf(np.array([0.0, 1.0])) for prior in self.priors.values()]
        return np.array([end[0] for end in ends]), np.array([end[1] for end in ends])


def cut_to_box(
    priors: PriorSet, ranges: Mapping[str, tuple[float, float]], limit: str = "The surrogate's box"
) -> PriorSet:
    """Truncate each prior to the range in which its parameter can be, saying what that cuts off.

    Parameters
    ----------
    priors : the priors as the user wants them.
    ranges : parameter -> (lower, upper); parameters without a range are left alone.
    limit : what sets the ranges, for messages.

    Raises
    ------
    BadConfiguration : hardly any mass of a prior lies inside its range.

    Warns
    -----
    UserWarning : once, naming every prior that loses more than a twentieth of its mass.
    """
    cut = {
        name: prior.truncated(*ranges.get(name, (-np.inf, np.inf))) for name, prior in priors.priors.items()
    }
    losses = [_loss(name, priors[name], cut[name], limit) for name in priors]
    if any(losses):
        warnings.warn(
            f"{limit} cuts priors off; what is left of each is scaled up to integrate to one: "
            + "; ".join(loss for loss in losses if loss),
            stacklevel=2,
        )
    return PriorSet(cut)


def _loss(name: str, prior: Prior, cut: Prior, limit: str) -> str:
    """Say how much of a prior the cut takes away; empty if that is negligible."""
    share = cut.mass / prior.mass if cut.lower < cut.upper else 0.0
    described, interval = f"{name} ({describe(prior)})", f"[{cut.lower:g}, {cut.upper:g}]"
    if share < LEAST_MASS:
        raise BadConfiguration(
            f"The prior of {described} has only {share:.1%} of its mass in {interval}. {limit} ends there: "
            "change the prior, or use a surrogate solved over a wider box."
        )
    if share >= 1 - NOTICEABLE_CUT:
        return ""
    start, end = prior.distribution.cdf(np.array([prior.lower, prior.upper]))
    below = (prior.distribution.cdf(cut.lower) - start) / prior.mass
    above = (end - prior.distribution.cdf(cut.upper)) / prior.mass
    return f"  {described}: {1 - share:.1%} lost outside {interval}, {below:.1%} below and {above:.1%} above"


def describe(prior: Prior) -> str:
    """One short text such as ``gamma_pdf, mean 2, sd 0.5``."""
    return ", ".join([prior.density, *(f"{key} {value:g}" for key, value in prior.settings.items())])
