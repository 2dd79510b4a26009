"""The likelihood of an economy that moves between two regimes: the sum over their paths.

    p(y) = sum over z of  p(z) p(y | s(z)),     s' = m(s, x, z')

In an economy whose only shock has two outcomes, such as a boom that lasts or ends, all states follow from the
path of the shock, and the integral over shocks is a sum over paths (Hamilton 1989, with states that depend on
the whole path as in Kim 1994). There are 2^T of them, most without any chance once data are seen. So the
paths to each period that are the most likely given the data up to it go on, each both ways, and the others
are left out of the sum: nothing is random, and the likelihood is too small by what they would have added.
Kim merges paths where this drops them, which moves states to places where no path leads.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, ndtr, ndtri
from scipy.stats import qmc

from surrogate import Surrogate
from surrogate.errors import BadConfiguration

from .state_space import Measurement, Paths, StateSpace, blank, controls_in, follow

Array = NDArray[np.floating]
Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]

FAR = 8.0
"""Standard deviations beyond which no shock is looked for."""
PROBES, HALVINGS = 65, 40
ROUNDING = 1e-5
"""Of a shock in single precision."""
SMALLEST = 1e-9
TRIALS = 8
"""Parameter vectors at which outcomes are looked for, from all over the box."""


class Outcomes(NamedTuple):
    """Shocks that stand for the two outcomes, and their probabilities, each [2]."""

    shocks: Array
    chances: Array


class Hypotheses(NamedTuple):
    """The paths that go on, after a period.

    states [w, n, n_states], controls [w, n, n_controls], log_weights [w, n] of each path and of the data up
    to the period; shocks [w, n, 1] and observables [w, n, all observables] of the period, and the row of the
    period before from which each comes, [w, n].
    """

    states: Array
    controls: Array
    log_weights: Array
    shocks: Array
    observables: Array
    ancestors: Rows

    def chosen(self, rows: Rows) -> "Hypotheses":
        """Those at `rows` [w, m]."""
        blocks = self._asdict()
        at = {name: rows if block.ndim == 2 else rows[..., None] for name, block in blocks.items()}
        return Hypotheses(**{name: np.take_along_axis(block, at[name], 1) for name, block in blocks.items()})


class HamiltonFilter:
    """Likelihood of an economy whose shock has two outcomes; all parameter vectors advance in one batch.

    Before the sample the economy is where `burn_in` quarters of the state space lead from the steady state:
    as many paths as go on are equally likely, the same for all vectors and spread evenly. Where in the long
    run the economy begins is an integral over a state that moves continuously, so more paths are more exact
    there; the sum over what happens in the sample needs few.

    Parameters
    ----------
    state_space : economy, observables, measurement error, burn-in.
    paths : how many go on from each period.

    Raises
    ------
    BadConfiguration : fewer than two paths, or an economy with other shocks than one of two outcomes.
    """

    def __init__(self, state_space: StateSpace, paths: int = 256) -> None:
        if paths < 2:
            raise BadConfiguration(f"The Hamilton filter needs two or more paths, not {paths}.")
        self.state_space, self.paths = state_space, int(paths)
        self.outcomes = two_outcomes(state_space.surrogate)

    def log_likelihood(
        self, parameters: ArrayLike, data: ArrayLike, measurement_sd: ArrayLike | None = None
    ) -> Array:
        """Log likelihood of each parameter vector, [w], the 2 pi constant included.

        Parameters
        ----------
        parameters : [w, n_parameters] in the order of the surrogate, or one vector.
        data : [T, n_observables]; NaN marks a missing observation, and a period without any adds zero.
        measurement_sd : [n_observables] or [w, n_observables]; by default the state space's.

        Returns
        -------
        Minus infinity outside the surrogate's box and region, where the economy explodes, and for a row of
        ``measurement_sd`` that does not hold positive numbers.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : a measurement sd that is unknown, or not positive for all vectors.
        """
        theta, sample, sd, inside = self.state_space.checked(parameters, data, measurement_sd)
        values = np.full(len(theta), -np.inf)
        if inside.any():
            *_, last = self._run(theta[inside], sample, sd[inside])
            values[inside] = logsumexp(last.log_weights, axis=1)
        return values

    def smoothed_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """Joint draws of states, controls, shocks and observables given the whole sample, among the paths
        that are left at its end. Arguments and errors as in :meth:`log_likelihood`.
        """
        return self._drawn(parameters, data, generator, draws, measurement_sd, whole=True)

    def filtered_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """For every period draws given the data up to it; from one period to the next they are no path.
        Arguments and errors as in :meth:`log_likelihood`.
        """
        return self._drawn(parameters, data, generator, draws, measurement_sd, whole=False)

    def _run(self, parameters: Array, sample: Doubles, sd: Doubles) -> Iterator[Hypotheses]:
        """The paths before the sample, and those that go on from each period."""
        space = self.state_space
        measurement = Measurement(sample, sd, 0, space.dtype)
        columns = [space.surrogate.observable_names.index(name) for name in space.observables]
        yield (now := self._start(parameters))
        for period in range(len(measurement)):
            both = self._both_ways(parameters, now)
            seen = measurement.log_density(period, both.observables[..., columns])
            log_weights = np.nan_to_num(both.log_weights + seen, nan=-np.inf)
            most_likely = np.argpartition(-log_weights, self.paths - 1, axis=1)[:, : self.paths]
            kept = both._replace(log_weights=log_weights)
            yield (now := kept.chosen(most_likely))

    def _start(self, parameters: Array) -> Hypotheses:
        """Equally likely after the burn-in, from the steady state; without any, one path."""
        space, count = self.state_space, self.paths
        rest = space.surrogate.steady_state(parameters, check=False).states
        states = np.repeat(rest[:, None].astype(space.dtype), count, axis=1)
        controls = controls_in(space, parameters, states)
        normals = _even_normals(space.burn_in, count)
        shape = (*states.shape[:2], 1)
        with np.errstate(all="ignore"):  # economies that explode are no numbers, and end without weight
            for row in normals:
                shocks = np.broadcast_to(row[:, None], shape)
                states, controls, _ = follow(space, parameters, states, controls, shocks)
        log_weights = np.full(shape[:2], -np.log(count))
        if not space.burn_in:
            log_weights[:] = np.where(np.arange(count) == 0, 0.0, -np.inf)
        unseen = np.full((*shape[:2], space.surrogate.n_observables), np.nan)
        return Hypotheses(
            states, controls, log_weights, np.zeros(shape), unseen, np.zeros(shape[:2], dtype=np.intp)
        )

    def _both_ways(self, parameters: Array, now: Hypotheses) -> Hypotheses:
        """Each path with either outcome, [w, 2 n, .]."""
        space, outcomes = self.state_space, self.outcomes
        count = now.states.shape[1]
        states, controls = (np.concatenate([block, block], axis=1) for block in now[:2])
        shocks = np.broadcast_to(np.repeat(outcomes.shocks, count)[:, None], (*states.shape[:2], 1))
        with np.errstate(all="ignore"):
            states, controls, observables = follow(space, parameters, states, controls, shocks)
        log_weights = np.concatenate(
            [now.log_weights + np.log(chance) for chance in outcomes.chances], axis=1
        )
        ancestors = np.broadcast_to(np.tile(np.arange(count), 2), log_weights.shape)
        return Hypotheses(states, controls, log_weights, shocks, observables, ancestors)

    def _drawn(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: ArrayLike | None,
        whole: bool,
    ) -> Paths:
        """Draws given the `whole` sample, or up to each period."""
        theta, sample, sd, inside = self.state_space.checked(parameters, data, measurement_sd)
        paths = blank(self.state_space, len(sample), len(theta), draws)
        if inside.any():
            past = list(self._run(theta[inside], sample, sd[inside]))
            lost = np.asarray(~np.isfinite(past[-1].log_weights).any(axis=1))
            chosen: list[Hypotheses] = []
            for now in reversed(past):
                follow_back = whole and chosen
                rows = chosen[-1].ancestors if follow_back else _weighted(now.log_weights, draws, generator)
                chosen.append(now.chosen(rows))
            paths.put(np.flatnonzero(inside), _as_paths(chosen[::-1]).without(lost))
        return paths


def two_outcomes(surrogate: Surrogate) -> Outcomes:
    """Where the one shock of an economy divides its two outcomes, found by halving.

    Raises
    ------
    BadConfiguration : there are other shocks or outcomes, or chances differ between states or parameters.
    """
    if surrogate.n_shocks == 1:
        share = np.random.default_rng(0).uniform(size=(TRIALS, surrogate.n_parameters))
        theta = surrogate.lower + (surrogate.upper - surrogate.lower) * share
        theta = np.concatenate([surrogate.default[None], theta[surrogate.inside(theta)]])
        space = StateSpace(surrogate, surrogate.observable_names)
        rest = surrogate.steady_state(theta).states
        moved = _after(space, theta, rest, np.full(len(theta), -FAR))
        dividing = [_dividing_shock(space, theta, states) for states in (rest, moved)]
        if np.ptp(dividing) < ROUNDING:
            chance = float(ndtr(np.mean(dividing)))
            return Outcomes(np.array([-FAR, FAR]), np.array([chance, 1 - chance]))
    raise BadConfiguration(
        "The Hamilton filter takes an economy with one shock of two outcomes whose chances are always the "
        f"same, and {surrogate.card.model} has others: take a particle filter, such as "
        'method = "twisted" in [likelihood].'
    )


def _dividing_shock(space: StateSpace, parameters: Array, states: Array) -> Array:
    """The shock [w] below which one outcome follows states [w, n_states], and above which the other one; NaN
    where there are not two.
    """

    def falls(shock: Array) -> NDArray[np.bool_]:
        return (_after(space, parameters, states, shock) == first).all(axis=-1)

    below, above = (np.full(len(states), end) for end in (-FAR, FAR))
    first, last = (_after(space, parameters, states, end) for end in (below, above))
    probes = [np.full(len(states), probe) for probe in np.linspace(-FAR, FAR, PROBES)]
    known = [
        falls(probe) | (_after(space, parameters, states, probe) == last).all(axis=-1) for probe in probes
    ]
    is_two = np.all(known, axis=0) & ~falls(above)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        is_first = falls(middle)
        below, above = np.where(is_first, middle, below), np.where(is_first, above, middle)
    return np.where(is_two, below, np.nan)


def _even_normals(periods: int, paths: int) -> Array:
    """Standard normals [periods, paths] that cover the paths of the last periods evenly (Sobol)."""
    if not periods:
        return np.zeros((0, paths))
    draws = qmc.Sobol(periods, rng=np.random.default_rng(0)).random_base2(int(np.ceil(np.log2(paths))))[
        :paths
    ]
    return ndtri(draws.clip(SMALLEST, 1 - SMALLEST))[:, ::-1].T


def _after(space: StateSpace, parameters: Array, states: Array, shocks: Array) -> Array:
    """States [w, n_states] a period after these, moved by shocks [w]."""
    theta, now = parameters.astype(space.dtype), states.astype(space.dtype)[:, None]
    moved, *_ = follow(space, theta, now, controls_in(space, theta, now), shocks[:, None, None])
    return moved[:, 0]


def _weighted(log_weights: Array, draws: int, generator: np.random.Generator) -> Rows:
    """Rows [w, draws] by weights [w, n]."""
    with np.errstate(invalid="ignore"):
        weights = np.nan_to_num(np.exp(log_weights - log_weights.max(axis=1, keepdims=True)))
    cumulated = weights.cumsum(axis=1)
    places = generator.uniform(size=(len(weights), draws, 1)) * cumulated[:, None, -1:]
    return (places >= cumulated[:, None]).sum(axis=2).clip(max=weights.shape[1] - 1)


def _as_paths(periods: list[Hypotheses]) -> Paths:
    """The blocks of all periods; the first is before the sample."""
    return Paths(
        np.stack([each.states for each in periods]),
        np.stack([each.controls for each in periods]),
        np.stack([each.shocks for each in periods[1:]]),
        np.stack([each.observables for each in periods[1:]]),
    )
