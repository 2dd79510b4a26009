"""Likelihood by the Hamilton filter: sums over the paths of an economy whose shock has two outcomes."""

from dataclasses import dataclass

import pandas as pd

from ..filters import HamiltonFilter
from ..filters.state_space import StateSpace
from ..sampling.posterior import Posterior
from ..settings import PREFIX, at_most, read_measurement_error
from .method import DeterministicLikelihood, Ingredients, Method, register

HAMILTON = "hamilton"


class HamiltonLikelihood(DeterministicLikelihood):
    """The Hamilton filter applied to one sample."""

    vectors_per_call = 64

    def __init__(self, hamilton: HamiltonFilter, data: pd.DataFrame) -> None:
        super().__init__(hamilton, data)
        self.burn_in = hamilton.state_space.burn_in


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
