"""The recursions of the Kalman filter for many linear Gaussian economies at once.

States and observations are moved by the same shocks, so the filter is the one for correlated disturbances
(Durbin and Koopman 2012, chapter 4): with m, P the mean and covariance of the state given the past,

    F = C P C' + D D' + R,    G = A P C' + B D',    m' = c + A m + G F^-1 v,    P' = A P A' + B B' - G F^-1 G'

where v is the innovation. P depends on the pattern of missing observations only, and is left alone once it
has settled.

The economies are those of first order around the steady state. The first-order solution does not depend on
the coordinates of the states: an economy that is linear in logs has the same one whether its states are logs
or levels. So its likelihood is the exact one of every economy that is linear in some coordinates, as far as
surrogate and derivatives are exact.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .linearisation import at_steady_state
from .state_space import LOG_TWO_PI, StateSpace

Array = NDArray[np.floating]
SHARE_OF_SD = 0.5
SHARE_OF_LEVEL = 0.01
LEAST_WIDTH = 1e-5
STEPS = np.array([1.0, -1.0, 2.0, -2.0])
WEIGHTS = np.array([8.0, -8.0, -1.0, 1.0]) / 12
DOUBLINGS = 30
FORGOTTEN = 1e-8
SETTLED = 1e-12
ROUNDING = 100
"""Multiples of the number type's precision below which a standard deviation counts as zero."""


class LinearEconomies(NamedTuple):
    """w linear Gaussian economies in float64, with e' ~ N(0, I):

        s' = state_constant + transition s + shock_impact e'
        y' = observation_constant + observation_state s + observation_shock e'

    state_constant [w, n_s], transition [w, n_s, n_s], shock_impact [w, n_s, n_e], observation_constant
    [w, n_y], observation_state [w, n_y, n_s], observation_shock [w, n_y, n_e].
    """

    state_constant: Array
    transition: Array
    shock_impact: Array
    observation_constant: Array
    observation_state: Array
    observation_shock: Array

    def chosen(self, rows: NDArray[np.bool_]) -> "LinearEconomies":
        """The economies marked in `rows` [w]."""
        return LinearEconomies(*(block[rows] for block in self))


class LongRun(NamedTuple):
    """Stationary distribution of the state: mean [w, n_s] and covariance [w, n_s, n_s], which mean nothing
    where exists, bool [w], is false.
    """

    mean: Array
    covariance: Array
    exists: NDArray[np.bool_]

    def chosen(self, rows: NDArray[np.bool_]) -> "LongRun":
        """Those of the economies marked in `rows` [w]."""
        return LongRun(self.mean[rows], self.covariance[rows], self.exists[rows])


def first_order(space: StateSpace, parameters: NDArray) -> LinearEconomies:
    """The economies at `parameters` [w, p], in the surrogate's number type; NaN where they explode.

    Slopes are differences of fourth order. Those stand wide steps, over which the rounding of single
    precision weighs little: about five digits are right.
    """
    steady = at_steady_state(space, parameters, 1)
    widths = np.maximum(SHARE_OF_SD * steady.sd, LEAST_WIDTH + SHARE_OF_LEVEL * np.abs(steady.mean))
    value, slope = _differences(space, parameters, steady.mean, widths)
    n_states = steady.mean.shape[1]
    by_state, by_shock = slope[..., :n_states], slope[..., n_states:]
    constant = value - (by_state @ steady.mean[..., None])[..., 0]
    states, observables = np.s_[:, :n_states], np.s_[:, n_states:]
    return LinearEconomies(
        *(block[states] for block in (constant, by_state, by_shock)),
        *(block[observables] for block in (constant, by_state, by_shock)),
    )


