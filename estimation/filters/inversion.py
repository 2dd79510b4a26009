"""The inversion filter: the shocks that reproduce the data, one period after the other.

With as many shocks as observations and no measurement error, the observation of a period determines its
shocks given the state, so that the density of the data is that of the shocks over |det dy'/de'|. See
Guerrieri and Iacoviello (2017) and, for its accuracy at the zero lower bound, Atkinson, Richter and
Throckmorton (2020).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import BadConfiguration, StochasticSingularity

from .bound_solver import DEEPER, Bound, Hidden, find_shocks_at_bound
from .linearisation import at_steady_state
from .path_solver import find_path
from .shock_solver import (
    Kept,
    LinearGuess,
    Path,
    Solution,
    System,
    find_shocks,
    log_volume,
    shock_jacobian,
)
from .state_space import LOG_TWO_PI, Paths, StateSpace, blank, controls_in, follow

Array = NDArray[np.floating]

ROWS_PER_CALL = 20_000


class Inversion(NamedTuple):
    """What the data say under w parameter vectors.

    states [T + 1, w, n_states], the initial ones first; shocks [T, w, n_shocks]; log_density [T, w], of each
    period's observations given the past; found bool [w], false where some period has no solution.
    """

    states: Array
    shocks: Array
    log_density: Array
    found: NDArray[np.bool_]


class InversionFilter:
    """Exact likelihood, given the initial state, without measurement error; all vectors advance in one batch.

    The initial state is the steady state, whatever the data say: the shocks of the first periods have to
    carry the economy to where it really was, and distort the posterior unless a `presample` leaves them out.
    A missing observation leaves fewer equations than shocks: the most likely shocks that satisfy them are
    taken, and the density is that of the linearised period.

    Parameters
    ----------
    state_space : economy and observables without measurement error, as many as it has shocks; or more, of
        which no period then observes more than there are shocks.
    bound : a lower bound on one of them.
    presample : the likelihood is conditional on so many periods at the start of the sample.

    Attributes
    ----------
    failures : parameter vectors so far for which no shocks reproduce the data.

    Raises
    ------
    BadConfiguration : fewer observables, measurement error, or a floor that is no number.
    UnknownName : the bound's observable or shock does not exist.
    """

    def __init__(self, state_space: StateSpace, bound: Bound | None = None, presample: int = 0) -> None:
        self.state_space, self.presample = state_space, presample
        self.failures = 0
        _require_enough_observables(state_space)
        self._hidden = None if bound is None else Hidden.of(bound, state_space)

    def log_likelihood(self, parameters: ArrayLike, data: ArrayLike) -> Array:
        """Log likelihood of each parameter vector, [w], the 2 pi constant included.

        Parameters
        ----------
        parameters : [w, n_parameters] in the order of the surrogate, or one vector.
        data : [T, n_observables]; NaN marks a missing observation, and a period without any adds zero.

        Returns
        -------
        Minus infinity outside the surrogate's box and region, and where no shocks reproduce the data.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : the presample leaves no period that counts.
        StochasticSingularity : a period observes more than there are shocks.
        """
        space = self.state_space
        theta = space.surrogate.parameter_array(parameters)
        sample = space.checked_data(data)
        require_presample(self.presample, len(sample))
        values = np.full(len(theta), -np.inf)
        inside = space.surrogate.inside(theta)
        if inside.any():
            inversion = self.invert(theta[inside], sample)
            counted = inversion.log_density[self.presample :].sum(axis=0)
            values[inside] = np.where(inversion.found, counted, -np.inf)
        return values

    def invert(self, parameters: ArrayLike, data: ArrayLike) -> Inversion:
        """Shocks and states behind the data; parameters and data as in :meth:`log_likelihood`.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        StochasticSingularity : a period observes more than there are shocks.
        """
        space = self.state_space
        theta = space.surrogate.parameter_array(parameters).astype(space.dtype)
        sample = space.checked_data(data)
        kept = self.kept(sample)
        with np.errstate(all="ignore"):  # exploding economies have no solution, which is counted
            path = self._path(theta, sample, kept)
            volumes = _log_volumes(space, theta, self._off_the_kink(theta, sample, path), kept)
        observed = np.array([len(period.observables) for period in kept])
        log_density = -(np.square(path.shocks).sum(axis=2) + observed * LOG_TWO_PI) / 2 - volumes
        log_density = np.where(path.found[:, None] & np.isfinite(log_density), log_density, -np.inf)
        self.failures += int((~path.found).sum())
        return Inversion(
            path.states.swapaxes(0, 1), path.shocks.swapaxes(0, 1), log_density.swapaxes(0, 1), path.found
        )

    def smoothed_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator | None = None,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """The one path that reproduces the data: nothing is random, and there is one draw whatever `draws`.

        Without gaps in the data a period's shocks follow from the data up to it, so that this path is the
        filtered one, too. Parameters, data and errors as in :meth:`log_likelihood`; paths are NaN where the
        likelihood is zero.
        """
        space = self.state_space
        theta = space.surrogate.parameter_array(parameters)
        sample = space.checked_data(data)
        paths = blank(space, len(sample), len(theta), 1)
        inside = np.flatnonzero(space.surrogate.inside(theta))
        if inside.size:
            found = self.invert(theta[inside], sample)
            part = _path_of(space, theta[inside].astype(space.dtype), found)
            paths.put(inside, part.without(~found.found))
        return paths

    filtered_paths = smoothed_paths

    def kept(self, sample: Array) -> list[Kept]:
        """What each period of a sample [T, n_y] explains, and by which shocks.

        Raises
        ------
        StochasticSingularity : a period observes more than there are shocks.
        """
        kept = [self._kept(observation) for observation in sample]
        for number, period in enumerate(kept, start=1):
            if len(period.observables) > len(period.shocks):
                raise StochasticSingularity(
                    f"Stochastic singularity: period {number} observes "
                    f"{', '.join(self.state_space.observables[i] for i in period.observables)}, and the "
                    f"inversion filter has {len(period.shocks)} shocks to reproduce them by. Leave "
                    "observables out, or choose a particle filter with measurement error."
                )
        return kept

    def _kept(self, observation: Array) -> Kept:
        """What a period explains: observables that are there, less the one at its bound with its shock."""
        seen, free = ~np.isnan(observation), np.ones(self.state_space.surrogate.n_shocks, dtype=bool)
        if self._hidden is not None and self._hidden.binds(observation):
            seen[self._hidden.observable] = free[self._hidden.shock] = False
        return Kept(tuple(np.flatnonzero(seen).tolist()), tuple(np.flatnonzero(free).tolist()))

    def _path(self, parameters: Array, sample: Array, kept: list[Kept]) -> Path:
        """All periods at once where that works, else one after the other."""
        n_shocks = self.state_space.surrogate.n_shocks
        whole = Kept(*(tuple(range(n_shocks)) for _ in Kept._fields))
        if set(kept) != {whole} or sample.shape[1] != n_shocks:
            return self._by_period(parameters, sample, kept)
        path, settled = find_path(self.state_space, parameters, sample)
        left = np.flatnonzero(~path.found)
        if left.size:
            periods = int(settled[left].min())
            path.replace(left, self._by_period(parameters[left], sample, kept, path.at(left), periods))
        return path

    def _by_period(
        self, parameters: Array, sample: Array, kept: list[Kept], head: Path | None = None, settled: int = 0
    ) -> Path:
        """One period after the other, from the `settled` first ones of a path on."""
        space = self.state_space
        steady = at_steady_state(space, parameters, periods=1)
        economy = steady.linearisation
        path = _resting(space, parameters, steady.mean, len(sample))
        if head is not None and settled:
            path.begin_with(head, settled)
            path.controls[:, settled] = space.policy(path.states[:, settled], parameters)
        alive = np.arange(len(parameters))
        guess = LinearGuess(steady.mean, economy.observation[0], economy.observation_shock[0])
        for t in range(settled, len(sample)):
            everyone = System(space, parameters, path.states[:, t], path.controls[:, t], sample[t])
            solution = self._solve(everyone.at(alive), kept[t], guess)
            path.found[alive] = solution.found
            path.shocks[alive, t] = solution.shocks
            path.states[alive, t + 1] = solution.outcome.next_states
            path.controls[alive, t + 1] = solution.outcome.next_controls
            if not solution.found.all():
                alive, guess = alive[solution.found], guess.at(np.flatnonzero(solution.found))
            if not alive.size:
                break
        return path._replace(controls=path.controls[:, :-1])

    def _solve(self, system: System, kept: Kept, guess: LinearGuess) -> Solution:
        """The shocks of one period."""
        if self._hidden is not None and self._hidden.binds(system.observation):
            return find_shocks_at_bound(system, kept, guess, self._hidden)
        start = guess.shocks(system.states, system.observation, kept)
        return find_shocks(system, kept, start, guess.slopes(kept))

    def _off_the_kink(self, parameters: Array, sample: Array, path: Path) -> Path:
        """The path with hidden shocks that push further into the bound, where they make no difference.

        Differences taken there do not reach across the kink.
        """
        if self._hidden is None or not (at_bound := self._hidden.binds(sample)).any():
            return path
        impact = at_steady_state(self.state_space, parameters, periods=1).linearisation.observation_shock[0]
        shocks = path.shocks.copy()
        shocks[:, at_bound, self._hidden.shock] += DEEPER * self._hidden.downwards(impact)[:, None]
        return path._replace(shocks=shocks)


def _path_of(space: StateSpace, parameters: Array, found: Inversion) -> Paths:
    """States and shocks with their controls and observables; one draw."""
    states = found.states.swapaxes(0, 1)
    controls = controls_in(space, parameters, states)
    shocks = found.shocks.swapaxes(0, 1)
    *_, observables = follow(space, parameters, states[:, :-1], controls[:, :-1], shocks)
    blocks = (states, controls, shocks, observables)
    return Paths(*(block.swapaxes(0, 1)[:, :, None] for block in blocks))


def _resting(space: StateSpace, parameters: Array, mean: Array, periods: int) -> Path:
    """The path without shocks from steady states [w, n_states], and one more row of controls."""
    rest = mean.astype(space.dtype)
    controls = space.policy(rest, parameters)
    states, controls = (np.repeat(block[:, None], periods + 1, axis=1) for block in (rest, controls))
    shocks = np.zeros((len(parameters), periods, space.surrogate.n_shocks))
    return Path(states, controls, shocks, np.ones(len(parameters), dtype=bool))


def _log_volumes(space: StateSpace, parameters: Array, path: Path, kept: list[Kept]) -> Array:
    """log sqrt(det J J') [w, T] of the Jacobians at the solution; a few evaluations serve all periods."""
    n_vectors, periods, n_shocks = path.shocks.shape
    block = max(1, ROWS_PER_CALL // (2 * n_shocks * periods))
    origins = path.states[:, :-1].astype(space.dtype), path.controls, path.shocks
    jacobians = []
    for first in range(0, n_vectors, block):
        part = slice(first, first + block)
        states, controls, shocks = (rows[part].reshape(-1, rows.shape[2]) for rows in origins)
        jacobian = shock_jacobian(space, parameters[part], states, controls, shocks)
        jacobians.append(jacobian.reshape(-1, periods, *jacobian.shape[1:]))
    jacobian, volumes = np.concatenate(jacobians), np.empty((n_vectors, periods))
    for pattern in set(kept):
        alike = [t for t, period in enumerate(kept) if period == pattern]
        volumes[:, alike] = log_volume(pattern.of(jacobian[:, alike]))
    return volumes


def require_presample(presample: int, periods: int) -> None:
    """Raise ``BadConfiguration`` unless some of so many periods count."""
    if not 0 <= presample < periods:
        raise BadConfiguration(f"presample must be from 0 to {periods - 1}, not {presample}.")


def _require_enough_observables(space: StateSpace) -> None:
    shocks, observables = space.surrogate.shock_names, space.observables
    if space.measurement_sd is not None:
        raise BadConfiguration(
            "The inversion filter has no measurement error: leave it out, or use a particle filter."
        )
    if len(observables) < len(shocks):
        raise BadConfiguration(
            f"The inversion filter needs as many observables as shocks: {space.surrogate.card.model} has "
            f"{len(shocks)} ({', '.join(shocks)}), and {len(observables)} observables are given "
            f"({', '.join(observables)}). Choose {len(shocks)} observables, or a particle filter with "
            "measurement error."
        )
