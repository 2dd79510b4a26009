"""A likelihood surrogate in the place of the filter that it learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import numpy as np

from estimation.filters.paths import Paths
from estimation.finding import Finding
from estimation.likelihoods.correction import correct
from estimation.likelihoods.learnt_graph import Array, LearntGraph, fingerprints, require_same
from estimation.likelihoods.method import Ingredients, Method, likelihood_settings, register
from estimation.measurement import PREFIX
from estimation.posterior import Likelihood, Posterior, Sampled
from estimation.settings import at_most
from surrogate.errors import BadConfiguration, shown

LEARNT = "learnt"
SHARE_OF_DEPTH = 0.8
CROWDED = 0.01
DRAWS = 1000


class LearntLikelihood(Likelihood):
    """A graph in the place of the filter that it learnt; see :class:`estimation.posterior.Likelihood`.

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
        """See :class:`estimation.posterior.Likelihood`; nothing is random."""
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
        """States and shocks by the filter itself; see :class:`estimation.posterior.Likelihood`."""
        return self.truth.paths(parameters, generator, draws, measurement_sd, smoothed)

    def caveat(self, common_random_numbers: bool) -> str:
        """See :class:`estimation.posterior.Likelihood`."""
        return "The likelihood is one that was learnt; its error is not in the errors here."

    def warnings(self, sampled: Sampled) -> list[str]:
        """Say so if more than a hundredth of the draws lie in the deepest fifth of the learnt region; empty
        if all is well. Beyond the region the likelihood is next to zero.
        """
        card = self.graph.card
        draws = sampled.chains.by_time().reshape(-1, sampled.posterior.n_free)
        some = draws[np.linspace(0, len(draws) - 1, min(DRAWS, len(draws))).astype(int)]
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
