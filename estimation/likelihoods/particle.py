"""Likelihood by a particle filter."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from surrogate import Surrogate
from surrogate.errors import unknown_name

from ..filters import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    ParticleFilter,
    TemperedFilter,
    TwistedFilter,
)
from ..filters.state_space import DEFAULT_BURN_IN, Paths, StateSpace
from ..sampling.posterior import Likelihood, Posterior
from ..settings import PREFIX, MeasurementError, at_most, read_measurement_error
from .method import Ingredients, Method, in_blocks, register

FILTERS: dict[str, type[ParticleFilter]] = {
    "twisted": TwistedFilter,
    "guided": GuidedFilter,
    "auxiliary": AuxiliaryFilter,
    "tempered": TemperedFilter,
    "bootstrap": BootstrapFilter,
}
PARTICLES = {"twisted": 50, "guided": 400, "auxiliary": 400, "tempered": 1_000, "bootstrap": 10_000}
RANDOM_NUMBERS = ("fresh", "common")
VECTORS_PER_CALL = 32


class FilterLikelihood(Likelihood):
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
        """See :class:`estimation.sampling.posterior.Likelihood`; a few dozen vectors at a time."""

        def block(rows: slice) -> np.ndarray:
            sd = None if measurement_sd is None else measurement_sd[rows]
            if generator is not None:
                return self._fresh.log_likelihood(parameters[rows], self.observations, generator, sd)
            common = np.random.default_rng(self.seed)
            return self._common.log_likelihood(parameters[rows], self.observations, common, sd)

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
        simulate = self._fresh.smoothed_paths if smoothed else self._fresh.filtered_paths
        return simulate(parameters, self.observations, generator, draws, measurement_sd)

    def caveat(self, common_random_numbers: bool) -> str:
        """See :class:`estimation.sampling.posterior.Likelihood`."""
        if not common_random_numbers:
            return ""
        return "Random numbers are common to all likelihoods; others would give another number."


@register(*FILTERS)
@dataclass(frozen=True)
class FilterSettings(Method):
    """A particle filter as likelihood.

    Attributes
    ----------
    method : ``"twisted"``, ``"guided"``, ``"auxiliary"``, ``"tempered"`` or ``"bootstrap"``.
    particles : for each parameter vector; if left out, 50, 400, 400, 1,000 or 10,000 by method.
    random_numbers : ``"fresh"`` at each evaluation (exact), or ``"common"`` to all.
    resample_threshold : resample when the effective sample size falls below this share of the particles.
    burn_in : periods before the sample, in which particles forget the linear economy's distribution.
    """

    particles: int = at_most(1_000_000)
    method: str = "twisted"
    random_numbers: str = "fresh"
    resample_threshold: float = 0.5
    burn_in: int = at_most(100_000, default=DEFAULT_BURN_IN)

    @classmethod
    def usual(cls, method: str) -> Mapping[str, Any]:
        """See :class:`estimation.likelihoods.method.Method`: each filter has its own number of particles."""
        return {"particles": PARTICLES[method]}

    def ingredients(self, posterior: Posterior) -> list:
        """See :class:`estimation.likelihoods.method.Method`; the usual burn-in goes without saying, as when
        there was no other.
        """
        settings, sd = super().ingredients(posterior)
        usual = self.burn_in == DEFAULT_BURN_IN
        return [{name: value for name, value in settings.items() if not usual or name != "burn_in"}, sd]

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`."""
        estimated = [name for name in given.priors if name.startswith(PREFIX)]
        measurement = read_measurement_error(given.data, given.measurement_error, estimated)
        likelihood = self.build(given.surrogate, given.data, measurement, given.seed)
        common = self.random_numbers == "common"
        return Posterior(given.surrogate, likelihood, given.priors, given.fixed, measurement, common)

    def build(
        self, surrogate: Surrogate, data: pd.DataFrame, measurement: MeasurementError, seed: int
    ) -> FilterLikelihood:
        """The likelihood of ``data`` under these settings."""
        if self.random_numbers not in RANDOM_NUMBERS:
            raise unknown_name("kind of random numbers", self.random_numbers, RANDOM_NUMBERS)
        space = StateSpace(surrogate, measurement.observables, burn_in=self.burn_in)
        particle_filter = FILTERS[self.method](space, self.particles, self.resample_threshold)
        return FilterLikelihood(particle_filter, data, seed)
