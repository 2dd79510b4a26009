"""The parameters that an estimate moves, and how far."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from estimation.moments.series import Array
from estimation.posterior import Posterior
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, OutsideBox, unknown_name


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
        found = np.tile(self.base, (len(theta), 1))
        found[:, [self.surrogate.parameter_names.index(name) for name in self.names]] = theta
        return found

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
