"""Prior densities by (mean, sd) under Dynare's names, truncated to the box of the surrogate.

The truncated density is renormalised, so it integrates to one over the box. Conventions follow the Dynare
reference manual ("estimated_params"); the inverse gamma of type 1 is a density of the standard deviation
itself and is also accepted in the form of Herbst and Schorfheide (2015),
``sigma^-(nu+1) exp(-nu s^2 / (2 sigma^2))``.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaln

from estimation.densities import JointDensity
from surrogate.errors import BadConfiguration, shown, unknown_name

SHORT_NAMES = {
    "beta": "beta_pdf",
    "gamma": "gamma_pdf",
    "normal": "normal_pdf",
    "invgamma": "inv_gamma_pdf",
    "inv_gamma": "inv_gamma_pdf",
    "invgamma1": "inv_gamma_pdf",
    "inv_gamma1": "inv_gamma_pdf",
    "inv_gamma1_pdf": "inv_gamma_pdf",
    "invgamma2": "inv_gamma2_pdf",
    "inv_gamma2": "inv_gamma2_pdf",
    "uniform": "uniform_pdf",
}
BEYOND_REASON = 1e100
"""Numbers of which, or of whose inverse, squares and ratios could overflow."""
LEAST_MASS = 0.05
NOTICEABLE_CUT = 0.05


# A frozen continuous distribution of scipy.stats, for which SciPy has no public type
Distribution = Any


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
    prior = Prior(name, _BUILDERS[name](settings), settings=settings)
    if truncate is None:
        return prior
    cut = prior.truncated(*_interval(name, truncate))
    _require(cut.mass > 0, f"{name} has no mass between {cut.lower:g} and {cut.upper:g}, to which it is cut.")
    return cut


def _number(name: str, key: str, value: object) -> float:
    """One setting of a density as a finite number; an sd that does not exist is infinite, as in Dynare."""
    try:
        number = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    usual = number == 0 or 1 / BEYOND_REASON < abs(number) < BEYOND_REASON
    endless = name == "inv_gamma_pdf" and key == "sd" and number == math.inf
    _require(usual or endless, f"{name}: {key} must be a finite number, not {shown(value)}.")
    return number


def _interval(name: str, ends: object) -> tuple[float, float]:
    """The two ends, the first below the second, of an interval that a user has written."""
    try:
        low, high = (float(end) for end in ends)  # pyright: ignore[reportGeneralTypeIssues]
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    _require(low < high, f"{name}: truncate must be [lower, upper], not {shown(ends)}.")
    return low, high


def canonical_density(density: str) -> str:
    """Return Dynare's name for any accepted spelling of a density."""
    written = str(density).lower()
    name = SHORT_NAMES.get(written, written)
    if name not in _BUILDERS:
        raise unknown_name("prior density", density, [*_BUILDERS, *SHORT_NAMES])
    return name


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


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise BadConfiguration(message)


def _moments(name: str, settings: Mapping[str, float], allowed: tuple[str, ...] = ()) -> tuple[float, float]:
    stray = set(settings) - {"mean", "sd", *allowed}
    hint = " Use truncate to cut a density." if stray & {"lower", "upper"} else ""
    _require(not stray, f"{name} does not take {', '.join(sorted(stray))}.{hint}")
    _require({"mean", "sd"} <= set(settings), f"{name} needs mean and sd.")
    _require(settings["sd"] > 0, f"{name} needs a positive sd, not {settings['sd']:g}.")
    return settings["mean"], settings["sd"]


def _normal(settings: Mapping[str, float]) -> Distribution:
    mean, sd = _moments("normal_pdf", settings)
    return stats.norm(mean, sd)


def _gamma(settings: Mapping[str, float]) -> Distribution:
    mean, sd = _moments("gamma_pdf", settings, ("lower",))
    origin = settings.get("lower", 0.0)
    _require(mean > origin, f"gamma_pdf needs a mean above its lower end {origin:g}, not {mean:g}.")
    shape = ((mean - origin) / sd) ** 2
    return stats.gamma(shape, loc=origin, scale=sd**2 / (mean - origin))


