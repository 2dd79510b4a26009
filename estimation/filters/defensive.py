"""Proposals whose importance weights are bounded (Hesterberg 1995: defensive importance sampling)."""

import numpy as np

from estimation.filters.gaussian import GaussianProposal
from estimation.filters.proposal import Array, LogWeights, Normals

QUANTILE = -1.2816
SHARE = 0.1


class DefensiveProposal:
    """A Gaussian proposal, but a tenth of the shocks come from their prior.

    For a likelihood that costs more variance in smooth periods than it gains at kinks. For paths, whose
    moments would miss what the linearised economy deems impossible, it is worth it.

    Parameters
    ----------
    inner : the proposal to mix with the prior.
    """

    def __init__(self, inner: GaussianProposal) -> None:
        self._inner = inner
        self.start, self.outlook = inner.start, inner.outlook

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.shocks`."""
        shocks, log_ratio = self._inner.shocks(period, states, draws)
        prior = draws.normals(shocks.shape[2])
        from_prior = draws.normals(1) < QUANTILE
        shocks = np.where(from_prior, prior, shocks)
        log_ratio = np.where(from_prior[..., 0], self._inner.log_ratio(period, states, prior), log_ratio)
        return shocks, -np.log(SHARE + (1 - SHARE) * np.exp(-log_ratio))
