"""Families of prior densities under Dynare's names: from mean and sd to a distribution, and kernels.

Conventions follow the Dynare reference manual ("estimated_params"); the inverse gamma of type 1 is a density
of the standard deviation itself and is also accepted in the form of Herbst and Schorfheide (2015),
``sigma^-(nu+1) exp(-nu s^2 / (2 sigma^2))``.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaln, xlogy

from surrogate.errors import BadConfiguration, unknown_name

Array = np.ndarray
# A frozen continuous distribution of scipy.stats, for which SciPy has no public type
Distribution = Any

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


def canonical_density(density: str) -> str:
    """Return Dynare's name for any accepted spelling of a density."""
    written = str(density).lower()
    name = SHORT_NAMES.get(written, written)
    if name not in DISTRIBUTIONS:
        raise unknown_name("prior density", density, [*DISTRIBUTIONS, *SHORT_NAMES])
    return name


def require(condition: bool, message: str) -> None:
    """Raise ``BadConfiguration`` with a message unless a condition holds."""
    if not condition:
        raise BadConfiguration(message)


def _moments(name: str, settings: Mapping[str, float], allowed: tuple[str, ...] = ()) -> tuple[float, float]:
    stray = set(settings) - {"mean", "sd", *allowed}
    hint = " Use truncate to cut a density." if stray & {"lower", "upper"} else ""
    require(not stray, f"{name} does not take {', '.join(sorted(stray))}.{hint}")
    require({"mean", "sd"} <= set(settings), f"{name} needs mean and sd.")
    require(settings["sd"] > 0, f"{name} needs a positive sd, not {settings['sd']:g}.")
    return settings["mean"], settings["sd"]


def _normal(settings: Mapping[str, float]) -> Distribution:
    mean, sd = _moments("normal_pdf", settings)
    return stats.norm(mean, sd)


def _gamma(settings: Mapping[str, float]) -> Distribution:
    mean, sd = _moments("gamma_pdf", settings, ("lower",))
    origin = settings.get("lower", 0.0)
    require(mean > origin, f"gamma_pdf needs a mean above its lower end {origin:g}, not {mean:g}.")
    shape = ((mean - origin) / sd) ** 2
    return stats.gamma(shape, loc=origin, scale=sd**2 / (mean - origin))


def _beta(settings: Mapping[str, float]) -> Distribution:
    mean, sd = _moments("beta_pdf", settings, ("lower", "upper"))
    lower, upper = settings.get("lower", 0.0), settings.get("upper", 1.0)
    require(lower < mean < upper, f"beta_pdf needs a mean between {lower:g} and {upper:g}, not {mean:g}.")
    centre, variance = (mean - lower) / (upper - lower), (sd / (upper - lower)) ** 2
    total = centre * (1 - centre) / variance - 1
    require(total > 0, f"beta_pdf on [{lower:g}, {upper:g}] with mean {mean:g} cannot have an sd of {sd:g}.")
    return stats.beta(centre * total, (1 - centre) * total, loc=lower, scale=upper - lower)


def _uniform(settings: Mapping[str, float]) -> Distribution:
    if {"lower", "upper"} == set(settings):
        lower, upper = settings["lower"], settings["upper"]
    else:
        require(not {"lower", "upper"} & set(settings), "uniform_pdf takes mean and sd, or lower and upper.")
        mean, sd = _moments("uniform_pdf", settings)
        lower, upper = mean - math.sqrt(3) * sd, mean + math.sqrt(3) * sd
    require(lower < upper, f"uniform_pdf needs lower < upper, not {lower:g} and {upper:g}.")
    return stats.uniform(lower, upper - lower)


def _inverse_gamma_terms(name: str, settings: Mapping[str, float]) -> tuple[float, float] | None:
    """Return (nu, nu s^2) when the density is given by s and nu, else None."""
    if not {"s", "nu"} & set(settings):
        return None
    stray = set(settings) - {"s", "nu", "lower"}
    require({"s", "nu"} <= set(settings) and not stray, f"{name} takes mean and sd, or s and nu.")
    require(min(settings["s"], settings["nu"]) > 0, f"{name} needs positive s and nu.")
    return settings["nu"], settings["nu"] * settings["s"] ** 2


def _inverse_gamma_1(settings: Mapping[str, float]) -> Distribution:
    terms = _inverse_gamma_terms("inv_gamma_pdf", settings)
    origin = settings.get("lower", 0.0)
    if terms is None:
        mean, sd = _moments("inv_gamma_pdf", settings, ("lower",))
        require(mean > origin, f"inv_gamma_pdf needs a mean above its lower end {origin:g}, not {mean:g}.")
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
        require(mean > origin, f"inv_gamma2_pdf needs a mean above its lower end {origin:g}, not {mean:g}.")
        nu = 4 + 2 * ((mean - origin) / sd) ** 2
        terms = (nu, (mean - origin) * (nu - 2))
    nu, scale = terms
    return stats.invgamma(nu / 2, loc=origin, scale=scale / 2)


DISTRIBUTIONS: dict[str, Callable[[Mapping[str, float]], Distribution]] = {
    "beta_pdf": _beta,
    "gamma_pdf": _gamma,
    "normal_pdf": _normal,
    "inv_gamma_pdf": _inverse_gamma_1,
    "inv_gamma2_pdf": _inverse_gamma_2,
    "uniform_pdf": _uniform,
}
"""From what the user wrote, such as mean and sd, to a distribution of ``scipy.stats``."""


def _normal_kernel(value: Array, mean: Array, sd: Array) -> Array:
    return -0.5 * ((value - mean) / sd) ** 2


def _gamma_kernel(value: Array, shape: Array, origin: Array, scale: Array) -> Array:
    distance = value - origin
    return xlogy(shape - 1, distance) - distance / scale


def _beta_kernel(value: Array, a: Array, b: Array, origin: Array, width: Array) -> Array:
    distance = value - origin
    return xlogy(a - 1, distance) + xlogy(b - 1, width - distance)


def _inverse_gamma_1_kernel(value: Array, shape: Array, power: Array, origin: Array, scale: Array) -> Array:
    distance = (value - origin) / scale
    return xlogy(power * shape - 1, distance) - distance**power


def _inverse_gamma_2_kernel(value: Array, shape: Array, origin: Array, scale: Array) -> Array:
    distance = value - origin
    return xlogy(-shape - 1, distance) - scale / distance


def _uniform_kernel(value: Array, origin: Array, width: Array) -> Array:
    return np.zeros_like(value)


KERNELS: dict[str, Callable[..., Array]] = {
    "beta_pdf": _beta_kernel,
    "gamma_pdf": _gamma_kernel,
    "normal_pdf": _normal_kernel,
    "inv_gamma_pdf": _inverse_gamma_1_kernel,
    "inv_gamma2_pdf": _inverse_gamma_2_kernel,
    "uniform_pdf": _uniform_kernel,
}
"""Log densities up to a constant; arguments are those of the frozen distributions of `DISTRIBUTIONS`."""
