"""The bootstrap particle filter of Gordon, Salmond and Smith (1993): particles move
blindly, data only weigh them.
"""

import numpy as np

from estimation.filters.measurement import Measurement
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.proposal import Array, LogWeights, Normals, Proposal
from estimation.linearisation import SteadyApproximation, at_steady_state


class BootstrapFilter(ParticleFilter):
    """Particle filter whose shocks come from their prior; it needs some ten thousand particles."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady = at_steady_state(self.state_space, parameters, periods=1)
        return PriorProposal(steady, parameters.dtype)


class PriorProposal:
    """The economy as it is: ergodic states of the linear approximation, then standard normal shocks."""

    def __init__(self, steady: SteadyApproximation, dtype: np.dtype) -> None:
        self._mean = steady.mean[:, None].astype(dtype)
        self._root = steady.root.swapaxes(1, 2).astype(dtype)
        self._n_shocks = steady.linearisation.impact.shape[3]

    def start(self, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.start`."""
        return self._mean + draws.mirrored_normals(self._root.shape[1]) @ self._root, 0.0

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.shocks`."""
        return draws.mirrored_normals(self._n_shocks), 0.0

    def outlook(self, period: int, states: Array) -> LogWeights:
        """See `Proposal.outlook`."""
        return 0.0
