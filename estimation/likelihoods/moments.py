"""Quasi-likelihood by simulated moments."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from estimation.likelihoods.method import Ingredients, require_no_measurement_error
from estimation.moments.estimate import (
    first_weights,
    is_two_step,
    prior_candidates,
    require_enough,
    second_step,
)
from estimation.moments.free import FreeParameters
from estimation.moments.named import FrameFunction, Moments
from estimation.moments.simulated import MOST_REPLICATIONS, SimulatedMoments
from estimation.posterior import Posterior
from estimation.settings import at_most
from surrogate import Surrogate

MOMENTS = "moments"


@dataclass(frozen=True)
class MomentSettings:
    """Simulated moments as quasi-likelihood; see :func:`estimation.estimate_msm` for what they mean."""

    moments: Sequence[str | Moments | FrameFunction]
    weights: str = "diagonal"
    replications: int = at_most(MOST_REPLICATIONS, default=20)
    method: str = MOMENTS

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`."""
        require_no_measurement_error(given, "Simulated moments have", "")
        likelihood = self.build(given.surrogate, given.data, given.seed)
        posterior = Posterior(
            given.surrogate, likelihood, given.priors, given.fixed, common_random_numbers=True
        )
        require_enough(likelihood, posterior.n_free)
        if is_two_step(self.weights):
            free, candidates = FreeParameters.of_posterior(posterior), prior_candidates(posterior, given.seed)
            posterior.likelihood = second_step(likelihood, free, candidates)
        return posterior

    def ingredients(self, posterior: Posterior) -> list:
        """See :class:`estimation.likelihoods.method.Method`; functions count by the moments they return."""
        target = posterior.likelihood
        assert isinstance(target, SimulatedMoments)
        return [target.names, target.target.tolist(), target.weights.tolist(), target.replications]

    def build(self, surrogate: Surrogate, data: pd.DataFrame, seed: int) -> SimulatedMoments:
        """The quasi-likelihood of ``data`` under these settings, before a second step."""
        weights = first_weights(self.weights)
        return SimulatedMoments(surrogate, data, self.moments, weights, self.replications, seed)
