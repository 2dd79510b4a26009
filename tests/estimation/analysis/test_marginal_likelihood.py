"""Against quadrature of the exact Kalman likelihood over two parameters of the linear economy."""

import copy
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from scipy.special import logsumexp, ndtr, ndtri
from scipy.stats import norm

from estimation import Estimation
from estimation.analysis.marginal_likelihood import (
    BRIDGE,
    HARMONIC,
    IMPORTANCE,
    Evidence,
    compare_models,
    evidence,
    finding,
    marginal_likelihood,
    require_same_data,
)
from estimation.analysis.normalising_constants import LogEstimate
from estimation.learnt import LearntGraph, LearntLikelihood
from estimation.priors import PriorSet, make_prior
from surrogate import Surrogate
from surrogate.artifact.region import Region
from surrogate.errors import BadConfiguration
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import MEASUREMENT_SD, exact_state_space, linear_priors, simulated_data
from tests.linear_artifact import write_artifact

REGION = Region(
    "rho below 0.7", ("identity",) * 3, (0.0,) * 3, (1.0,) * 3, -0.7, (1.0, 0.0, 0.0), ((0.0,) * 3,) * 3
)


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy, periods=24)


def estimation(surrogate, data):
    return Estimation(
        surrogate,
        data,
        linear_priors(),
        fixed={"mean": 0.3},
        measurement_error={"sd": dict(zip(data.columns, MEASUREMENT_SD, strict=True))},
        likelihood={"method": "guided", "particles": 10},
        sampler={"ensembles": 2, "walkers": 16, "steps": 80, "seed": 1},
    )


@pytest.fixture(scope="module")
def results(linear, data):
    return estimation(linear, data).sample()


def quadrature(economy, data, priors, highest_rho=0.95):
    """Log integral of prior times Kalman likelihood by Gauss and Legendre's rule, per prior mass."""
    sigmas, sigma_weights = nodes(0.1, 3.0)
    rhos, rho_weights = nodes(0.0, highest_rho)
    sigma, rho = (grid.ravel() for grid in np.meshgrid(sigmas, rhos))
    likelihood = [
        log_likelihood(exact_state_space(economy, {"sigma": s, "rho": r, "mean": 0.3}), data.to_numpy())
        for s, r in zip(sigma, rho, strict=True)
    ]
    kernel = likelihood + priors["sigma"].log_density(sigma) + priors["rho"].log_density(rho)
    weights = np.outer(rho_weights, sigma_weights).ravel()
    return logsumexp(kernel, b=weights) - np.log(priors["rho"].cdf(highest_rho))


def nodes(low, high, count=16):
    """Points and weights of a rule for [low, high]."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return (low + high) / 2 + (high - low) / 2 * points, (high - low) / 2 * weights


@pytest.fixture(scope="module")
def exact(linear_economy, data):
    return quadrature(linear_economy, data, linear_priors())


@pytest.fixture(scope="module")
def found(results):
    return evidence(results, draws=1500)


@pytest.mark.parametrize("method", [BRIDGE, IMPORTANCE, HARMONIC])
def test_marginal_likelihood_is_the_integral(found, exact, method):
    estimate = found.estimates[method]
    assert estimate.standard_error < 0.3  # of the harmonic mean, over six seeds .11 (sd .013); of others .03
    assert abs(estimate.value - exact) < 5 * estimate.standard_error


def test_bridge_sampling_is_the_most_precise(found):
    errors = [estimate.standard_error for estimate in found.estimates.values()]
    assert found.best.standard_error == min(errors) < 0.06


def test_marginal_likelihood_is_not_the_maximum_log_posterior(results, found, exact):
    assert results.mode.log_prob > exact + 1
    assert found.best.value < results.mode.log_prob - 1


def test_the_filter_was_noisy(results):
    """Without noise the tests above would not tell stored from fresh likelihoods."""
    theta = np.tile(results.mode.theta, (100, 1))
    assert results.posterior.log_likelihood(theta, np.random.default_rng(0)).std() > 0.3


def test_prior_is_scaled_up_to_the_certified_region(results, linear_economy, data, tmp_path):
    folder = write_artifact(replace(linear_economy, region=REGION.to_dict()), tmp_path / "half")
    surrogate = Surrogate(folder)
    posterior = estimation(surrogate, data).posterior
    restricted = replace(results, posterior=posterior, all_chains=within(posterior, results.chains), burn=0)
    found = evidence(restricted, draws=1000)
    exact = quadrature(linear_economy, data, linear_priors(), highest_rho=0.7)
    assert found.region_mass == pytest.approx(linear_priors()["rho"].cdf(np.array(0.7)), abs=0.005)
    for estimate in found.estimates.values():
        assert abs(estimate.value - exact) < 5 * estimate.standard_error
        assert (
            estimate.standard_error < 0.5
        )  # of the harmonic mean, over six seeds .17 (sd .05); of others .05
    assert "certified part" in marginal_likelihood(restricted, draws=200).note


def within(posterior, chains):
    """Draws in the posterior's region, walker by walker: those of the posterior there."""
    inside = posterior.surrogate.inside(posterior.parameters(chains.theta.reshape(-1, 2)))
    inside = inside.reshape(chains.log_prob.shape).swapaxes(1, 2)
    count = inside.sum(axis=(1, 2)).min()
    theta, log_prob = (
        np.array([values[kept][:count] for values, kept in zip(kind, inside, strict=True)])[:, :, None]
        for kind in (chains.theta.swapaxes(1, 2), chains.log_prob.swapaxes(1, 2))
    )
    return replace(chains, theta=theta, log_prob=log_prob)


