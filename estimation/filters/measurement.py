"""The sample and its measurement errors, laid out for w parameter vectors."""

import numpy as np
from numpy.typing import NDArray

LOG_TWO_PI = float(np.log(2 * np.pi))


class Measurement:
    """Gaussian measurement of a sample with missing observations.

    Parameters
    ----------
    data : [T, n_y], NaN where an observation is missing.
    sd : [w, n_y] measurement sd for every parameter vector.
    burn_in : periods without observations that come first.
    dtype : number type of the residuals.

    Attributes
    ----------
    observations : float64 [burn_in + T, n_y], zero where missing.
    inverse_sd : dtype [burn_in + T, w, n_y], zero where missing, so that a missing observation weighs
    nothing. log_constant : float64 [burn_in + T, w], the part of the log density that no state moves, 2 pi
    included. empty : bool [burn_in + T], periods without any observation.
    """

    def __init__(
        self, data: NDArray[np.float64], sd: NDArray[np.float64], burn_in: int, dtype: np.dtype
    ) -> None:
        missing_first = np.full((burn_in, data.shape[1]), np.nan)
        sample = np.concatenate([missing_first, data])
        seen = ~np.isnan(sample)
        self.observations = np.where(seen, sample, 0.0)
        self.inverse_sd = np.where(seen[:, None], 1.0 / sd, 0.0).astype(dtype)
        self.log_constant = -np.where(seen[:, None], np.log(sd) + LOG_TWO_PI / 2, 0.0).sum(axis=2)
        self.empty: NDArray[np.bool_] = np.asarray(~seen.any(axis=1))
        self._targets = self.observations.astype(dtype)

    def __len__(self) -> int:
        return len(self.observations)

    def residuals(self, period: int, observables: NDArray) -> NDArray:
        """Measurement errors in standard deviations, [w, N, n_y], of predicted observables [w, N, n_y]."""
        return (observables - self._targets[period]) * self.inverse_sd[period][:, None]
