"""The Kalman filter: the exact likelihood of linear Gaussian economies, many at once.

States and observations are moved by the same shocks, so the filter is the one for correlated disturbances
(Durbin and Koopman 2012, chapter 4): with m, P the mean and covariance of the state given the past,

    F = C P C' + D D' + R,    G = A P C' + B D',    m' = c + A m + G F^-1 v,    P' = A P A' + B B' - G F^-1 G'

where v is the innovation. P depends on the pattern of missing observations only, and is left alone once it
has settled.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.filters.measurement import LOG_TWO_PI
from estimation.first_order import LinearEconomies, LongRun, first_order, long_run
from estimation.state_space import StateSpace
from surrogate.errors import BadConfiguration, StochasticSingularity

Array = NDArray[np.floating]

SETTLED = 1e-12
ROUNDING = 100
"""Multiples of the number type's precision below which a standard deviation counts as zero."""


SINGULAR = (
    "Stochastic singularity: the observables determine one another. Use at least as many shocks and "
    "measurement errors as observables, and measurement errors that are not negligible."
)


class Update(NamedTuple):
    """What a period with k observations does to the state of w economies.

    seen bool [n_y]; whiten [w, k, k], lower triangular, makes innovations independent with variance one;
    gain [w, n_s, k], of the state after the period in the innovation; persistence [w, n_s, n_s], of the mean
    that the filter expects, A - gain C; covariance [w, n_s, n_s], of the state after the period given the
    data up to then.
    """

    seen: NDArray[np.bool_]
    whiten: Array
    gain: Array
    persistence: Array
    covariance: Array


class Stretch(NamedTuple):
    """Periods in a row with the same update: mean [L + 1, w, n_s], of the state before each of them and after
    the last given the data up to then; innovations [L, w, k].
    """

    update: Update
    mean: Array
    innovations: Array

    @property
    def log_density(self) -> Array:
        """Of the stretch's data given the past, [w]; the 2 pi constant is included."""
        whitened = np.einsum("wij,twj->twi", self.update.whiten, self.innovations)
        log_volume = np.log(np.einsum("wii->wi", self.update.whiten)).sum(axis=1)
        periods, _, observations = self.innovations.shape
        constant = log_volume - observations * LOG_TWO_PI / 2
        return periods * constant - np.square(whitened).sum(axis=(0, 2)) / 2


class KalmanFilter:
    """Exact likelihood of a linear Gaussian economy; of another one, that of its first-order solution.

    Exact means for the surrogate's own policy where that is linear, in whatever coordinates: logs of states
    that the surrogate has in levels do as well. The initial state has the stationary distribution, so the
    state space's burn-in does not matter.

    Parameters
    ----------
    state_space : economy, observables and measurement error. Without any, there need to be as many shocks as
        observables.
    """

    def __init__(self, state_space: StateSpace) -> None:
        self.state_space = state_space

    def log_likelihood(
        self, parameters: ArrayLike, data: ArrayLike, measurement_sd: ArrayLike | None = None
    ) -> Array:
        """Log likelihood of each parameter vector, [w], the 2 pi constant included.

        Parameters
        ----------
        parameters : [w, n_parameters] in the order of the surrogate, or one vector.
        data : [T, n_observables]; NaN marks a missing observation, and a period without any adds zero.
        measurement_sd : [n_observables] or [w, n_observables], zero for an observable without error; by
            default the state space's, or zeros if it has none.

        Returns
        -------
        Minus infinity outside the surrogate's box and region, and where the economy is not stationary.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : measurement sd of a wrong shape, negative or infinite.
        StochasticSingularity : too few shocks and measurement errors for the observables.
        """
        space = self.state_space
        theta = space.surrogate.parameter_array(parameters)
        sample = space.checked_data(data)
        sd = self.sd_of_measurement(measurement_sd, len(theta))
        values = np.full(len(theta), -np.inf)
        inside = np.flatnonzero(space.surrogate.inside(theta))
        if not len(inside):
            return values
        economies = first_order(space, theta[inside].astype(space.dtype))
        start = long_run(economies)
        rows = inside[start.exists]
        if len(rows):
            economies, start = economies.chosen(start.exists), start.chosen(start.exists)
            stretches = kalman_filter(economies, start, sample, sd[rows], self._rounding)
            values[rows] = sum(stretch.log_density for stretch in stretches)
        return values

    @property
    def _rounding(self) -> float:
        return ROUNDING * float(np.finfo(self.state_space.dtype).eps)

    def sd_of_measurement(self, measurement_sd: ArrayLike | None, n_vectors: int) -> Array:
        """Measurement sd for every parameter vector, [w, n_observables]; see :meth:`log_likelihood`.

        Raises
        ------
        BadConfiguration, StochasticSingularity : as there.
        """
        names, own = self.state_space.observables, self.state_space.measurement_sd
        chosen = np.asarray(
            (0.0 if own is None else own) if measurement_sd is None else measurement_sd, float
        )
        if chosen.shape not in ((), (len(names),), (1, len(names)), (n_vectors, len(names))):
            raise BadConfiguration(
                f"measurement_sd has shape {chosen.shape}; one number is needed for each of "
                f"{', '.join(names)}."
            )
        sd = np.broadcast_to(chosen, (n_vectors, len(names)))
        if not (np.isfinite(sd) & (sd >= 0)).all():
            raise BadConfiguration("Every measurement sd must be zero or a positive, finite number.")
        if ((sd > 0).sum(axis=1) + self.state_space.surrogate.n_shocks < len(names)).any():
            raise StochasticSingularity(SINGULAR)
        return sd


def kalman_filter(
    economies: LinearEconomies,
    start: LongRun,
    data: Array,
    measurement_sd: Array,
    rounding: float = ROUNDING * np.finfo(float).eps,
) -> list[Stretch]:
    """Filter data [T, n_y], NaN where missing, by w economies with measurement sd [w, n_y].

    `start` is the distribution of the state before the first period. Innovations whose sd, given the other
    observables of the period, is below the share `rounding` of their own count as determined by those.

    Raises
    ------
    StochasticSingularity : some innovation is.
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
    whiten = np.linalg.inv(_cholesky(spread, rounding))
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


def _cholesky(spread: Array, rounding: float) -> Array:
    try:
        factor = np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:
        raise StochasticSingularity(SINGULAR) from None
    own = np.sqrt(np.einsum("wii->wi", spread))
    if (np.einsum("wii->wi", factor) <= rounding * own).any():
        raise StochasticSingularity(SINGULAR)
    return factor
