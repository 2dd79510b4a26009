"""A likelihood surrogate in the place of the filter that it learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estimation.learnt.identity import fingerprints, require_same
from estimation.learnt.likelihood import LearntGraph, LearntLikelihood
from estimation.likelihoods.method import Ingredients, Method
from estimation.posterior import Posterior
from estimation.settings import at_most
from surrogate.errors import BadConfiguration, shown

LEARNT = "learnt"


@dataclass(frozen=True)
class LearntSettings:
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
        likelihood = LearntLikelihood(graph, given.surrogate.parameter_names, names, exact.likelihood)
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
        target = posterior.likelihood
        assert isinstance(target, LearntLikelihood)
        return [target.graph.digest, target.graph.card.fingerprints]


def filter_settings(values: Mapping[str, Any]) -> Method:
    """Settings of the likelihood that is to be learnt.

    Raises
    ------
    BadConfiguration : they are no mapping, learnt themselves, or hide a filter's noise, whose bias could then
        not be taken out.
    """
    from estimation.likelihoods.registry import likelihood_settings  # which imports this module

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
