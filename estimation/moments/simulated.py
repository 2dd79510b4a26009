"""Moments of the data against moments of simulated samples, as residuals and as a quasi-likelihood.

The distance between the moments of the data and those of simulated samples of the same length is

    g' W g,    g = simulated - data,

and minus half of it, scaled to the sampling variance of the moments, serves as log likelihood (Chernozhukov
and Hong 2003). Every evaluation uses the same shocks, without which the distance would jump with each draw
(McFadden 1989).
"""

import copy
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Self

import numpy as np
import pandas as pd

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, shown, unknown_name
from surrogate.house.records import whole_number

from ..sampling.posterior import Likelihood
from .named import Array, FrameFunction, Moments, compute_moments, read_moment
from .samples import Samples
from .weights import Weights, covariance_matrix, moments_covariance, weighting_matrix

ROWS_PER_CALL = 1600
MOST_REPLICATIONS, MOST_BURN_IN = 10_000, 1_000_000


class SimulatedMoments(Likelihood):
    """Moments of the data against moments of simulated data.

    Parameters
    ----------
    surrogate : the solved economy.
    data : observations [T, n_y]; quarters that a moment uses must not be missing.
    moments : names such as ``"sd(output_growth)"``, :class:`estimation.Moment`, or functions that take one
        sample as a DataFrame [T, n_y] and return a number or several named ones.
    weights : ``"identity"``, ``"diagonal"``, ``"optimal"`` or a matrix; see
        :func:`estimation.moments.weights.weighting_matrix`.
    replications : simulated samples of length T for each parameter vector.
    seed : of the shocks, which are common to all evaluations.
    moments_cov : covariance [n_moments, n_moments] of the moments of the data, a DataFrame by its labels; if
        ``None``, their long-run covariance (:func:`estimation.moments.weights.moments_covariance`).
    burn_in : quarters before the samples, which then follow one another along ``paths``; by default every
        sample has a path of its own (:class:`estimation.moments.samples.Samples`).
    detrend : observables from which the least-squares line in time is taken out of each sample, of the data
        and of simulated ones alike.
    discrepancy : moment -> standard deviation of what the economy leaves out of it, whose variance is added
        to ``moments_cov`` (Kennedy and O'Hagan 2001).
    paths : along which samples follow one another after a ``burn_in``.

    Attributes
    ----------
    names : of the moments.
    target : moments of the data [n_moments].
    moments_cov, weights : matrices [n_moments, n_moments].

    Raises
    ------
    UnknownName : an observable, moment or kind of weights that does not exist.
    BadData : a moment that is not a number, has no sampling variance in the data or is collinear with others.
    BadConfiguration : ``moments_cov``, weights or a discrepancy that can be none.
    """

    is_density = False

    def __init__(
        self,
        surrogate: Surrogate,
        data: pd.DataFrame,
        moments: Sequence[str | Moments | FrameFunction],
        weights: Weights = "diagonal",
        replications: int = 20,
        seed: int = 0,
        moments_cov: Array | pd.DataFrame | None = None,
        burn_in: int | None = None,
        detrend: Sequence[str] = (),
        discrepancy: Mapping[str, float] | None = None,
        paths: int = 1,
    ) -> None:
        self.replications = whole_number("replications", replications, 1, MOST_REPLICATIONS)
        self.surrogate, self.periods, self.seed, self.burn_in = surrogate, len(data), seed, burn_in
        self.observables = tuple(str(name) for name in data.columns)
        for name in self.observables:
            if name not in surrogate.observable_names:
                raise unknown_name("observable", name, surrogate.observable_names)
        self.samples = self._samples(detrend, paths)
        sample = self.samples.treated(data.to_numpy(dtype=float))
        if isinstance(moments, str) or not isinstance(moments, Sequence):
            raise BadConfiguration(f'moments must be a list such as ["sd(x)"], not {shown(moments)}.')
        treated = pd.DataFrame(sample, data.index, data.columns)
        self.moments = [read_moment(moment, treated, self.samples.detrended) for moment in moments]
        self.names = tuple(name for moment in self.moments for name in moment.names)
        if not self.names or len(set(self.names)) < len(self.names):
            raise BadConfiguration("Name at least one moment, and each only once.")
        self.left_out = self._variances(discrepancy or {})
        self.target = compute_moments(self.moments, sample[None], self.observables)[0]
        self._require_numbers(
            self.target[None], "of the data", "Choose a sample that has no gaps and is longer than any lag."
        )
        if moments_cov is None:
            moments_cov = moments_covariance(self.moments, sample, self.observables)
        self._set_covariance(moments_cov)
        self._set_weights(weights)
        # sound samples at the surrogate's default need every moment; elsewhere, a vector that lacks one has
        # no likelihood
        values = self._of_samples(surrogate.default[None], self.samples.shocks(self.seed, self.replications))[
            0
        ]
        sound = ~np.isinf(values).any(axis=1)
        self._require_numbers(values[sound], "of simulated data", "Leave it out, or mend its function.")

    @property
    def standard_errors(self) -> Array:
        """Of the moments of the data [n_moments], with what the economy leaves out of them."""
        return np.sqrt(np.diag(self.moments_cov))

    def reweighted(self, weights: Weights, moments_cov: Array | pd.DataFrame | None = None) -> Self:
        """The same moments and shocks with other weights, and perhaps another covariance of the data's."""
        other = copy.copy(self)
        if moments_cov is not None:
            other._set_covariance(moments_cov)
        other._set_weights(weights)
        return other

    def simulated_moments(self, parameters: Array) -> Array:
        """Moments [w, n_moments] at ``parameters`` [w, n_parameters], averaged over simulated samples.

        Infinite where the simulated economy explodes, has no steady state, or lacks a moment.
        """
        shocks = self.samples.shocks(self.seed, self.replications)
        size = max(1, ROWS_PER_CALL // shocks.shape[1])
        blocks = [parameters[start : start + size] for start in range(0, len(parameters), size)]
        values = np.concatenate([self._of_samples(block, shocks).mean(axis=1) for block in blocks])
        return np.where(np.isnan(values), np.inf, values)

    def simulated_covariance(self, parameters: Array, samples: int = 1000) -> Array:
        """Covariance [n_moments, n_moments] across samples of length T at one vector [n_parameters].

        Raises
        ------
        BadConfiguration : the simulated economy explodes there.
        """
        shocks = self.samples.shocks([self.seed, 1], samples)
        values = self._of_samples(np.atleast_2d(parameters), shocks)[0]
        if not np.isfinite(values).all():
            raise BadConfiguration("The simulated economy explodes at the first step's estimates.")
        return np.atleast_2d(np.cov(values.T))

    def residuals(self, parameters: Array) -> Array:
        """Residuals [w, n_moments] whose squares sum to the distance g' W g."""
        return (self.simulated_moments(parameters) - self.target) @ self._root

    def log_likelihood(
        self,
        parameters: Array,
        generator: np.random.Generator | None = None,
        measurement_sd: Array | None = None,
    ) -> Array:
        """Quasi-log-likelihood [w] of ``parameters`` [w, n_parameters]: minus half the distance.

        Simulation inflates the variance of the distance by 1 / replications, which is taken into account. The
        other arguments are those of :class:`estimation.sampling.posterior.Likelihood` and change nothing.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.sum(self.residuals(parameters) ** 2, axis=1)
        value = -0.5 * distance / (1 + 1 / self.replications)
        return np.where(np.isfinite(value), value, -np.inf)

    def fit(self, parameters: Array) -> pd.DataFrame:
        """Table of the moments at one vector [n_parameters]: data, standard error, model and distance."""
        simulated = self.simulated_moments(np.atleast_2d(parameters))[0]
        columns = {
            "data": self.target,
            "standard error": self.standard_errors,
            "model": simulated,
            "distance in standard errors": (simulated - self.target) / self.standard_errors,
        }
        return pd.DataFrame(columns, index=pd.Index(self.names, name="moment"))

    def _set_covariance(self, moments_cov: Array | pd.DataFrame) -> None:
        self.moments_cov = covariance_matrix(moments_cov, self.names) + np.diag(self.left_out)

    def _set_weights(self, weights: Weights) -> None:
        self.weights = weighting_matrix(weights, self.moments_cov, self.names, self.periods)
        self._root = np.linalg.cholesky(self.weights)

    def _samples(self, detrend: Sequence[str], paths: int) -> Samples:
        if isinstance(detrend, str) or not isinstance(detrend, Sequence):
            raise BadConfiguration(f'detrend must be a list such as ["log_output"], not {shown(detrend)}.')
        for name in detrend:
            if name not in self.observables:
                raise unknown_name("observable to detrend", name, self.observables)
        a_path, paths = 1, whole_number("paths", paths, 1, self.replications)
        if self.burn_in is not None:
            whole_number("burn_in", self.burn_in, 0, MOST_BURN_IN)
            a_path = -(-self.replications // paths)
        elif paths > 1:
            raise BadConfiguration("paths goes with burn_in: without it every sample has a path of its own.")
        return Samples(self.surrogate, self.observables, self.periods, tuple(detrend), self.burn_in, a_path)

    def _variances(self, discrepancy: Mapping[str, float]) -> Array:
        """Variances [n_moments] of the discrepancies."""
        if not isinstance(discrepancy, Mapping):
            raise BadConfiguration(f"discrepancy must name moments, unlike {shown(discrepancy)}.")
        sd = np.zeros(len(self.names))
        for name, value in discrepancy.items():
            if name not in self.names:
                raise unknown_name("moment with a discrepancy", name, self.names)
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < np.inf:
                raise BadConfiguration(
                    f"The discrepancy of {name} must be a positive number, not {shown(value)}."
                )
            sd[self.names.index(name)] = value
        return sd**2

    def _of_samples(self, parameters: Array, shocks: Array) -> Array:
        """Moments [w, samples, n_moments] of the samples that ``shocks`` [quarters, paths, n_shocks] make."""
        with np.errstate(all="ignore"):
            samples = self.samples.simulate(parameters, shocks)
            flat = samples.reshape(-1, *samples.shape[2:])
            values = compute_moments(self.moments, flat, self.observables)
        values[~np.isfinite(flat).all(axis=(1, 2))] = np.inf
        return values.reshape(*samples.shape[:2], -1)

    def _require_numbers(self, values: Array, where: str, advice: str) -> None:
        wrong = ~np.isfinite(values).all(axis=0)
        if wrong.any():
            raise BadData(f"The moment {self.names[int(wrong.argmax())]} {where} is not a number. {advice}")
