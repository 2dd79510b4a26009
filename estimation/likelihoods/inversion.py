"""Likelihood by the inversion filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, shown

from ..filters import Bound, InversionFilter
from ..filters.inversion import require_presample
from ..filters.state_space import Paths, StateSpace
from ..sampling.posterior import Likelihood, Posterior
from ..settings import at_most, read_settings
from .method import (
    Ingredients,
    Method,
    in_blocks,
    register,
    require_no_measurement_error,
)

INVERSION = "inversion"
VECTORS_PER_CALL = 512


class InversionLikelihood(Likelihood):
    """The inversion filter applied to one sample; it has neither random numbers nor measurement error.

    Parameters
    ----------
    inversion : the filter.
    data : observations [T, n_y] whose columns are the filter's observables; NaN is missing.

    Raises
    ------
    StochasticSingularity : a period observes more than there are shocks.
    """

    starts_at_rest = True

    def __init__(self, inversion: InversionFilter, data: pd.DataFrame) -> None:
        self.inversion = inversion
        self.observations = data[list(inversion.state_space.observables)].to_numpy(dtype=float)
        self.presample = inversion.presample
        inversion.kept(self.observations)  # too few shocks are named here, not when sampling

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`estimation.sampling.posterior.Likelihood`; only the parameters make a difference."""

        def block(rows: slice) -> np.ndarray:
            return self.inversion.log_likelihood(parameters[rows], self.observations)

        return in_blocks(block, len(parameters), VECTORS_PER_CALL)

    def paths(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: np.ndarray | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """See :class:`estimation.sampling.posterior.Likelihood`; smoothed and filtered are the same path."""
        return self.inversion.smoothed_paths(parameters, self.observations)


@register(INVERSION)
@dataclass(frozen=True)
class InversionSettings(Method):
    """The inversion filter as likelihood.

    Attributes
    ----------
    bound : ``observable``, ``shock`` and ``floor`` of a lower bound that hides a shock; see
        :class:`estimation.filters.Bound`.
    presample : first periods that only tell where the economy is and do not count in the likelihood.
    """

    bound: Mapping[str, Any] | None = None
    presample: int = at_most(100_000, default=0)
    method: str = INVERSION

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`."""
        require_no_measurement_error(
            given, "The inversion filter has", ', or choose [likelihood] method = "twisted"'
        )
        likelihood = self.build(given.surrogate, given.data)
        return Posterior(given.surrogate, likelihood, given.priors, given.fixed, common_random_numbers=True)

    def ingredients(self, posterior: Posterior) -> list:
        """See :class:`estimation.likelihoods.method.Method`."""
        return [vars(self)]

    def build(self, surrogate: Surrogate, data: pd.DataFrame) -> InversionLikelihood:
        """The likelihood of ``data`` under these settings."""
        require_presample(self.presample, len(data))
        bound = None
        if self.bound is not None:
            if not isinstance(self.bound, Mapping):
                raise BadConfiguration(
                    'bound in [likelihood] must be like { observable = "interest_rate", shock = "monetary", '
                    f"floor = 0.0 }}, not {shown(self.bound)}."
                )
            bound = read_settings(Bound, self.bound, "likelihood.bound")
        space = StateSpace(surrogate, [str(name) for name in data.columns])
        return InversionLikelihood(InversionFilter(space, bound, self.presample), data)
