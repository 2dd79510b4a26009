"""Depths: how far a log likelihood lies below the peak, drawn together where nothing depends on them.

Far below the peak a log likelihood falls by thousands, near it tenths matter. Regression sees depths as they
are down to a limit, and their logarithm beyond:

    h(d) = d for d <= limit,   limit (1 + log(d / limit)) for d > limit

which is continuous with its derivative.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEEPEST = 1e6
"""In place of an infinite depth, where the likelihood is zero."""


def drawn_together(depth: Array, limit: float) -> Array:
    """h of depths of any shape; an infinite depth counts as :data:`DEEPEST`."""
    beyond = np.clip(depth, limit, DEEPEST)
    return np.where(depth > limit, limit * (1 + np.log(beyond / limit)), depth)


def slope(depth: Array, limit: float) -> Array:
    """h' of depths of any shape."""
    return limit / np.clip(depth, limit, DEEPEST)


def spread_out(value: Array, limit: float) -> Array:
    """The depth d with h(d) = ``value``, of any shape."""
    return np.where(value > limit, limit * np.exp(np.maximum(value / limit - 1, 0)), value)
