"""Likelihood by the Kalman filter: exact for linear economies, else that of the first-order solution."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..filters import KalmanFilter
from ..filters.state_space import Paths, StateSpace
from ..sampling.posterior import Likelihood, Posterior
from ..settings import PREFIX, read_measurement_error
from .method import Ingredients, Method, in_blocks, register

KALMAN = "kalman"
VECTORS_PER_CALL = 1024
PRIOR_DRAWS = 16


class KalmanLikelihood(Likelihood):
    """The Kalman filter applied to one sample.

    Parameters
    ----------
    kalman : the filter.
    data : observations [T, n_y] whose columns are the filter's observables; NaN is missing.
    """

    def __init__(self, kalman: KalmanFilter, data: pd.DataFrame) -> None:
        self.kalman = kalman
        self.observations = data[list(kalman.state_space.observables)].to_numpy(dtype=float)

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`estimation.sampling.posterior.Likelihood`; nothing is random."""

        def block(rows: slice) -> np.ndarray:
            sd = None if measurement_sd is None else measurement_sd[rows]
            return self.kalman.log_likelihood(parameters[rows], self.observations, sd)

        return in_blocks(block, len(parameters), VECTORS_PER_CALL)

    def require_regular(self, posterior: Posterior, seed: int) -> None:
        """Raise StochasticSingularity, before sampling, if observations determine one another at every draw
        of the prior.
        """
        draws = posterior.draw_prior(PRIOR_DRAWS, np.random.default_rng(seed))
        sd = posterior.measurement_sd(draws)
        self.kalman.require_regular(posterior.parameters(draws), self.observations, sd)

    def paths(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: np.ndarray | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """See :class:`estimation.sampling.posterior.Likelihood`."""
        simulate = self.kalman.smoothed_paths if smoothed else self.kalman.filtered_paths
        return simulate(parameters, self.observations, generator, draws, measurement_sd)


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
