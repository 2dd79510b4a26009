"""Many independent prior densities at once: one formula a family, over all parameters that share it.

A sampler asks for the prior of every proposal. ``scipy.stats`` answers for one parameter at a time and checks
its arguments anew: milliseconds for a dozen parameters, more than a fast likelihood takes. Here SciPy
supplies the parameters and, once, the constant of each density.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy

if TYPE_CHECKING:
    from estimation.priors import Prior

Array = np.ndarray


def _normal(value: Array, mean: Array, sd: Array) -> Array:
    return -0.5 * ((value - mean) / sd) ** 2


def _gamma(value: Array, shape: Array, origin: Array, scale: Array) -> Array:
    distance = value - origin
    return xlogy(shape - 1, distance) - distance / scale


def _beta(value: Array, a: Array, b: Array, origin: Array, width: Array) -> Array:
    distance = value - origin
    return xlogy(a - 1, distance) + xlogy(b - 1, width - distance)


def _inverse_gamma_1(value: Array, shape: Array, power: Array, origin: Array, scale: Array) -> Array:
    distance = (value - origin) / scale
    return xlogy(power * shape - 1, distance) - distance**power


def _inverse_gamma_2(value: Array, shape: Array, origin: Array, scale: Array) -> Array:
    distance = value - origin
    return xlogy(-shape - 1, distance) - scale / distance


def _uniform(value: Array, origin: Array, width: Array) -> Array:
    return np.zeros_like(value)


KERNELS: dict[str, Callable[..., Array]] = {
    "beta_pdf": _beta,
    "gamma_pdf": _gamma,
    "normal_pdf": _normal,
    "inv_gamma_pdf": _inverse_gamma_1,
    "inv_gamma2_pdf": _inverse_gamma_2,
    "uniform_pdf": _uniform,
}
"""Log densities up to a constant; arguments are those of the frozen distributions in `estimation.priors`."""


class JointDensity:
    """Log density of independent truncated priors.

    Parameters
    ----------
    priors : one for each column of the arguments.
    """

    def __init__(self, priors: Sequence["Prior"]) -> None:
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

    def __call__(self, theta: Array) -> Array:
        """Joint log density [w] at ``theta`` [w, n]; minus infinity outside the supports."""
        inside = ((theta >= self._lower) & (theta <= self._upper)).all(axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            total = self._kernel(theta) + self._constant
        return np.where(inside & ~np.isnan(total), total, -np.inf)

    def _kernel(self, theta: Array) -> Array:
        total = np.zeros(len(theta))
        for name, columns in self._families:
            total += KERNELS[name](theta[:, columns], *self._arguments[name]).sum(axis=1)
        return total


def _arguments(prior: "Prior") -> list[float]:
    """What the family's kernel takes, from the frozen distribution of ``scipy.stats``."""
    frozen = prior.distribution
    return [float(value) for value in (*frozen.args, *frozen.kwds.values())]
