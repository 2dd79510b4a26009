"""Likelihood by the Kalman filter: exact for linear economies, else that of the first-order solution."""

from dataclasses import dataclass

import numpy as np

from ..filters import KalmanFilter
from ..filters.state_space import StateSpace
from ..sampling.posterior import Posterior
from ..settings import PREFIX, read_measurement_error
from .method import DeterministicLikelihood, Ingredients, Method, register

KALMAN = "kalman"
PRIOR_DRAWS = 16


class KalmanLikelihood(DeterministicLikelihood):
    """The Kalman filter applied to one sample."""

    filter: KalmanFilter
    vectors_per_call = 1024

    def require_regular(self, posterior: Posterior, seed: int) -> None:
        """Raise StochasticSingularity, before sampling, if observations determine one another at every draw
        of the prior.
        """
        draws = posterior.draw_prior(PRIOR_DRAWS, np.random.default_rng(seed))
        sd = posterior.measurement_sd(draws)
        self.filter.require_regular(posterior.parameters(draws), self.observations, sd)


@register(KALMAN)
@dataclass(frozen=True)
class KalmanSettings(Method):
    """The Kalman filter as likelihood. Series without measurement error have none; see
    :class:`estimation.filters.KalmanFilter` for how many are needed.
    """

    method: str = KALMAN

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`."""
        estimated = [name for name in given.priors if name.startswith(PREFIX)]
        measurement = None
        if given.measurement_error or estimated:
            measurement = read_measurement_error(given.data, given.measurement_error, estimated, False)
        space = StateSpace(given.surrogate, [str(name) for name in given.data.columns])
        likelihood = KalmanLikelihood(KalmanFilter(space), given.data)
        posterior = Posterior(
            given.surrogate, likelihood, given.priors, given.fixed, measurement, common_random_numbers=True
        )
        likelihood.require_regular(posterior, given.seed)
        return posterior
