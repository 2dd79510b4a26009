"""The recursions of the Kalman filter for many linear Gaussian economies at once.

States and observations are moved by the same shocks, so the filter is the one for correlated disturbances
(Durbin and Koopman 2012, chapter 4): with m, P the mean and covariance of the state given the past,

    F = C P C' + D D' + R,    G = A P C' + B D',    m' = c + A m + G F^-1 v,    P' = A P A' + B B' - G F^-1 G'

where v is the innovation. P depends on the pattern of missing observations only, and is left alone once it
has settled.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.filters.measurement import LOG_TWO_PI
from estimation.first_order import LinearEconomies, LongRun

Array = NDArray[np.floating]

SETTLED = 1e-12
ROUNDING = 100
"""Multiples of the number type's precision below which a standard deviation counts as zero."""


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
        stretches.append(_stretch(economies, mean, part, update))
        mean = stretches[-1].mean[-1]
    return stretches


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
    whiten = _whitening(spread, rounding)
    cross = (a @ carried + b @ d.swapaxes(1, 2)) @ whiten.swapaxes(1, 2)
    following = a @ covariance @ a.swapaxes(1, 2) + b @ b.swapaxes(1, 2) - cross @ cross.swapaxes(1, 2)
    gain = cross @ whiten
    return Update(seen, whiten, gain, a - gain @ c, (following + following.swapaxes(1, 2)) / 2)


def _stretch(economies: LinearEconomies, mean: Array, data: Array, update: Update) -> Stretch:
    """Follow the mean [w, n_s] through rows of data [L, n_y]."""
    surprise = data[:, None, update.seen] - economies.observation_constant[:, update.seen]
    pushes = economies.state_constant + np.einsum("wij,twj->twi", update.gain, surprise)
    means = [mean]
    for push in pushes:
        means.append((update.persistence @ means[-1][..., None])[..., 0] + push)
    path = np.stack(means)
    expected = np.einsum("wij,twj->twi", economies.observation_state[:, update.seen], path[:-1])
    return Stretch(update, path, surprise - expected)


def _whitening(spread: Array, rounding: float) -> Array:
    """Inverses of the Cholesky factors of covariances [w, k, k]; zero for those that are singular."""
    own = np.sqrt(np.einsum("wii->wi", spread))
    factor = _cholesky(spread)
    regular = (np.einsum("wii->wi", factor) > rounding * own).all(axis=1)[:, None, None]
    inverse = np.linalg.inv(np.where(regular, factor, np.eye(spread.shape[1])))
    return np.where(regular, inverse, 0.0)


def _cholesky(spread: Array) -> Array:
    """Cholesky factors of covariances [w, k, k]; zero for those that have none."""
    try:
        return np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:  # by a single one of them
        if len(spread) == 1:
            return np.zeros_like(spread)
        return np.concatenate([_cholesky(half) for half in np.array_split(spread, 2)])
