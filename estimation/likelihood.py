"""What a posterior needs of a likelihood, and the filters as one."""

import copy
from typing import Protocol

import numpy as np
import pandas as pd

from estimation.filters import InversionFilter, ParticleFilter

VECTORS_PER_CALL = 32
VECTORS_PER_INVERSION = 512


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


class FilterLikelihood:
    """A particle filter applied to one sample.

    Parameters
    ----------
    particle_filter : unbiased likelihood of many parameter vectors at once.
    data : observations [T, n_y] whose columns are the filter's observables; NaN is missing.
    seed : of the common random numbers.
    """

    def __init__(self, particle_filter: ParticleFilter, data: pd.DataFrame, seed: int = 0) -> None:
        self.observations = data[list(particle_filter.state_space.observables)].to_numpy(dtype=float)
        self.seed = seed
        self._fresh, self._common = copy.copy(particle_filter), copy.copy(particle_filter)
        self._fresh.common_random_numbers = False
        self._common.common_random_numbers = True

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`Likelihood`; a few dozen vectors are filtered at a time."""
        blocks = range(0, len(parameters), VECTORS_PER_CALL)
        return np.concatenate(
            [
                self._block(
                    parameters[first : first + VECTORS_PER_CALL],
                    generator,
                    None if measurement_sd is None else measurement_sd[first : first + VECTORS_PER_CALL],
                )
                for first in blocks
            ]
        )

    def _block(
        self, parameters: np.ndarray, generator: np.random.Generator | None, measurement_sd: np.ndarray | None
    ) -> np.ndarray:
        if generator is not None:
            return self._fresh.log_likelihood(parameters, self.observations, generator, measurement_sd)
        generator = np.random.default_rng(self.seed)
        return self._common.log_likelihood(parameters, self.observations, generator, measurement_sd)


class InversionLikelihood:
    """The inversion filter applied to one sample; it has neither random numbers nor measurement error.

    Parameters
    ----------
    inversion : the filter.
    data : observations [T, n_y] whose columns are the filter's observables; NaN is missing.
    """

    def __init__(self, inversion: InversionFilter, data: pd.DataFrame) -> None:
        self.inversion = inversion
        self.observations = data[list(inversion.state_space.observables)].to_numpy(dtype=float)

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`Likelihood`; `generator` and `measurement_sd` make no difference."""
        blocks = range(0, len(parameters), VECTORS_PER_INVERSION)
        parts = (parameters[first : first + VECTORS_PER_INVERSION] for first in blocks)
        return np.concatenate([self.inversion.log_likelihood(part, self.observations) for part in parts])