@pytest.mark.slow
def test_number_of_processes_does_not_matter(results):
    one, two = (evidence(results, draws=400, seed=3, processes=n).table for n in (1, 2))
    assert one.equals(two)


def test_prior_far_from_the_posterior_is_refused(results):
    far = replace(results.chains, theta=np.full_like(results.chains.theta, 0.95))
    with pytest.raises(BadConfiguration, match="next to nothing"):
        evidence(replace(results, all_chains=far, burn=0))


def test_comparison_ranks_models_and_weighs_them():
    table = compare_models({"poor": known(-105.0, 0.3), "good": known(-102.0, 0.4)}).table
    assert list(table.index) == ["good", "poor"]
    assert table["log Bayes factor"].tolist() == [0.0, -3.0]
    assert table["numerical standard error"].tolist() == [0.0, pytest.approx(0.5)]
    assert table.loc["good", "posterior probability"] == pytest.approx(1 / (1 + np.exp(-3)))


def known(value, standard_error):
    return Evidence({BRIDGE: LogEstimate(value, standard_error)}, 1.0)


def test_models_of_different_data_are_not_compared(results):
    require_same_data({"one": results, "two": replace(results, data=results.data[["y1", "y0"]])})
    with pytest.raises(BadConfiguration, match="one and other were estimated on different data"):
        require_same_data({"one": results, "other": replace(results, data=results.data[1:])})


def test_likelihoods_after_another_presample_are_not_compared(linear, data, results):
    def inverted(presample):
        settings = {"method": "inversion", "presample": presample}
        return replace(
            results, posterior=Estimation(linear, data, linear_priors(), likelihood=settings).posterior
        )

    require_same_data({"one": inverted(2), "two": inverted(2)})
    with pytest.raises(BadConfiguration, match="after the same presample"):
        require_same_data({"one": inverted(2), "other": results})
    learnt = copy.copy(inverted(2).posterior)
    learnt.likelihood = LearntLikelihood(cast(LearntGraph, None), (), (), learnt.likelihood)
    require_same_data({"one": inverted(2), "two": replace(results, posterior=learnt)})


def test_moments_have_no_marginal_likelihood(results, linear, data):
    moments = Estimation(
        linear,
        data.ffill(),
        linear_priors(),
        likelihood={"method": "moments", "moments": ["sd(y0)", "sd(y1)"], "replications": 2},
    )
    with pytest.raises(BadConfiguration, match="no marginal likelihood"):
        evidence(replace(results, posterior=moments.posterior))
    learnt = copy.copy(moments.posterior)
    learnt.likelihood = LearntLikelihood(cast(LearntGraph, None), (), (), learnt.likelihood)
    with pytest.raises(BadConfiguration, match="no marginal likelihood"):
        evidence(replace(results, posterior=learnt))


def test_thin_tails_near_zero_are_within_reach():
    """An inverse gamma density is next to nothing at small standard deviations, where posteriors may lie."""
    priors = PriorSet({"sd": make_prior("inv_gamma_pdf", s=0.5, nu=4.0, truncate=(0.05, 0.7))})
    sd = np.array([[0.08], [0.1], [0.15]])
    z = ndtri(priors.to_unit(sd))
    assert z.min() < -11
    np.testing.assert_allclose(priors.from_unit(ndtr(z)), sd, rtol=1e-12)
    step = 1e-6 * sd
    slope = (ndtri(priors.to_unit(sd + step)) - ndtri(priors.to_unit(sd - step))) / (2 * step)
    density = norm.logpdf(z) + np.log(slope)
    np.testing.assert_allclose(density[:, 0], priors.log_density(sd), atol=1e-6)


@pytest.mark.parametrize(("common", "words"), [(True, "Random numbers are common"), (False, "check it.")])
def test_the_note_says_what_the_errors_leave_out(results, found, common, words):
    posterior = copy.copy(results.posterior)
    posterior.common_random_numbers = common
    assert words in finding(replace(results, posterior=posterior), found).note
    assert ("Random" in finding(replace(results, posterior=posterior), found).note) == common
