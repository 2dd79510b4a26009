"""Ready-made estimations of the linear artifact, whose exact posterior the Kalman filter knows."""

import time
from collections.abc import Mapping

import numpy as np
import pandas as pd

from estimation.filters import GuidedFilter, ParticleFilter
from estimation.filters.state_space import StateSpace
from estimation.likelihoods import FilterLikelihood
from estimation.priors import Prior, PriorSet, make_prior
from estimation.sampling.posterior import Likelihood, Posterior
from estimation.settings import MeasurementError
from surrogate import Surrogate
from surrogate.reference.an_schorfheide_linear import LinearStateSpace
from tests.linear_artifact import LinearEconomy

MEASUREMENT_SD = (0.4, 0.3)
TRUTH = {"rho": 0.7, "sigma": 1.2, "mean": 0.3}


def exact_state_space(economy: LinearEconomy, parameters: Mapping[str, float]) -> LinearStateSpace:
    """The linear economy with measurement error as a state space for the Kalman filter."""
    m = economy.at([parameters[item.name] for item in economy.parameters])
    deviation = m.observation @ m.state_mean + m.lagged_observation @ m.state_mean
    return LinearStateSpace(
        m.transition,
        m.shock_loading,
        m.observable_mean + deviation,
        m.observation @ m.transition + m.lagged_observation,
        m.observation @ m.shock_loading,
        np.diag(np.square(MEASUREMENT_SD)),
    )


def simulated_data(economy: LinearEconomy, periods: int = 40, seed: int = 3) -> pd.DataFrame:
    """A sample at ``TRUTH``, one observation missing."""
    _, observations = exact_state_space(economy, TRUTH).simulate(periods, np.random.default_rng(seed))
    data = pd.DataFrame(observations, columns=["y0", "y1"])
    data.iloc[4, 1] = np.nan
    return data.set_index(pd.period_range("1990Q1", periods=periods, freq="Q"))


def linear_priors() -> dict[str, Prior]:
    """Priors well inside the box, in an order that is not that of the surrogate."""
    return {
        "sigma": make_prior("inv_gamma_pdf", 1.0, 0.3, truncate=(0.1, 3.0)),
        "rho": make_prior("beta_pdf", 0.6, 0.15, truncate=(0.0, 0.95)),
    }


def linear_posterior(
    surrogate: Surrogate,
    data: pd.DataFrame,
    priors: Mapping[str, Prior] | None = None,
    particles: int = 20,
    filter_class: type[ParticleFilter] = GuidedFilter,
    **options,
) -> Posterior:
    """Posterior of the linear artifact by a particle filter with fixed measurement error."""
    particle_filter = filter_class(StateSpace(surrogate, list(data.columns), MEASUREMENT_SD), particles)
    likelihood = FilterLikelihood(particle_filter, data)
    error = MeasurementError(tuple(data.columns), np.array(MEASUREMENT_SD))
    return Posterior(surrogate, likelihood, PriorSet(priors or linear_priors()), measurement=error, **options)


class NormalLikelihood(Likelihood):
    """In place of a filter, a normal density for each parameter, with mean .8 and standard deviation .1.

    Each evaluation takes ``seconds`` of waiting.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def log_likelihood(self, parameters, generator=None, measurement_sd=None) -> np.ndarray:
        """Log likelihood [w] of ``parameters`` [w, n_parameters]."""
        time.sleep(self.seconds)
        return -0.5 * np.sum(((parameters - 0.8) / 0.1) ** 2, axis=1)


def normal_posterior(surrogate: Surrogate, seconds: float = 0.0) -> Posterior:
    """A posterior that costs next to nothing but waiting."""
    priors, likelihood = PriorSet(linear_priors()), NormalLikelihood(seconds)
    return Posterior(surrogate, likelihood, priors, {"mean": 0.3}, common_random_numbers=True)
