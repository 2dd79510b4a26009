"""Whether a posterior stays inside what was learnt."""

import numpy as np

from estimation.learnt.likelihood import LearntLikelihood
from estimation.results import Results

SHARE_OF_DEPTH = 0.8
CROWDED = 0.01
DRAWS = 1000


def edge_warnings(results: Results) -> list[str]:
    """Say so if more than a hundredth of the draws lie in the deepest fifth of the learnt region; empty if
    all is well. Beyond the region the likelihood is next to zero.
    """
    likelihood = results.posterior.likelihood
    assert isinstance(likelihood, LearntLikelihood)
    card = likelihood.graph.card
    draws = results.chains.by_time().reshape(-1, results.posterior.n_free)
    some = draws[np.linspace(0, len(draws) - 1, min(DRAWS, len(draws))).astype(int)]
    depth = card.peak - results.posterior.log_likelihood(some)
    share = np.mean(depth > SHARE_OF_DEPTH * card.region["depth"])
    if share <= CROWDED:
        return []
    return [
        f"The posterior is at the edge of what was learnt: {share:.0%} of the draws are "
        f"{SHARE_OF_DEPTH * card.region['depth']:.0f} log points or more below the highest likelihood. Learn "
        "again with these priors."
    ]