def long_run(economies: LinearEconomies) -> LongRun:
    """Where the states of `economies` settle, by doubling: after k rounds the covariance is that of 2^k
    periods of shocks.
    """
    power = economies.transition
    mean, covariance = (
        economies.state_constant,
        economies.shock_impact @ economies.shock_impact.swapaxes(1, 2),
    )
    with np.errstate(all="ignore"):  # explosive ones overflow
        for _ in range(DOUBLINGS):
            mean = mean + (power @ mean[..., None])[..., 0]
            covariance = covariance + power @ covariance @ power.swapaxes(1, 2)
            power = power @ power
            if np.all(np.abs(power) < FORGOTTEN):
                break
        forgotten = ((np.abs(power) < FORGOTTEN) & np.isfinite(covariance)).all(axis=(1, 2))
    for block in (mean, *economies):
        forgotten &= np.isfinite(block).reshape(len(block), -1).all(axis=1)
    return LongRun(mean, covariance, np.asarray(forgotten))


class Update(NamedTuple):
    """What a period with k observations does to the state of w economies.

    seen bool [n_y]; whiten [w, k, k], lower triangular, makes innovations independent with variance one, and
    is zero for economies whose k observations determine one another, which then count as not seen;
    gain [w, n_s, k], of the state after the period in the innovation; persistence [w, n_s, n_s], of the mean
    that the filter expects, A - gain C; covariance [w, n_s, n_s], of the state after the period given the
    data up to then.
    """

    seen: NDArray[np.bool_]
    whiten: Array
    gain: Array
    persistence: Array
    covariance: Array

    @property
    def singular(self) -> NDArray[np.bool_]:
        """In which economies the observations determine one another, [w]."""
        return np.asarray((np.einsum("wii->wi", self.whiten) == 0).any(axis=1))


class Stretch(NamedTuple):
    """Periods in a row with the same update: mean [L + 1, w, n_s], of the state before each of them and after
    the last given the data up to then; innovations [L, w, k].
    """

    update: Update
    mean: Array
    innovations: Array

    @property
    def log_density(self) -> Array:
        """Of the stretch's data given the past, [w], the 2 pi constant included; minus infinity where the
        observations determine one another.
        """
        whitened = np.einsum("wij,twj->twi", self.update.whiten, self.innovations)
        with np.errstate(divide="ignore"):
            log_volume = np.log(np.einsum("wii->wi", self.update.whiten)).sum(axis=1)
        periods, _, observations = self.innovations.shape
        constant = log_volume - observations * LOG_TWO_PI / 2
        return periods * constant - np.square(whitened).sum(axis=(0, 2)) / 2


class Problem(NamedTuple):
    """What is filtered: k economies that have a likelihood, and what they meet.

    rows [k], where they stand among all vectors; parameters [k, p]; economies and start, the distribution of
    their states before the first period; data [T, n_y]; measurement_sd [k, n_y]; rounding: see
    :func:`kalman_filter`.
    """

    rows: NDArray[np.intp]
    parameters: Array
    economies: LinearEconomies
    start: LongRun
    data: Array
    measurement_sd: Array
    rounding: float

    def filtered(self) -> list[Stretch]:
        """The filter's way through the data."""
        return kalman_filter(self.economies, self.start, self.data, self.measurement_sd, self.rounding)

    def log_density(self) -> Array:
        """Of all data, [k]; minus infinity where some observations determine others."""
        total = sum((stretch.log_density for stretch in self.filtered()), np.zeros(len(self.rows)))
        return np.where(np.isnan(total), -np.inf, total)


def kalman_filter(
    economies: LinearEconomies,
    start: LongRun,
    data: Array,
    measurement_sd: Array,
    rounding: float = ROUNDING * float(np.finfo(float).eps),
) -> list[Stretch]:
    """Filter data [T, n_y], NaN where missing, by w economies with measurement sd [w, n_y].

    `start` is the distribution of the state before the first period. Innovations whose sd, given the other
    observables of the period, is below the share `rounding` of their own count as determined by those.
    """
    stretches, mean = [], start.mean
    for update, part in _updates(economies, start.covariance, data, np.square(measurement_sd), rounding):
        surprise = part[:, None, update.seen] - economies.observation_constant[:, update.seen]
        pushes = economies.state_constant + np.einsum("wij,twj->twi", update.gain, surprise)
        means = [mean]
        for push in pushes:
            means.append((update.persistence @ means[-1][..., None])[..., 0] + push)
        path = np.stack(means)
        expected = np.einsum("wij,twj->twi", economies.observation_state[:, update.seen], path[:-1])
        stretches.append(Stretch(update, path, surprise - expected))
        mean = path[-1]
    return stretches


