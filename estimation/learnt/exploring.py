"""Draws from a tempered posterior under a learnt surface: where the next design points should lie."""

import emcee
import numpy as np
from emcee.moves import DEMove, StretchMove
from numpy.typing import NDArray

from estimation.learnt.surface import Surface
from estimation.posterior import Posterior
from surrogate.errors import BadConfiguration

Array = NDArray[np.float64]

WALKERS_PER_PARAMETER = 10
STEPS = 200
KEPT_STEPS = 20
MOVES = ((0.5, DEMove), (0.5, StretchMove))


def tempered_draws(
    posterior: Posterior,
    surface: Surface,
    starts: Array,
    generator: np.random.Generator,
    temperature: float,
    size: int,
) -> Array:
    """Draws [size, n] from the prior times the likelihood to the power 1 / ``temperature``.

    Parameters
    ----------
    posterior : says what the prior is and where the surrogate holds; its likelihood is not called.
    surface : the likelihood; used everywhere, since its false peaks are what a design must find.
    starts : points [m, n] of the prior from which walkers set out, the likelier the more often.
    """
    walkers = WALKERS_PER_PARAMETER * posterior.n_free

    def log_density(theta: Array) -> Array:
        return _log_density(posterior, surface, temperature, theta)

    chosen = generator.choice(len(starts), walkers, p=_spread(log_density(starts), walkers))
    sampler = emcee.EnsembleSampler(
        walkers,
        posterior.n_free,
        log_density,
        moves=[(move(), weight) for weight, move in MOVES],
        vectorize=True,
    )
    bits = np.random.MT19937(int(generator.integers(2**32)))
    state = emcee.State(starts[chosen], random_state=np.random.RandomState(bits).get_state())
    sampler.run_mcmc(state, STEPS, skip_initial_state_check=True)
    every = max((STEPS // 2) // KEPT_STEPS, 1)
    draws = np.asarray(sampler.get_chain(discard=STEPS // 2, thin=every, flat=True))
    return draws[generator.choice(len(draws), size, replace=len(draws) < size)]


def _spread(values: Array, walkers: int) -> Array:
    """Probabilities [m] in proportion to the density with these logs, but as many points as there are walkers
    are equally likely: walkers that start at the same place cannot move apart.
    """
    possible = np.isfinite(values)
    if not possible.any():
        raise BadConfiguration("No design point has a likelihood above zero: more calls are needed.")
    highest = np.sort(values[possible])[-walkers:]
    weights = np.where(possible, np.exp(np.minimum(values, highest[0]) - highest[0]), 0.0)
    return weights / weights.sum()


def _log_density(posterior: Posterior, surface: Surface, temperature: float, theta: Array) -> Array:
    values = posterior.priors.log_density(theta)
    inside = np.isfinite(values)
    if inside.any():
        inside[inside] = posterior.surrogate.inside(posterior.parameters(theta[inside]))
    values[~inside] = -np.inf
    values[inside] += surface.everywhere(theta[inside]) / temperature
    return values
