"""Quasi-likelihood by simulated moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import pandas as pd

from surrogate import Surrogate

from ..finding import Finding
from ..moments import MomentsResult
from ..moments.estimate import (
    FreeParameters,
    first_weights,
    is_two_step,
    minimise_distance,
    prior_candidates,
    require_enough,
    second_step,
)
from ..moments.named import FrameFunction, Moments
from ..moments.result import moment_findings
from ..moments.simulated import MOST_BURN_IN, MOST_REPLICATIONS, SimulatedMoments
from ..sampling.posterior import Posterior, Sampled
from ..settings import at_most
from .method import Ingredients, Method, register, require_no_measurement_error

MOMENTS = "moments"


class MomentLikelihood(SimulatedMoments):
    """Simulated moments as likelihood, with the point estimate that they are usually taken for."""

    chapter = "Simulated moments"

    def point_estimate(self, posterior: Posterior, seed: int) -> MomentsResult:
        """The closest parameters in the priors' supports."""
        free = FreeParameters.of_posterior(posterior)
        return minimise_distance(self, free, prior_candidates(posterior, seed))

    def findings(self, sampled: Sampled, seed: int, processes: int | None) -> list[Finding]:
        """Point estimate, fit, test and sensitivity; the draws play no part."""
        return moment_findings(self.point_estimate(sampled.posterior, seed))


@register(MOMENTS)
@dataclass(frozen=True)
class MomentSettings(Method):
    """Simulated moments as quasi-likelihood; see :class:`estimation.SimulatedMoments` for what they mean."""

    moments: Sequence[str | Moments | FrameFunction]
    weights: str = "diagonal"
    replications: int = at_most(MOST_REPLICATIONS, default=20)
    burn_in: int | None = at_most(MOST_BURN_IN, default=None)
    paths: int = at_most(MOST_REPLICATIONS, default=1)
    detrend: Sequence[str] = ()
    discrepancy: Mapping[str, float] = field(default_factory=dict)
    method: str = MOMENTS
    files: ClassVar[tuple[str, ...]] = ("point_estimate", "moments", "j_test", "sensitivity")

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
        target = _its_own(posterior)
        same = [target.names, target.target.tolist(), target.weights.tolist(), target.replications]
        if self.burn_in or self.detrend:
            same += [self.burn_in, list(self.detrend)]
        return [*same, self.paths] if self.paths > 1 else same

    def point_estimate(self, posterior: Posterior, seed: int) -> MomentsResult:
        """See :class:`estimation.likelihoods.method.Method`."""
        return _its_own(posterior).point_estimate(posterior, seed)

    def build(self, surrogate: Surrogate, data: pd.DataFrame, seed: int) -> MomentLikelihood:
        """The quasi-likelihood of ``data`` under these settings, before a second step."""
        weights = first_weights(self.weights)
        return MomentLikelihood(
            surrogate,
            data,
            self.moments,
            weights,
            self.replications,
            seed,
            burn_in=self.burn_in,
            detrend=self.detrend,
            discrepancy=self.discrepancy,
            paths=self.paths,
        )


def _its_own(posterior: Posterior) -> MomentLikelihood:
    """The likelihood of a posterior that these settings made."""
    return cast(MomentLikelihood, posterior.likelihood)
