"""Draws of whole paths given the whole sample, by backward simulation.

States follow from lagged states and shocks, so that no other particle could have led to tomorrow's state, and
the textbook's backward simulation (Godsill, Doucet and West 2004) has nothing to choose from. What a past can
be chosen for is a future in terms of innovations: write the shock as

    e' = mean(s) + factor v'

with the mean that the linearised economy gives to the shock when the state and the rest of the sample are
known. The innovations v of the later periods lead from every particle s to some path, and particle i of
period t has, given those innovations, the probability

    W_t(i) x  product of  p(y' | s', x') p(e') / q(e')  along its path,

where W is its weight and q the density of mean(s) + factor v'.

In a linear economy the product depends on s alone, and any particle may be chosen; with v = e, simulation in
the shocks (Lindsten, Jordan and Schön 2014, section 4), hardly any but the one that was there. Paths start
from the filter's genealogy. Before each resampling, which is where genealogies merge, the path's particle
competes with candidates, which leaves the distribution of paths as it is (Bunch and Godsill 2013).
"""

import numpy as np

from .particles import Array, History, Indices, evenly_picked, picked, take
from .proposals import GaussianProposal
from .state_space import (
    Measurement,
    Paths,
    StateSpace,
    controls_in,
    follow,
    path_from,
    stacked,
)

CANDIDATES = 16


class Given:
    """Normals that are known already, [w, N, n_columns]."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def normals(self, n_columns: int) -> Array:
        """See `Normals.normals`."""
        return self._values

    mirrored_normals = normals


class BackwardSimulation:
    """Paths given the whole sample.

    Parameters
    ----------
    space, parameters, measurement : the economies [w, p] and their sample, burn-in included.
    guide : proposal of the linearised economy that knows the whole sample.
    history : of a filter of that sample.
    generator : source of randomness; its state moves on.
    """

    def __init__(
        self,
        space: StateSpace,
        parameters: Array,
        measurement: Measurement,
        guide: GaussianProposal,
        history: History,
        generator: np.random.Generator,
    ) -> None:
        self._space, self._parameters, self._measurement = space, parameters, measurement
        self._guide, self._history, self._generator = guide, history, generator

    def draw(self, count: int) -> Paths:
        """`count` paths for each vector, in distribution the same; burn-in included."""
        chosen = evenly_picked(self._history.log_weights[-1], count, self._generator)
        later: list[Array] = []
        for period in reversed(range(len(self._measurement))):
            parents = self._history.parents(period, chosen)
            states = take(self._history.states[period], parents)
            shocks = take(self._history.shocks[period], chosen)
            later.insert(0, self._guide.innovations(period, states, shocks))
            resampled = self._history.ancestors[period] is not None
            chosen = self._reconsidered(period, parents, later) if resampled else parents
        first = take(self._history.states[0], chosen)
        return path_from(
            self._space,
            self._parameters,
            first,
            len(later),
            lambda period, states: self._guide.shocks(period, states, Given(later[period]))[0],
        )

    def _reconsidered(self, period: int, chosen: Indices, later: list[Array]) -> Indices:
        """Particles before a period for the innovations that come later: the ones chosen, or better ones."""
        states = self._history.states[period]
        weights = self._history.log_weights[period] + self._guide.outlook(period, states)
        n_vectors, count = chosen.shape
        points = self._generator.random((n_vectors, count * CANDIDATES))
        others = picked(weights, points).reshape(n_vectors, count, CANDIDATES)
        candidates = np.concatenate([chosen[..., None], others], axis=2)
        merits = self._merits(period, take(states, candidates.reshape(n_vectors, -1)), later)
        points = self._generator.random((n_vectors * count, 1))
        winners = picked(merits.reshape(n_vectors * count, -1), points).reshape(n_vectors, count, 1)
        return np.take_along_axis(candidates, winners, axis=2)[..., 0]

    def _merits(self, period: int, states: Array, later: list[Array]) -> Array:
        """Log weights [w, m x n] of candidates before a period, n for each of m futures, less the outlook
        by which they were proposed.
        """
        merits = -self._guide.outlook(period, states) + np.zeros(states.shape[:2])
        controls = controls_in(self._space, self._parameters, states)
        for innovations in later:
            repeated = np.repeat(innovations, states.shape[1] // innovations.shape[1], axis=1)
            shocks, log_ratio = self._guide.shocks(period, states, Given(repeated))
            outcome = self._space.step(stacked(states), stacked(controls), stacked(shocks), self._parameters)
            states, controls = (block.reshape(*merits.shape, -1) for block in outcome[:2])
            merits += log_ratio
            if not self._measurement.empty[period]:
                observables = outcome.next_observables.reshape(*merits.shape, -1)
                merits += self._measurement.log_density(period, observables)
            period += 1
        return merits


def drawn_by_period(
    space: StateSpace, parameters: Array, history: History, count: int, generator: np.random.Generator
) -> Paths:
    """`count` particles of every period given the data up to it, burn-in included."""
    states = [take(history.states[0], evenly_picked(history.log_weights[0], count, generator))]
    controls, shocks, observables = [controls_in(space, parameters, states[0])], [], []
    for period, moved_by in enumerate(history.shocks):
        chosen = evenly_picked(history.log_weights[period + 1], count, generator)
        before = take(history.states[period], history.parents(period, chosen))
        shocks.append(take(moved_by, chosen))
        origin = controls_in(space, parameters, before)
        after, controls_after, seen = follow(space, parameters, before, origin, shocks[-1])
        states.append(after)
        controls.append(controls_after)
        observables.append(seen)
    return Paths(*map(np.array, (states, controls, shocks, observables)))
