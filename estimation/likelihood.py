"""What a posterior needs of a likelihood."""

from typing import Protocol

import numpy as np


class Likelihood(Protocol):
    """Log likelihood of parameter vectors, whose data it already holds."""

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """Log likelihood [w] of ``parameters`` [w, n_parameters] in the order of the surrogate.

        ``generator`` supplies fresh random numbers; ``None`` asks for the same ones at every call, so that
        the likelihood is a function of the parameters alone. ``measurement_sd`` is [w, n_y], or ``None``
        where the likelihood knows it.
        """
        ...
