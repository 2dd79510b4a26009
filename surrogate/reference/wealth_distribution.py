"""Who owns how much: Lorenz curves, the Gini coefficient and shares of wealth of a histogram.

A histogram has masses at nodes of wealth. Masses may be slightly negative where four nodes share them
(`surrogate.reference.lottery`); a curve that must rise is drawn through what it has reached so far.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BadData

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lorenz:
    """Lorenz curves of histograms [..., n]: population [..., n + 1] and its share of wealth [..., n + 1].

    Both run from zero to one, from the poorest to the richest.
    """

    population: Array
    wealth: Array

    def gini(self) -> Array:
        """The Gini coefficient [...]: twice the area between the curve and the diagonal."""
        width = np.diff(self.population, axis=-1)
        height = self.wealth[..., 1:] + self.wealth[..., :-1]
        return 1 - (width * height).sum(axis=-1)

    def share(self, low: float, high: float) -> Array:
        """Share of wealth [...] of the people between the quantiles `low` and `high`, .9 and 1 for example.

        Raises
        ------
        BadData : quantiles that are not between zero and one, in this order.
        """
        if not 0 <= low < high <= 1:
            raise BadData(f"people between the quantiles {low:g} and {high:g}: give 0 <= low < high <= 1.")
        shape = self.population.shape
        curves = zip(self.population.reshape(-1, shape[-1]), self.wealth.reshape(-1, shape[-1]), strict=True)
        ends = np.array([np.interp([low, high], *curve) for curve in curves])
        return (ends[:, 1] - ends[:, 0]).reshape(shape[:-1])


def lorenz(nodes: Array, masses: Array) -> Lorenz:
    """Lorenz curves of `masses` [..., n] at wealth `nodes` [n], rising and not negative.

    Raises
    ------
    BadData : masses that are not finite or add up to nothing, or where nobody owns anything.
    """
    population, wealth = np.cumsum(masses, axis=-1), np.cumsum(masses * nodes, axis=-1)
    if not (np.all(population[..., -1] > 0) and np.all(wealth[..., -1] > 0)):
        raise BadData("a histogram without mass or without wealth has no Lorenz curve: look at its masses.")
    return Lorenz(_share(population), _share(wealth))


def _share(total: Array) -> Array:
    rising = np.maximum.accumulate(np.clip(total / total[..., -1:], 0.0, 1.0), axis=-1)
    return np.concatenate([np.zeros_like(rising[..., :1]), rising], axis=-1)
