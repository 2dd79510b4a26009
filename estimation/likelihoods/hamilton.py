"""Likelihood by the Hamilton filter: sums over the paths of an economy whose shock has two outcomes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..filters import HamiltonFilter
from ..filters.state_space import Paths, StateSpace
from ..sampling.posterior import Likelihood, Posterior
from ..settings import PREFIX, at_most, read_measurement_error
from .method import Ingredients, Method, in_blocks, register

HAMILTON = "hamilton"
VECTORS_PER_CALL = 64


class HamiltonLikelihood(Likelihood):
    """The Hamilton filter applied to one sample.

    Parameters
    ----------
    hamilton : the filter.
    data : observations [T, n_y] whose columns are the filter's observables; NaN is missing.
    """

    def __init__(self, hamilton: HamiltonFilter, data: pd.DataFrame) -> None:
        self.hamilton = hamilton
        self.observations = data[list(hamilton.state_space.observables)].to_numpy(dtype=float)
        self.burn_in = hamilton.state_space.burn_in

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`estimation.sampling.posterior.Likelihood`; nothing is random."""

        def block(rows: slice) -> np.ndarray:
            sd = None if measurement_sd is None else measurement_sd[rows]
            return self.hamilton.log_likelihood(parameters[rows], self.observations, sd)

        return in_blocks(block, len(parameters), VECTORS_PER_CALL)

    def paths(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: np.ndarray | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """See :class:`estimation.sampling.posterior.Likelihood`."""
        simulate = self.hamilton.smoothed_paths if smoothed else self.hamilton.filtered_paths
        return simulate(parameters, self.observations, generator, draws, measurement_sd)


@register(HAMILTON)
@dataclass(frozen=True)
class HamiltonSettings(Method):
    """The Hamilton filter as likelihood, for an economy whose only shock has two outcomes.

    Attributes
    ----------
    paths : how many go on from each period.
    burn_in : periods before the sample, in which the economy forgets the steady state.
    """

    paths: int = at_most(1_000_000, default=256)
    burn_in: int = at_most(10_000, default=100)
    method: str = HAMILTON

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`."""
        estimated = [name for name in given.priors if name.startswith(PREFIX)]
        measurement = read_measurement_error(given.data, given.measurement_error, estimated)
        space = StateSpace(given.surrogate, measurement.observables, burn_in=self.burn_in)
        likelihood = HamiltonLikelihood(HamiltonFilter(space, self.paths), given.data)
        return Posterior(
            given.surrogate, likelihood, given.priors, given.fixed, measurement, common_random_numbers=True
        )
