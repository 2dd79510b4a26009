"""Filters on an economy whose shock has two outcomes, against the sum over all of its paths."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtri
from scipy.stats import norm

from estimation.filters import (
    BootstrapFilter,
    HamiltonFilter,
    ParticleFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.errors import BadConfiguration

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


def test_hamilton_filter_is_the_sum_over_all_paths(case: Case) -> None:
    """With as many paths as there are; numbers in single precision differ by 1e-6."""
    log_p = HamiltonFilter(case.space, 2**PERIODS).log_likelihood(case.space.surrogate.default, case.data)
    assert log_p == pytest.approx(case.log_p, abs=1e-4)


def test_hamilton_filter_needs_few_paths_and_is_a_lower_bound(case: Case) -> None:
    """What is left out is never too much, and less the more paths go on."""
    theta = case.space.surrogate.default
    few = [float(HamiltonFilter(case.space, n).log_likelihood(theta, case.data)[0]) for n in (2, 4, 16)]
    assert few[0] <= few[1] <= few[2] <= case.log_p + 1e-4
    assert few[2] == pytest.approx(case.log_p, abs=1e-3)


def test_missing_data_leave_more_paths(case: Case) -> None:
    """A quarter without data is summed over: as if its measurement error were large, but for the constant."""
    space, data = case.space, case.data.copy()
    data[4] = np.nan
    observables, log_chance, _ = paths_of_all(space.surrogate)
    seen = np.delete(np.arange(PERIODS), 4)
    density = norm.logpdf(data[seen][:, None], observables[seen], SD).sum((0, 2))
    exact = float(np.asarray(logsumexp(density + log_chance)))
    log_p = HamiltonFilter(space, 2**PERIODS).log_likelihood(space.surrogate.default, data)
    assert log_p == pytest.approx(exact, abs=1e-4)


def test_hamilton_filter_agrees_with_particles_after_a_burn_in(case: Case) -> None:
    """Both begin where a hundred quarters lead: the mean of 64 estimates by 2,000 particles each, which
    is known to .02; the filter's own start is a rule of 1,024 points, known to .03 over eight rules.
    """
    surrogate = case.space.surrogate
    space = StateSpace(surrogate, surrogate.observable_names, SD, burn_in=100)
    exact = HamiltonFilter(space, 1024).log_likelihood(surrogate.default, case.data)
    theta = np.tile(surrogate.default, (VECTORS, 1))
    log_p = BootstrapFilter(space, 2_000).log_likelihood(theta, case.data, np.random.default_rng(3))
    ratios = np.exp(log_p - exact)
    assert abs(ratios.mean() - 1) < 6 * ratios.std(ddof=1) / np.sqrt(VECTORS) + 0.1


@pytest.mark.parametrize("smoothed", [True, False])
def test_hamilton_filter_draws_the_paths(case: Case, smoothed: bool) -> None:
    """Booms and busts are those of the truth, and states follow from shocks."""
    surrogate = case.space.surrogate
    hamilton = HamiltonFilter(case.space, 64)
    draw = hamilton.smoothed_paths if smoothed else hamilton.filtered_paths
    paths = draw(surrogate.default, case.data, np.random.default_rng(2), draws=20)
    productivity = paths.states[1:, 0, :, surrogate.state_names.index("productivity")]
    np.testing.assert_array_equal(productivity < 1, np.repeat(case.busts[:, None], 20, axis=1))
    if smoothed:
        again = surrogate.simulate(surrogate.default, paths.shocks[:, :, 0], paths.states[0, :, 0])
        np.testing.assert_allclose(again.observables[:, 0], paths.observables[:, 0, 0], atol=1e-5)


def test_filtered_draws_are_those_of_a_sample_that_ends_there(case: Case) -> None:
    """Where data say little: the share of busts in each quarter, to six standard deviations of its draws."""
    surrogate, draws, loud = case.space.surrogate, 2_000, 20 * np.array(SD)
    hamilton, generator = HamiltonFilter(case.space, 64), np.random.default_rng(4)
    column = surrogate.state_names.index("productivity")
    filtered = hamilton.filtered_paths(surrogate.default, case.data, generator, draws, loud)
    for end in range(1, len(case.data) + 1):
        ended = hamilton.smoothed_paths(surrogate.default, case.data[:end], generator, draws, loud)
        shares = [(paths.states[end, 0, :, column] < 1).mean() for paths in (filtered, ended)]
        assert 0.02 < shares[1] < 0.98
        assert abs(shares[0] - shares[1]) < 6 * (2 * shares[1] * (1 - shares[1]) / draws) ** 0.5


def test_vectors_without_likelihood(case: Case) -> None:
    surrogate = case.space.surrogate
    outside = np.where(np.arange(surrogate.n_parameters) == 0, 0.5, surrogate.default)
    theta = np.stack([surrogate.default, outside])
    hamilton = HamiltonFilter(case.space, 8)
    log_p = hamilton.log_likelihood(theta, case.data)
    assert np.isfinite(log_p[0])
    assert log_p[1] == -np.inf
    paths = hamilton.smoothed_paths(theta, case.data, np.random.default_rng(0), draws=2)
    assert np.isnan(paths.states[:, 1]).all()
    assert np.isfinite(paths.states[:, 0]).all()


@pytest.mark.parametrize("name", ["rbc", "nk_zlb"])
def test_other_shocks_are_refused(name: str) -> None:
    surrogate = load(name)
    with pytest.raises(BadConfiguration, match="two outcomes"):
        HamiltonFilter(StateSpace(surrogate, surrogate.observable_names[:1], [0.01]))


def test_few_paths_are_refused(case: Case) -> None:
    with pytest.raises(BadConfiguration, match="two or more paths"):
        HamiltonFilter(case.space, 1)
