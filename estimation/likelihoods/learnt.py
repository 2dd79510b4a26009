"""A likelihood surrogate in the place of the filter that it learnt, and the last word to the filter:
importance weights that take a learnt posterior to the true one.

A draw from the learnt posterior gets the weight p / q, with q its learnt likelihood and p one fresh, unbiased
call of the filter. Weighted draws belong to the true posterior, whatever the noise of p and wherever q is
wrong (Andrieu and Roberts 2009 on why an unbiased p will do). Pareto smoothing (Vehtari, Simpson, Gelman, Yao
and Gabry 2024) tames the largest weights, and its shape estimate says whether the weights can be trusted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate.errors import BadConfiguration, shown

from ..filters.state_space import Paths
from ..finding import HDI_SHARE, Finding
from ..sampling.posterior import Likelihood, Posterior, Sampled
from ..settings import PREFIX, at_most
from .learnt_graph import LearntGraph, fingerprints, require_same
from .method import Ingredients, Method, likelihood_settings, log_likelihoods, register

Array = NDArray[np.float64]
LARGEST_PARETO_K = 0.7
LEAST_DRAWS = 50
LEARNT = "learnt"
SHARE_OF_DEPTH = 0.8
CROWDED = 0.01
DRAWS = 1000


@dataclass(frozen=True)
class Correction:
    """Draws of the learnt posterior with the weights that make them draws of the true one.

    Attributes
    ----------
    names : free parameters.
    theta : draws [m, n].
    weights : smoothed, summing to one [m].
    pareto_k : shape of the largest weights' tail; above 0.7 they cannot be trusted.
    """

    names: tuple[str, ...]
    theta: Array
    weights: Array
    pareto_k: float

    @property
    def effective_sample_size(self) -> float:
        """Independent draws of the true posterior that are worth as much (Kong 1992)."""
        return float(1 / np.sum(self.weights**2))

    @property
    def table(self) -> pd.DataFrame:
        """Mean, sd and 90 % highest-density interval before and after, and the shift in posterior sd."""
        flat = np.full_like(self.weights, 1 / len(self.weights))
        before, after = _moments(self.theta, flat), _moments(self.theta, self.weights)
        interval = np.array([weighted_interval(column, self.weights) for column in self.theta.T])
        columns = {
            "learnt mean": before[0],
            "learnt sd": before[1],
            "mean": after[0],
            "sd": after[1],
            "HDI low": interval[:, 0],
            "HDI high": interval[:, 1],
            "shift": (after[0] - before[0]) / after[1],
        }
        return pd.DataFrame(columns, index=pd.Index(self.names, name="parameter"))

    @property
    def finding(self) -> Finding:
        """The table and the summary, ready to be saved."""
        return Finding("corrected", "Posterior corrected by the filter", self.table, self.summary(), None)

    def summary(self) -> str:
        """How far the correction can be trusted, in one or two sentences."""
        text = (
            f"Corrected by {len(self.weights)} calls of the filter: effective sample size "
            f"{self.effective_sample_size:.0f}, Pareto k {self.pareto_k:.2f}."
        )
        if self.pareto_k <= LARGEST_PARETO_K:
            return text
        return (
            f"{text} A k above {LARGEST_PARETO_K} means that a few draws decide: do not trust the "
            "correction. Learn with more calls, or use a filter with less noise."
        )


def correct(results: Sampled, draws: int, seed: int, processes: int | None = None) -> Correction:
    """Correct the draws of a learnt posterior by the filter that was learnt.

    Parameters
    ----------
    results : of an estimation with ``method = "learnt"``.
    draws : how many draws, evenly from the chains.
    seed : of the filter's random numbers.
    processes : see :func:`estimation.likelihoods.method.log_likelihoods`.

    Raises
    ------
    BadConfiguration : the likelihood is not learnt, or there are too few draws for weights to mean anything.
    """
    learnt = results.posterior
    if draws < LEAST_DRAWS:
        raise BadConfiguration(f"A correction needs {LEAST_DRAWS} draws or more, not {draws}.")
    theta = _evenly(results.chains.by_time().reshape(-1, learnt.n_free), draws)
    true = log_likelihoods(true_posterior(learnt), theta, seed, processes, "correcting")
    return weigh(learnt.names, theta, true - learnt.log_likelihood(theta))


def weigh(names: tuple[str, ...], theta: Array, log_ratio: Array) -> Correction:
    """Smooth the weights exp(``log_ratio``) [m] of draws theta [m, n].

    Raises
    ------
    BadConfiguration : hardly any weight is positive.
    """
    finite = np.isfinite(log_ratio)
    if finite.sum() < LEAST_DRAWS:
        raise BadConfiguration(
            f"The filter gives a positive likelihood to only {finite.sum()} of {len(theta)} draws: the "
            "learnt posterior is not that of the filter. Learn it again."
        )
    smoothed, shape = _smooth(log_ratio[finite])
    weights = np.zeros(len(theta))
    weights[finite] = np.exp(smoothed - np.max(smoothed))
    return Correction(names, theta, weights / weights.sum(), shape)


def true_posterior(learnt: Posterior) -> Posterior:
    """The posterior with the filter itself in the place of what was learnt from it.

    Raises
    ------
    BadConfiguration : the likelihood is not learnt.
    """
    truth = learnt.likelihood.truth
    if truth is None:
        raise BadConfiguration('Only the posterior of [likelihood] method = "learnt" can be corrected.')
    return Posterior(learnt.surrogate, truth, learnt.priors, learnt.fixed, learnt.measurement)


def weighted_interval(values: Array, weights: Array) -> tuple[float, float]:
    """The shortest interval that holds 90 % of the weight of values [m]."""
    order = np.argsort(values)
    ordered, mass = values[order], np.cumsum(weights[order])
    before = mass - weights[order]
    last = np.searchsorted(mass, before + HDI_SHARE - 1e-12)
    possible = last < len(values)
    widths = ordered[last[possible]] - ordered[possible]
    best = int(np.argmin(widths))
    return float(ordered[possible][best]), float(ordered[last[possible]][best])


class LearntLikelihood(Likelihood):
    """A graph in the place of the filter that it learnt, a :class:`estimation.sampling.posterior.Likelihood`.

    Parameters
    ----------
    graph : of the parameters that are free.
    parameter_names : of the economy, in its order.
    observables : in the order of the data's columns.
    truth : the filter.
    correction : draws at which the filter corrects the posterior; none if 0.
    """

    truth: Likelihood

    def __init__(
        self,
        graph: LearntGraph,
        parameter_names: Sequence[str],
        observables: Sequence[str],
        truth: Likelihood,
        correction: int = 0,
    ) -> None:
        self.graph, self.truth, self.correction = graph, truth, correction
        self.is_density, self.presample = truth.is_density, truth.presample
        self.starts_at_rest = truth.starts_at_rest
        self.chapter = "Correction by the filter" if correction else ""
        self._sources = [*parameter_names, *[PREFIX + name for name in observables]]

    @cached_property
    def _columns(self) -> list[int]:
        return [self._sources.index(name) for name in self.graph.card.names]

    def log_likelihood(
        self,
        parameters: Array,
        generator: np.random.Generator | None = None,
        measurement_sd: Array | None = None,
    ) -> Array:
        """See :class:`estimation.sampling.posterior.Likelihood`; nothing is random."""
        if measurement_sd is not None and max(self._columns) >= parameters.shape[1]:
            parameters = np.hstack([parameters, measurement_sd])
        return self.graph.log_likelihood(parameters[:, self._columns])

    def paths(
        self,
        parameters: Array,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: Array | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """States and shocks by the filter itself; see :class:`estimation.sampling.posterior.Likelihood`."""
        return self.truth.paths(parameters, generator, draws, measurement_sd, smoothed)

    def caveat(self, common_random_numbers: bool) -> str:
        """See :class:`estimation.sampling.posterior.Likelihood`."""
        return "The likelihood is one that was learnt; its error is not in the errors here."

    def warnings(self, sampled: Sampled) -> list[str]:
        """Say so if more than a hundredth of the draws lie in the deepest fifth of the learnt region; empty
        if all is well. Beyond the region the likelihood is next to zero.
        """
        card = self.graph.card
        draws = sampled.chains.by_time().reshape(-1, sampled.posterior.n_free)
        some = _evenly(draws, DRAWS)
        depth = card.peak - sampled.posterior.log_likelihood(some)
        share = np.mean(depth > SHARE_OF_DEPTH * card.region["depth"])
        if share <= CROWDED:
            return []
        return [
            f"The posterior is at the edge of what was learnt: {share:.0%} of the draws are "
            f"{SHARE_OF_DEPTH * card.region['depth']:.0f} log points or more below the highest likelihood. "
            "Learn again with these priors."
        ]

    def findings(self, sampled: Sampled, seed: int, processes: int | None) -> list[Finding]:
        """The posterior corrected by the filter, if that is asked for."""
        if not self.correction:
            return []
        return [correct(sampled, self.correction, seed, processes).finding]


@register(LEARNT)
@dataclass(frozen=True)
class LearntSettings(Method):
    """A likelihood surrogate.

    Attributes
    ----------
    folder : written by ``dsge-surrogate learn``.
    filter : settings of the likelihood that it learnt, as ``[likelihood]`` takes them.
    correction : draws at which the filter itself corrects the posterior; none if 0.
    """

    folder: str
    filter: Mapping[str, Any]
    correction: int = at_most(10_000_000, default=0)
    method: str = LEARNT
    files: ClassVar[tuple[str, ...]] = ("corrected",)

    def posterior(self, given: Ingredients) -> Posterior:
        """See :class:`estimation.likelihoods.method.Method`.

        Raises
        ------
        Changed : the surrogate belongs to another model, filter or data.
        """
        if self.correction < 0:
            raise BadConfiguration(f"correction is a number of draws, not {self.correction}.")
        settings = filter_settings(self.filter)
        exact = settings.posterior(given)
        graph = LearntGraph(self.folder)
        identity = fingerprints(exact, given.data, settings.ingredients(exact))
        require_same(graph.card, identity, exact, self.folder)
        names = [str(name) for name in given.data.columns]
        likelihood = LearntLikelihood(
            graph, given.surrogate.parameter_names, names, exact.likelihood, self.correction
        )
        return Posterior(
            given.surrogate,
            likelihood,
            given.priors,
            given.fixed,
            exact.measurement,
            common_random_numbers=True,
        )

    def ingredients(self, posterior: Posterior) -> list:
        """See :class:`estimation.likelihoods.method.Method`."""
        graph = cast(LearntLikelihood, posterior.likelihood).graph
        return [graph.digest, graph.card.fingerprints]


def filter_settings(values: Mapping[str, Any]) -> Method:
    """Settings of the likelihood that is to be learnt.

    Raises
    ------
    BadConfiguration : they are no mapping, learnt themselves, or hide a filter's noise, whose bias could then
        not be taken out.
    """
    if not isinstance(values, Mapping) or values.get("method") == LEARNT:
        raise BadConfiguration(
            "filter in [likelihood] says which likelihood is learnt, such as filter = "
            f'{{ method = "twisted" }}, not {shown(values)}.'
        )
    if values.get("random_numbers") == "common":
        raise BadConfiguration(
            'A likelihood is learnt with random_numbers = "fresh": common ones would hide how noisy, and so '
            "how biased, the filter is."
        )
    return likelihood_settings(values)


def _smooth(log_ratio: Array) -> tuple[Array, float]:
    """Pareto-smoothed log weights [m] and the shape of their tail."""
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    try:
        smoothed, shape = array_stats.psislw(-log_ratio)  # which takes log likelihoods: their sign is turned
    except ValueError:  # the largest weights are all the same: there is no tail to smooth
        return log_ratio, -np.inf
    return smoothed, float(shape)


def _evenly(draws: Array, size: int) -> Array:
    """``size`` rows at even distances, or all of them if there are fewer."""
    return draws[np.linspace(0, len(draws) - 1, min(size, len(draws))).astype(int)]


def _moments(theta: Array, weights: Array) -> tuple[Array, Array]:
    mean = weights @ theta
    return mean, np.sqrt(weights @ (theta - mean) ** 2)
