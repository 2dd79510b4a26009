"""What a posterior needs of a likelihood."""

from typing import Protocol, runtime_checkable

import numpy as np

from estimation.filters.paths import Paths


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


@runtime_checkable
class StateLikelihood(Likelihood, Protocol):
    """A likelihood that knows what the data say about states and shocks."""

    def paths(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: np.ndarray | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """Draws of states, controls, shocks and observables for each of ``parameters`` [w, n_parameters].

        Joint ones given the whole sample, or, if not ``smoothed``, for every period given the data up to it.
        Where nothing is random there is one draw, whatever ``draws``.
        """
        ...
