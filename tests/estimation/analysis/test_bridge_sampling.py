"""Against a conjugate posterior: y_i ~ N(theta, 1), theta ~ N(0, 1 / precision), drawn independently."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from estimation.analysis.normalising_constants import (
    bridge_sampling,
    effective_size,
    importance_sampling,
    modified_harmonic_mean,
)
from surrogate.errors import BadConfiguration

SIZE = 20_000
DATA = np.random.default_rng(0).normal(0.8, 1.0, 12)
COVARIANCE: Any = np.eye(12) + 1.0
EXACT = float(multivariate_normal(np.zeros(12), COVARIANCE).logpdf(DATA))
POSTERIOR: Any = norm(DATA.sum() / 13, 13**-0.5)
PROPOSAL: Any = norm(DATA.sum() / 13 + 0.1, 0.4)


def log_kernel(theta):
    """Log likelihood plus log prior at theta [...]."""
    return norm.logpdf(DATA, theta[..., None], 1).sum(axis=-1) + norm.logpdf(theta)


def samples(seed, noise=0.0):
    """Posterior draws and proposal draws with the log kernel at either, as a filter estimates it.

    An unbiased estimate is off by N(-noise^2 / 2, noise^2) in logs; along a pseudo-marginal chain, where
    high estimates stay longer, by N(noise^2 / 2, noise^2).
    """
    generator = np.random.default_rng(seed)
    draws = POSTERIOR.rvs((2, SIZE // 2), random_state=generator)
    proposed = PROPOSAL.rvs(SIZE, random_state=generator)
    kept = log_kernel(draws) + generator.normal(noise**2 / 2, noise, draws.shape)
    fresh = log_kernel(proposed) + generator.normal(-(noise**2) / 2, noise, SIZE)
    return draws, kept, proposed, fresh


def bridged(seed, noise=0.0, correction=0.0):
    draws, kept, proposed, fresh = samples(seed, noise)
    return bridge_sampling(
        kept + correction - PROPOSAL.logpdf(draws), fresh + correction - PROPOSAL.logpdf(proposed)
    )


def harmonic(draws, kept, seed=0):
    everywhere = lambda z: np.ones(len(z), dtype=bool)  # noqa: E731
    return modified_harmonic_mean(draws[..., None], kept, everywhere, np.random.default_rng(seed))


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_every_method_finds_the_constant_of_a_conjugate_posterior(noise):
    draws, kept, proposed, fresh = samples(1, noise)
    for found in (
        bridged(1, noise),
        importance_sampling(fresh - PROPOSAL.logpdf(proposed)),
        harmonic(draws, kept),
    ):
        assert found.standard_error < 0.03
        assert abs(found.value - EXACT) < 5 * found.standard_error


def test_stored_noisy_likelihoods_must_not_be_drawn_again():
    """Fresh estimates at the posterior's draws are too low for it: a bias, not an error."""
    draws, _, proposed, fresh = samples(2, noise=1.0)
    redrawn = log_kernel(draws) + np.random.default_rng(3).normal(-0.5, 1.0, draws.shape)
    found = bridge_sampling(redrawn - PROPOSAL.logpdf(draws), fresh - PROPOSAL.logpdf(proposed))
    assert abs(found.value - EXACT) > 10 * found.standard_error
    assert abs(bridged(2, noise=1.0).value - EXACT) < 5 * bridged(2, noise=1.0).standard_error


def test_standard_errors_are_those_of_repeated_samples():
    found = [bridged(seed, noise=0.7) for seed in range(60)]
    spread = np.std([item.value for item in found], ddof=1)
    assert spread == pytest.approx(np.mean([item.standard_error for item in found]), rel=0.3)


def test_a_constant_far_from_zero_shifts_nothing_but_the_answer():
    assert bridged(4, correction=-5000.0).value == pytest.approx(bridged(4).value - 5000, abs=1e-6)


def test_autocorrelation_widens_the_standard_error():
    """Draws each of which stays four times say as much as a quarter of them."""
    draws, kept, proposed, fresh = samples(5)
    stays = lambda values: np.repeat(values[:, ::4], 4, axis=1)  # noqa: E731
    proposal_ratio = (fresh - PROPOSAL.logpdf(proposed))[: SIZE // 4]
    few = bridge_sampling((kept - PROPOSAL.logpdf(draws))[:, ::4], proposal_ratio)
    staying = bridge_sampling(stays(kept - PROPOSAL.logpdf(draws)), proposal_ratio)
    assert staying.standard_error == pytest.approx(few.standard_error, rel=0.1)
    assert harmonic(stays(draws), stays(kept)).standard_error == pytest.approx(
        2 * harmonic(draws, kept).standard_error, rel=0.15
    )


def test_effective_size_of_constant_values_is_their_number():
    assert effective_size(np.ones((2, 50))) == 100


def test_proposals_without_likelihood_count_as_zero():
    draws, kept, proposed, fresh = samples(6)
    cut = np.where(proposed > 0.9, -np.inf, fresh)
    inside = draws[draws <= 0.9][None]
    exact = EXACT + np.log(POSTERIOR.cdf(0.9))
    ratio = kept[draws <= 0.9][None] - PROPOSAL.logpdf(inside)
    found = bridge_sampling(ratio, cut - PROPOSAL.logpdf(proposed))
    assert abs(found.value - exact) < 5 * found.standard_error
    support = modified_harmonic_mean(
        inside[..., None], kept[draws <= 0.9][None], lambda z: z[:, 0] <= 0.9, np.random.default_rng(0)
    )
    assert abs(support.value - exact) < 5 * support.standard_error


def test_harmonic_mean_without_draws_near_the_centre_is_refused():
    draws = np.array([[-1.0, 1.0, -1.01, 1.01]])
    with pytest.raises(BadConfiguration, match="more steps"):
        harmonic(draws, np.zeros_like(draws))
