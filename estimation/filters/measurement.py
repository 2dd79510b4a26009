"""The sample and its Gaussian measurement errors, laid out for w parameter vectors."""

import numpy as np
from numpy.typing import NDArray

LOG_TWO_PI = float(np.log(2 * np.pi))
ALL = slice(None)


class Measurement:
    """Gaussian measurement of a sample with missing observations.

    Parameters
    ----------
    data : [T, n_y], NaN where an observation is missing.
    sd : [w, n_y] measurement sd for every parameter vector.
    burn_in : periods without observations that come first.
    dtype : number type of the predicted observables.

    Attributes
    ----------
    observations : float64 [burn_in + T, n_y], zero where missing.
    precision : float64 [burn_in + T, w, n_y], inverse variances, zero where an observation is missing.
    log_constant : float64 [burn_in + T, w], the part of the log density that no state moves, 2 pi included.
    empty : bool [burn_in + T], periods without any observation.
    """

    def __init__(
        self, data: NDArray[np.float64], sd: NDArray[np.float64], burn_in: int, dtype: np.dtype
    ) -> None:
        sample = np.concatenate([np.full((burn_in, data.shape[1]), np.nan), data])
        seen = ~np.isnan(sample)
        self.observations = np.where(seen, sample, 0.0)
        self.precision = np.where(seen[:, None], sd**-2.0, 0.0)
        self.log_constant = -np.where(seen[:, None], np.log(sd) + LOG_TWO_PI / 2, 0.0).sum(axis=2)
        self.empty: NDArray[np.bool_] = np.asarray(~seen.any(axis=1))
        self._targets = self.observations.astype(dtype)
        self._half_precision = (self.precision / 2).astype(dtype)[..., None]

    def __len__(self) -> int:
        return len(self.observations)

    def log_density(self, period: int, observables: NDArray[np.floating]) -> NDArray[np.floating]:
        """Log density [w, N] of a period's observations given predicted observables [w, N, n_y]."""
        return self.log_constant[period, :, None] - self.misfit(period, observables)

    def misfit(
        self, period: int, observables: NDArray[np.floating], vectors: NDArray[np.intp] | slice = ALL
    ) -> NDArray[np.floating]:
        """Half the squared errors [n, N] in units of their variance, of predictions [n, N, n_y] by some of
        the parameter vectors.
        """
        n_vectors, n_particles, _ = observables.shape
        # Rows as long as a cloud: arithmetic over a last axis of a few observables is ten times slower
        errors = observables.reshape(n_vectors, -1) - np.tile(self._targets[period], n_particles)
        squares = np.square(errors, out=errors).reshape(observables.shape)
        return (squares @ self._half_precision[period, vectors])[..., 0]