def _differences(space: StateSpace, parameters: NDArray, centre: Array, widths: Array) -> tuple[Array, Array]:
    """Next states and observables at rest, [w, k], and their slopes in states and shocks [w, k, n]."""
    n_vectors, n_states = centre.shape
    n = n_states + space.surrogate.n_shocks
    steps = np.concatenate([np.zeros((1, n)), (STEPS[:, None, None] * np.eye(n)).reshape(-1, n)])
    reach = np.concatenate([widths, np.full((n_vectors, n - n_states), SHARE_OF_SD)], axis=1)
    points = (steps * reach[:, None]).astype(space.dtype)
    points[..., :n_states] += centre[:, None].astype(space.dtype)
    rows = points.reshape(-1, n)
    states, shocks = rows[:, :n_states], rows[:, n_states:]
    outcome = space.step(states, space.policy(states, parameters), shocks, parameters)
    values = np.concatenate([outcome.next_states, outcome.next_observables], axis=1).astype(float)
    values = values.reshape(n_vectors, len(steps), -1)
    differences = np.einsum("s,wsnk->wkn", WEIGHTS, values[:, 1:].reshape(n_vectors, len(STEPS), n, -1))
    return values[:, 0], differences / reach[:, None]


def _updates(
    economies: LinearEconomies, covariance: Array, data: Array, noise: Array, rounding: float
) -> Iterator[tuple[Update, Array]]:
    """Each update with the rows of `data` it is for: one, or all up to the next change of what is missing."""
    scale = np.sqrt(np.einsum("wii->wi", covariance))
    tolerance = SETTLED * scale[:, :, None] * scale[:, None, :]
    seen = ~np.isnan(data)
    changes = np.flatnonzero((seen[1:] != seen[:-1]).any(axis=1)) + 1
    for rows in np.split(np.arange(len(data)), changes):
        for position, row in enumerate(rows):
            update = _update(economies, covariance, noise, seen[row], rounding)
            settled = (np.abs(update.covariance - covariance) <= tolerance).all()
            covariance = update.covariance
            if settled:
                yield update, data[rows[position:]]
                break
            yield update, data[row : row + 1]


def _update(
    economies: LinearEconomies, covariance: Array, noise: Array, seen: NDArray[np.bool_], rounding: float
) -> Update:
    a, b = economies.transition, economies.shock_impact
    c, d = economies.observation_state[:, seen], economies.observation_shock[:, seen]
    carried = covariance @ c.swapaxes(1, 2)
    spread = c @ carried + d @ d.swapaxes(1, 2) + noise[:, seen, None] * np.eye(seen.sum())
    factor = _cholesky(spread)
    own = np.sqrt(np.einsum("wii->wi", spread))
    regular = (np.einsum("wii->wi", factor) > rounding * own).all(axis=1)[:, None, None]
    whiten = np.linalg.inv(np.where(regular, factor, np.eye(spread.shape[1])))
    whiten = np.where(regular, whiten, 0.0)
    cross = (a @ carried + b @ d.swapaxes(1, 2)) @ whiten.swapaxes(1, 2)
    following = a @ covariance @ a.swapaxes(1, 2) + b @ b.swapaxes(1, 2) - cross @ cross.swapaxes(1, 2)
    gain = cross @ whiten
    return Update(seen, whiten, gain, a - gain @ c, (following + following.swapaxes(1, 2)) / 2)


def _cholesky(spread: Array) -> Array:
    """Cholesky factors of covariances [w, k, k]; zero for those that have none."""
    try:
        return np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:  # by a single one of them
        if len(spread) == 1:
            return np.zeros_like(spread)
        return np.concatenate([_cholesky(half) for half in np.array_split(spread, 2)])
