"""Quasi-likelihood by simulated moments."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from estimation.likelihoods.method import Ingredients, require_no_measurement_error
from estimation.moments import Moment
from estimation.posterior import Posterior
from estimation.smm import SimulatedMoments
from surrogate import Surrogate

MOMENTS = "moments"


@dataclass(frozen=True)
class MomentSettings:
    """Simulated moments as quasi-likelihood; see :class:`estimation.smm.SimulatedMoments`."""

    moments: Sequence[str | Moment]
    weights: str = "diagonal"
    replications: int = 20
    method: str = MOMENTS

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`."""
        require_no_measurement_error(given, "Simulated moments have", "")
        likelihood = self.build(given.surrogate, given.data, given.seed)
        return Posterior(given.surrogate, likelihood, given.priors, given.fixed, common_random_numbers=True)

    def ingredients(self, posterior: Posterior) -> list:
        """See :class:`estimation.likelihoods.method.Method`; functions count by the moments they return."""
        target = posterior.likelihood
        assert isinstance(target, SimulatedMoments)
        return [target.names, target.target.tolist(), target.scale.tolist(), target.replications]

    def build(self, surrogate: Surrogate, data: pd.DataFrame, seed: int) -> SimulatedMoments:
        """The quasi-likelihood of ``data`` under these settings."""
        return SimulatedMoments(surrogate, data, self.moments, self.weights, self.replications, seed)
