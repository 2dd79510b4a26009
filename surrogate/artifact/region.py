"""The part of a parameter box where a surrogate is certified.

A box is a claim that an equilibrium exists everywhere in it. Where it does not, the card carries a quadratic
discriminant: with ``u = (t(theta) - center) / scale`` element by element, where ``t`` is the identity,
``log theta`` or ``log(1 - theta)``, a vector belongs to the region where
``constant + linear . u + u' quadratic u <= 0``.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BrokenArtifact

TRANSFORMS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "identity": lambda theta: theta,
    "log": np.log,
    "log_one_minus": lambda theta: np.log1p(-theta),
}


@dataclass(frozen=True)
class Region:
    """A quadratic discriminant over n parameters, in the order of the card.

    `transforms`, `center`, `scale` and `linear` have n entries, `quadratic` n rows of n. `description` says
    in words what holds inside.
    """

    description: str
    transforms: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    constant: float
    linear: tuple[float, ...]
    quadratic: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        size = len(self.transforms)
        lengths = [len(self.center), len(self.scale), len(self.linear), len(self.quadratic)]
        lengths += [len(row) for row in self.quadratic]
        if set(lengths) - {size}:
            raise BrokenArtifact("The region in the card has vectors of different lengths.")
        if unknown := set(self.transforms) - TRANSFORMS.keys():
            raise BrokenArtifact(f"The region in the card uses an unknown transform {unknown.pop()!r}.")
        numbers = [self.constant, *self.center, *self.scale, *self.linear, *sum(self.quadratic, ())]
        if not np.isfinite(numbers).all() or min(self.scale, default=1.0) <= 0:
            raise BrokenArtifact(
                "The region in the card has numbers that are not finite, or a scale of zero."
            )

    def discriminant(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Its value at theta [w, n]: float64 [w], at most 0 inside, NaN where t is undefined."""
        rows = np.atleast_2d(np.asarray(theta, dtype=float))
        with np.errstate(invalid="ignore", divide="ignore"):
            u = (self._transformed(rows) - self._center) / self._scale
            return self.constant + np.sum((self._linear + u @ self._quadratic) * u, axis=1)

    def contains(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Whether each row of theta [w, n] lies in the region: bool [w]."""
        return self.discriminant(theta) <= 0

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Region":
        """Rebuild a region from `to_dict`; raises BrokenArtifact if something is missing or malformed."""
        try:
            return cls(
                description=str(values["description"]),
                transforms=tuple(values["transforms"]),
                center=_numbers(values["center"]),
                scale=_numbers(values["scale"]),
                constant=_number(values["constant"]),
                linear=_numbers(values["linear"]),
                quadratic=tuple(_numbers(row) for row in values["quadratic"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BrokenArtifact(f"The region in the card cannot be read ({error!r}).") from error

    def _transformed(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        transformed = np.empty_like(theta)
        for name, columns in self._columns.items():
            transformed[:, columns] = TRANSFORMS[name](theta[:, columns])
        return transformed

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.intp]]:
        """Which parameters each transform applies to."""
        return {name: np.flatnonzero(np.array(self.transforms) == name) for name in set(self.transforms)}

    @cached_property
    def _center(self) -> NDArray[np.float64]:
        return np.array(self.center)

    @cached_property
    def _scale(self) -> NDArray[np.float64]:
        return np.array(self.scale)

    @cached_property
    def _linear(self) -> NDArray[np.float64]:
        return np.array(self.linear)

    @cached_property
    def _quadratic(self) -> NDArray[np.float64]:
        return np.array(self.quadratic)


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(_number(value) for value in values)


def _number(value: Any) -> float:
    if isinstance(value, str | bool):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
