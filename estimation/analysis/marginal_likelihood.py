"""The marginal likelihood of a sample, from the draws of its posterior and a few thousand new likelihoods.

    p(Y) = integral of p(Y | theta) p(theta) over the box and certified region of the surrogate

where the prior integrates to one. Coordinates z are those in which the prior is standard normal
(:class:`estimation.sampling.mode.PriorCoordinates`), so that no draw leaves its support. A Student t density
with the moments of the first half of the draws is the proposal; the second half serves the estimates.

A particle filter's likelihood is noisy but unbiased. The sampler's target is then a density of z and of the
filter's random numbers together, whose normalising constant is p(Y) too. All three methods are exact for it
as long as each draw keeps the estimate it was accepted with; to evaluate the filter again at the draws would
not be (Andrieu and Roberts 2009; Tran and others 2014).

Bayes factors and posterior probabilities compare models that were estimated on the same data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, softmax
from scipy.stats import multivariate_t

from surrogate.errors import BadConfiguration
from surrogate.house.records import whole_number

from ..finding import Finding
from ..fingerprint import of_data
from ..likelihoods.method import log_likelihoods
from ..results import Results
from ..sampling.posterior import Posterior
from .normalising_constants import (
    LogEstimate,
    bridge_sampling,
    importance_sampling,
    modified_harmonic_mean,
)

BRIDGE, IMPORTANCE, HARMONIC = "bridge sampling", "importance sampling", "modified harmonic mean"
LEAST_DRAWS, MOST_DRAWS = 2, 10_000_000
PROPOSAL_DRAWS = 4000
DEGREES_OF_FREEDOM = 10
MASS_DRAWS = 200_000
LOWEST, HIGHEST = -35.0, 7.5
"""Prior standard deviations beyond which a distribution function, near zero or one, has no digits left."""


@dataclass(frozen=True)
class Evidence:
    """Log marginal likelihood by three methods.

    Attributes
    ----------
    estimates : method -> log p(Y) and its numerical standard error; ``"bridge sampling"`` is the one to use.
    region_mass : prior probability, in the box, of the surrogate's certified region, by which the prior has
        been scaled up.
    """

    estimates: dict[str, LogEstimate]
    region_mass: float

    @property
    def best(self) -> LogEstimate:
        """The estimate by bridge sampling."""
        return self.estimates[BRIDGE]

    @property
    def table(self) -> pd.DataFrame:
        """A row for each method."""
        rows = {name: [estimate.value, estimate.standard_error] for name, estimate in self.estimates.items()}
        columns = ["log marginal likelihood", "numerical standard error"]
        return pd.DataFrame(rows.values(), pd.Index(rows, name="method"), columns)


def evidence(
    results: Results, draws: int = PROPOSAL_DRAWS, seed: int = 0, processes: int | None = 1
) -> Evidence:
    """Estimate the marginal likelihood.

    Parameters
    ----------
    draws : new likelihoods, at draws of the proposal.
    seed : of these draws and their likelihoods.
    processes : worker processes; 1 stays in this one, ``None`` takes one for each core.

    Raises
    ------
    BadConfiguration : the likelihood is no density of the data, there are too few draws, they lie beyond
        the prior's numerical reach, or no new one has a likelihood.
    """
    posterior = results.posterior
    if not posterior.likelihood.is_density:
        raise BadConfiguration(
            "A quasi-likelihood, such as a distance between moments, is no density of the data and has no "
            'marginal likelihood: choose a filter, such as [likelihood] method = "twisted".'
        )
    whole_number("The number of draws", draws, LEAST_DRAWS, MOST_DRAWS)
    generator = np.random.default_rng([seed, 0])
    z, log_likelihood = _draws(results)
    first, second = np.split(z, [z.shape[1] // 2], axis=1)
    log_likelihood = log_likelihood[:, z.shape[1] // 2 :]
    proposal, proposed = _proposal(_paths(first), draws, generator)
    fresh = log_likelihoods(
        posterior, posterior.priors.from_unit(ndtr(proposed)), seed, processes, "marginal likelihood"
    )
    if not np.isfinite(fresh).any():
        raise BadConfiguration(
            "No draw of the proposal has a likelihood, so there is no marginal likelihood: sample more steps."
        )
    with_prior = _paths(log_likelihood[..., None])[..., 0] + _log_normal(_paths(second))
    target_ratio = with_prior - proposal.logpdf(_paths(second))
    proposal_ratio = fresh + _log_normal(proposed) - proposal.logpdf(proposed)

    def in_support(points: np.ndarray) -> np.ndarray:
        return posterior.surrogate.inside(posterior.parameters(posterior.priors.from_unit(ndtr(points))))

    estimates = {
        BRIDGE: bridge_sampling(target_ratio, proposal_ratio),
        IMPORTANCE: importance_sampling(proposal_ratio),
        HARMONIC: modified_harmonic_mean(_paths(second), with_prior, in_support, generator),
    }
    return _per_mass(estimates, _region_mass(posterior, generator))


def marginal_likelihood(
    results: Results, draws: int = PROPOSAL_DRAWS, seed: int = 0, processes: int | None = 1
) -> Finding:
    """The marginal likelihood as a finding; see :func:`evidence`."""
    return finding(results, evidence(results, draws, seed, processes))


def finding(results: Results, found: Evidence) -> Finding:
    """The table of :func:`evidence`, and what it rests on."""
    mass = found.region_mass
    scaled = "the surrogate's box" if mass == 1 else f"the certified part of the box ({mass:.1%} of its mass)"
    text = f"The prior integrates to one over {scaled}. Use bridge sampling; the others check it."
    caveat = results.posterior.likelihood.caveat(results.posterior.common_random_numbers)
    return Finding("marginal_likelihood", "Marginal likelihood", found.table, f"{text} {caveat}".rstrip())


def require_same_data(results: Mapping[str, Results]) -> None:
    """Raise ``BadConfiguration`` unless all results, by model, rest on the same series, dates and values, of
    which the same count.
    """
    samples = {
        name: (of_data(each.data.sort_index(axis=1)), each.posterior.likelihood.presample)
        for name, each in results.items()
    }
    first, *others = samples
    for other in others:
        if samples[other] != samples[first]:
            raise BadConfiguration(
                f"{first} and {other} were estimated on different data; marginal likelihoods compare models "
                "of the same series over the same quarters only, and after the same presample."
            )


def compare_models(found: Mapping[str, Evidence]) -> Finding:
    """Log Bayes factors against the likeliest model, and probabilities when all are equally likely a priori.

    Parameters
    ----------
    found : model -> its marginal likelihood, all of the same data (:func:`require_same_data`).
    """
    values = np.array([item.best.value for item in found.values()])
    errors = np.array([item.best.standard_error for item in found.values()])
    best = values.argmax()
    differences = np.where(np.arange(len(values)) == best, 0.0, np.hypot(errors, errors[best]))
    table = pd.DataFrame(
        {
            "log marginal likelihood": values,
            "log Bayes factor": values - values[best],
            "numerical standard error": differences,
            "posterior probability": softmax(values),
        },
        pd.Index(found, name="model"),
    ).sort_values("log Bayes factor", ascending=False, kind="stable")
    return Finding(
        "model_comparison",
        "Model comparison",
        table,
        "Marginal likelihoods by bridge sampling. Bayes factors are against the first model; probabilities "
        "give every model the same probability a priori.",
    )


def _draws(results: Results) -> tuple[np.ndarray, np.ndarray]:
    """z [ensembles, steps, walkers, n] and stored log likelihoods [ensembles, steps, walkers]."""
    chains, priors = results.chains, results.posterior.priors
    flat = chains.theta.reshape(-1, len(chains.names))
    z = ndtri(priors.to_unit(flat))
    far = ~((z > LOWEST) & (z < HIGHEST)).all(axis=0)
    if far.any():
        names = ", ".join(np.array(chains.names)[far])
        raise BadConfiguration(f"The posterior lies where the prior of {names} is next to nothing: widen it.")
    log_likelihood = chains.log_prob - priors.log_density(flat).reshape(chains.log_prob.shape)
    return z.reshape(chains.theta.shape), log_likelihood


def _paths(values: np.ndarray) -> np.ndarray:
    """[ensembles, steps, walkers, n] -> [ensembles, walkers * steps, n], walker after walker."""
    return values.swapaxes(1, 2).reshape(len(values), -1, values.shape[-1])


def _proposal(z: np.ndarray, draws: int, generator: np.random.Generator) -> tuple:
    """A Student t with the moments of z [chains, draws, n], and its draws [draws, n]."""
    flat = z.reshape(-1, z.shape[-1])
    if len(flat) <= 2 * flat.shape[1] or np.linalg.matrix_rank(flat - flat[0]) < flat.shape[1]:
        raise BadConfiguration("Too few draws for the marginal likelihood: sample more steps.")
    shape: Any = np.cov(flat.T)  # SciPy's stubs allow numbers only
    proposal = multivariate_t(flat.mean(axis=0), shape, df=DEGREES_OF_FREEDOM, seed=generator)
    return proposal, np.asarray(proposal.rvs(draws)).reshape(draws, -1)


def _log_normal(z: np.ndarray) -> np.ndarray:
    return -0.5 * (np.sum(z**2, axis=-1) + z.shape[-1] * np.log(2 * np.pi))


def _region_mass(posterior: Posterior, generator: np.random.Generator) -> LogEstimate:
    """Log prior mass, within the box, of the certified region."""
    if posterior.surrogate.region is None:
        return LogEstimate(0.0, 0.0)
    draws = posterior.priors.draw(MASS_DRAWS, generator)
    share = posterior.surrogate.inside(posterior.parameters(draws)).mean()
    return LogEstimate(float(np.log(share)), float(np.sqrt((1 - share) / (share * MASS_DRAWS))))


def _per_mass(estimates: dict[str, LogEstimate], mass: LogEstimate) -> Evidence:
    scaled = {
        name: LogEstimate(
            estimate.value - mass.value, float(np.hypot(estimate.standard_error, mass.standard_error))
        )
        for name, estimate in estimates.items()
    }
    return Evidence(scaled, float(np.exp(mass.value)))