def _beta(settings: Mapping[str, float]) -> Distribution:
    mean, sd = _moments("beta_pdf", settings, ("lower", "upper"))
    lower, upper = settings.get("lower", 0.0), settings.get("upper", 1.0)
    _require(lower < mean < upper, f"beta_pdf needs a mean between {lower:g} and {upper:g}, not {mean:g}.")
    centre, variance = (mean - lower) / (upper - lower), (sd / (upper - lower)) ** 2
    total = centre * (1 - centre) / variance - 1
    _require(total > 0, f"beta_pdf on [{lower:g}, {upper:g}] with mean {mean:g} cannot have an sd of {sd:g}.")
    return stats.beta(centre * total, (1 - centre) * total, loc=lower, scale=upper - lower)


def _uniform(settings: Mapping[str, float]) -> Distribution:
    if {"lower", "upper"} == set(settings):
        lower, upper = settings["lower"], settings["upper"]
    else:
        _require(not {"lower", "upper"} & set(settings), "uniform_pdf takes mean and sd, or lower and upper.")
        mean, sd = _moments("uniform_pdf", settings)
        lower, upper = mean - math.sqrt(3) * sd, mean + math.sqrt(3) * sd
    _require(lower < upper, f"uniform_pdf needs lower < upper, not {lower:g} and {upper:g}.")
    return stats.uniform(lower, upper - lower)


def _inverse_gamma_terms(name: str, settings: Mapping[str, float]) -> tuple[float, float] | None:
    """Return (nu, nu s^2) when the density is given by s and nu, else None."""
    if not {"s", "nu"} & set(settings):
        return None
    stray = set(settings) - {"s", "nu", "lower"}
    _require({"s", "nu"} <= set(settings) and not stray, f"{name} takes mean and sd, or s and nu.")
    _require(min(settings["s"], settings["nu"]) > 0, f"{name} needs positive s and nu.")
    return settings["nu"], settings["nu"] * settings["s"] ** 2


def _inverse_gamma_1(settings: Mapping[str, float]) -> Distribution:
    terms = _inverse_gamma_terms("inv_gamma_pdf", settings)
    origin = settings.get("lower", 0.0)
    if terms is None:
        mean, sd = _moments("inv_gamma_pdf", settings, ("lower",))
        _require(mean > origin, f"inv_gamma_pdf needs a mean above its lower end {origin:g}, not {mean:g}.")
        terms = _inverse_gamma_1_from_moments(mean - origin, sd)
    nu, scale = terms
    # gengamma with c = -2 is the square root of an inverse gamma variable
    return stats.gengamma(nu / 2, -2, loc=origin, scale=math.sqrt(scale / 2))


def _inverse_gamma_1_from_moments(mean: float, sd: float) -> tuple[float, float]:
    """Solve for (nu, nu s^2) of the inverse gamma of type 1; an infinite sd means nu = 2, as in Dynare."""

    def log_gamma_ratio(nu: float) -> float:
        return float(gammaln((nu - 1) / 2) - gammaln(nu / 2))

    def gap(nu: float) -> float:
        return math.log(2 / (nu - 2)) - 2 * log_gamma_ratio(nu) - math.log1p((sd / mean) ** 2)

    if math.isinf(sd):
        nu = 2.0
    else:
        try:
            nu = float(brentq(gap, 2 + 1e-12, 1e7))  # pyright: ignore[reportArgumentType]
        except ValueError:
            raise BadConfiguration(f"inv_gamma_pdf cannot have mean {mean:g} and sd {sd:g}.") from None
    return nu, 2 * mean**2 * math.exp(-2 * log_gamma_ratio(nu))


def _inverse_gamma_2(settings: Mapping[str, float]) -> Distribution:
    terms = _inverse_gamma_terms("inv_gamma2_pdf", settings)
    origin = settings.get("lower", 0.0)
    if terms is None:
        mean, sd = _moments("inv_gamma2_pdf", settings, ("lower",))
        _require(mean > origin, f"inv_gamma2_pdf needs a mean above its lower end {origin:g}, not {mean:g}.")
        nu = 4 + 2 * ((mean - origin) / sd) ** 2
        terms = (nu, (mean - origin) * (nu - 2))
    nu, scale = terms
    return stats.invgamma(nu / 2, loc=origin, scale=scale / 2)


_BUILDERS = {
    "beta_pdf": _beta,
    "gamma_pdf": _gamma,
    "normal_pdf": _normal,
    "inv_gamma_pdf": _inverse_gamma_1,
    "inv_gamma2_pdf": _inverse_gamma_2,
    "uniform_pdf": _uniform,
}
