"""Particle filters on an economy whose shock has two outcomes, against the sum over all of its paths."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtri
from scipy.stats import norm

from estimation.filters import BootstrapFilter, ParticleFilter, TemperedFilter, TwistedFilter
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load

Array = NDArray[np.float64]
PERIODS, VECTORS = 8, 64
SWITCH = 0.125
SD = np.array([0.01, 0.01, 0.01])
"""Of measurement errors: a switch between boom and bust moves log output by six percent."""
FILTERS = [(BootstrapFilter, 400), (TemperedFilter, 100), (TwistedFilter, 400)]


class Case(NamedTuple):
    """Data [PERIODS, n_observables], the log-likelihood at the default, and which periods are busts."""

    space: StateSpace
    data: Array
    log_p: float
    busts: NDArray[np.bool_]


def paths_of_all(surrogate: Surrogate) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Observables [PERIODS, 2^PERIODS, n], log probabilities and busts of every sequence of switches, from
    the steady state, in a boom.
    """
    switches = np.array(list(product([False, True], repeat=PERIODS))).T
    shocks = np.where(switches, ndtri(SWITCH / 2), 1.0)[..., None]
    observables = surrogate.simulate(surrogate.default, shocks).observables.astype(float)
    log_chance = np.where(switches, np.log(SWITCH), np.log(1 - SWITCH)).sum(0)
    return observables, log_chance, np.cumsum(switches, axis=0) % 2 == 1


@pytest.fixture(scope="module")
def case() -> Case:
    """A bust of three quarters, with measurement error."""
    surrogate = load("krusell_smith_reduced")
    observables, log_chance, busts = paths_of_all(surrogate)
    truth = np.array([False, False, True, True, True, False, False, False])
    row = int(np.flatnonzero((busts == truth[:, None]).all(0))[0])
    data = observables[:, row] + SD * np.random.default_rng(0).standard_normal((PERIODS, 3))
    density = norm.logpdf(data[:, None], observables, SD).sum((0, 2))
    space = StateSpace(surrogate, surrogate.observable_names, SD, burn_in=0)
    return Case(space, data, float(np.asarray(logsumexp(density + log_chance))), truth)


@pytest.mark.parametrize(("filter_class", "particles"), FILTERS)
def test_likelihood_is_the_sum_over_all_paths(
    filter_class: type[ParticleFilter], particles: int, case: Case
) -> None:
    """Unbiased, so the mean of ratios is one; over ten seeds up to 2.9 of its standard errors away."""
    surrogate = case.space.surrogate
    theta = np.tile(surrogate.default, (VECTORS, 1))
    log_p = filter_class(case.space, particles).log_likelihood(theta, case.data, np.random.default_rng(1))
    ratios = np.exp(log_p - case.log_p)
    assert abs(ratios.mean() - 1) < 6 * ratios.std(ddof=1) / np.sqrt(VECTORS)
    assert ratios.std(ddof=1) < 1


def test_booms_and_busts_are_found(case: Case) -> None:
    """Output tells them apart by six percent: no draw is in doubt."""
    surrogate = case.space.surrogate
    paths = BootstrapFilter(case.space, 400).smoothed_paths(
        surrogate.default, case.data, np.random.default_rng(2), draws=50
    )
    productivity = paths.states[1:, 0, :, surrogate.state_names.index("productivity")]
    np.testing.assert_array_equal(productivity < 1, np.repeat(case.busts[:, None], 50, axis=1))
