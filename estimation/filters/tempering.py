"""The stages of the tempered particle filter, and particles in the middle of a period."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from estimation.filters.bootstrap import PriorProposal
from estimation.filters.measurement import Measurement
from estimation.filters.proposal import Array
from estimation.filters.resampling import normalise
from estimation.filters.smoothing import inverse_root
from estimation.linearisation import at_steady_state
from estimation.state_space import StateSpace

SCALE = 2.38  # of a random walk, over the root of its dimension (Gelman, Roberts and Gilks 1996)
HALVINGS = 40


@dataclass
class Trial:
    """Particles of some vectors in a period, each [w, N, .].

    states and controls before the period, shocks of the period, next_states and next_controls after it;
    misfit [w, N], half the squared measurement errors in units of their variance.
    """

    states: Array
    controls: Array
    shocks: Array
    next_states: Array
    next_controls: Array
    misfit: Array

    def at(self, vectors: NDArray[np.intp]) -> "Trial":
        """Those of some vectors."""
        return Trial(*(block[vectors] for block in self._blocks))

    def replace(self, vectors: NDArray[np.intp], part: "Trial") -> None:
        """Put the particles of some vectors in the place of what was there."""
        for mine, theirs in zip(self._blocks, part._blocks, strict=True):
            mine[vectors] = theirs

    def resampled(self, ancestors: NDArray[np.intp]) -> "Trial":
        """The particles in the rows `ancestors` [w * N] of the stacked clouds."""
        flat = (block.reshape(-1, *block.shape[2:])[ancestors] for block in self._blocks)
        shape = self.misfit.shape
        return Trial(*[rows.reshape(*shape, *rows.shape[1:]) for rows in flat])

    def moved(self, other: "Trial", accepted: NDArray[np.bool_]) -> "Trial":
        """The other's particles where `accepted` [w, N]."""
        pairs = zip(self._blocks, other._blocks, strict=True)
        masks = {2: accepted, 3: accepted[..., None]}
        return Trial(*[np.where(masks[mine.ndim], theirs, mine) for mine, theirs in pairs])

    @property
    def _blocks(self) -> list[Array]:
        return [getattr(self, item.name) for item in fields(self)]


class Tempering(PriorProposal):
    """Shocks from the prior, and the stages of every period.

    Parameters
    ----------
    space, parameters, measurement : the economies [w, p] and their sample.
    target : mean(w^2) / mean(w)^2 that a stage leaves when its exponent is chosen.
    """

    def __init__(self, space: StateSpace, parameters: Array, measurement: Measurement, target: float) -> None:
        steady = at_steady_state(space, parameters, periods=1)
        super().__init__(steady, parameters.dtype)
        impact = steady.linearisation.observation_shock[0]
        self._information = impact.swapaxes(1, 2) @ (measurement.precision[..., None] * impact)
        self._target = target
        self._exponents: list[list[Array]] = [[] for _ in range(len(measurement))]

    def exponents(self, period: int, stage: int, before: Array, misfit: Array) -> Array:
        """phi of a stage [w], chosen when it is first asked for: by the stage before it, and by the misfit
        [w, N] of the particles that ask.
        """
        known = self._exponents[period]
        if stage == len(known):
            known.append(largest_exponents(before, misfit, self._target))
        return known[stage]

    def steps(self, period: int, exponents: Array, vectors: NDArray[np.intp]) -> Array:
        """Transposed factors [n, n_e, n_e] of the random walk of shocks at phi [n], for some vectors [n]."""
        information = exponents[:, None, None] * self._information[period, vectors]
        n_shocks = information.shape[1]
        factor = inverse_root(np.eye(n_shocks) + information)
        return SCALE / np.sqrt(n_shocks) * factor.swapaxes(1, 2)


def largest_exponents(before: Array, misfit: Array, target: float) -> Array:
    """The largest phi [w] up to one that leave mean(w^2) / mean(w)^2 at the target or below it.

    The weights are w = exp((before - phi) misfit), misfit is [w, N].
    """
    low, high = before, np.ones_like(before)
    probe = high
    for _ in range(HALVINGS):
        weights = normalise((before - probe)[:, None] * misfit)[1]
        acceptable = weights.shape[1] * np.square(weights).sum(axis=1) <= target
        low, high = np.where(acceptable, probe, low), np.where(acceptable, high, probe)
        probe = (low + high) / 2
    return np.where(low > before, low, 1.0)
