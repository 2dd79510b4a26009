"""Moments of the data against moments of simulated samples, as residuals and as a quasi-likelihood.

The distance between the moments of the data and those of simulated samples of the same length is

    g' W g,    g = simulated - data,

and minus half of it, scaled to the sampling variance of the moments, serves as log likelihood (Chernozhukov
and Hong 2003). Every evaluation uses the same shocks, without which the distance would jump with each draw
(McFadden 1989).
"""

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, shown, unknown_name
from surrogate.house.records import whole_number

from ..sampling.posterior import Likelihood
from .named import Array, FrameFunction, Moments, compute_moments, read_moment
from .weights import Weights, covariance_matrix, moments_covariance, weighting_matrix

BURN_IN = 200
ROWS_PER_CALL = 1600
MOST_REPLICATIONS = 10_000


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

    Attributes
    ----------
    names : of the moments.
    target : moments of the data [n_moments].
    moments_cov, weights : matrices [n_moments, n_moments].

    Raises
    ------
    UnknownName : an observable, moment or kind of weights that does not exist.
    BadData : a moment that is not a number, has no sampling variance in the data or is collinear with others.
    BadConfiguration : ``moments_cov`` or weights that are no such matrices.
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
    ) -> None:
        replications = whole_number("replications", replications, 1, MOST_REPLICATIONS)
        self.surrogate = surrogate
        self.observables = tuple(str(name) for name in data.columns)
        for name in self.observables:
            if name not in surrogate.observable_names:
                raise unknown_name("observable", name, surrogate.observable_names)
        self._columns = [surrogate.observable_names.index(name) for name in self.observables]
        if isinstance(moments, str) or not isinstance(moments, Sequence):
            raise BadConfiguration(f'moments must be a list such as ["sd(x)"], not {shown(moments)}.')
        self.moments = [read_moment(moment, data) for moment in moments]
        self.names = tuple(name for moment in self.moments for name in moment.names)
        if not self.names or len(set(self.names)) < len(self.names):
            raise BadConfiguration("Name at least one moment, and each only once.")
        sample = data.to_numpy(dtype=float)
        self.periods, self.replications, self.seed = len(sample), replications, seed
        self.target = compute_moments(self.moments, sample[None], self.observables)[0]
        self._require_numbers(
            self.target[None], "of the data", "Choose a sample that has no gaps and is longer than any lag."
        )
        if moments_cov is None:
            moments_cov = moments_covariance(self.moments, sample, self.observables)
        self.moments_cov = covariance_matrix(moments_cov, self.names)
        self._set_weights(weights)
        # sound samples at the surrogate's default need every moment; elsewhere, a vector that lacks one has
        # no likelihood
        values = self._of_samples(surrogate.default[None], self._shocks(self.seed, self.replications))[0]
        sound = ~np.isinf(values).any(axis=1)
        self._require_numbers(values[sound], "of simulated data", "Leave it out, or mend its function.")

    @property
    def standard_errors(self) -> Array:
        """Of the moments of the data [n_moments]."""
        return np.sqrt(np.diag(self.moments_cov))

    def reweighted(self, weights: Weights, moments_cov: Array | pd.DataFrame | None = None) -> Self:
        """The same moments and shocks with other weights, and perhaps another covariance."""
        other = copy.copy(self)
        if moments_cov is not None:
            other.moments_cov = covariance_matrix(moments_cov, self.names)
        other._set_weights(weights)
        return other

    def simulated_moments(self, parameters: Array) -> Array:
        """Moments [w, n_moments] at ``parameters`` [w, n_parameters], averaged over simulated samples.

        Infinite where the simulated economy explodes, has no steady state, or lacks a moment.
        """
        shocks = self._shocks(self.seed, self.replications)
        size = max(1, ROWS_PER_CALL // self.replications)
        blocks = [parameters[start : start + size] for start in range(0, len(parameters), size)]
        values = np.concatenate([self._of_samples(block, shocks).mean(axis=1) for block in blocks])
        return np.where(np.isnan(values), np.inf, values)

    def simulated_covariance(self, parameters: Array, samples: int = 1000) -> Array:
        """Covariance [n_moments, n_moments] across samples of length T at one vector [n_parameters].

        Raises
        ------
        BadConfiguration : the simulated economy explodes there.
        """
        shocks = self._shocks([self.seed, 1], samples)
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

    def _set_weights(self, weights: Weights) -> None:
        self.weights = weighting_matrix(weights, self.moments_cov, self.names, self.periods)
        self._root = np.linalg.cholesky(self.weights)

    def _shocks(self, seed: int | list[int], samples: int) -> Array:
        generator = np.random.default_rng(seed)
        return generator.standard_normal((BURN_IN + self.periods, samples, self.surrogate.n_shocks))

    def _of_samples(self, parameters: Array, shocks: Array) -> Array:
        """Moments [w, samples, n_moments] of every sample that ``shocks`` [T, samples, n_shocks] make."""
        vectors, samples = len(parameters), shocks.shape[1]
        rest = self.surrogate.steady_state(parameters).states
        solved = np.asarray(np.isfinite(rest).all(axis=1))
        start = np.repeat(np.where(solved[:, None], rest, 0.0), samples, axis=0)
        with np.errstate(all="ignore"):
            paths = self.surrogate.simulate(parameters, np.tile(shocks, (1, vectors, 1)), start).observables
            simulated = paths[BURN_IN:, :, self._columns].swapaxes(0, 1).astype(float)
            values = compute_moments(self.moments, simulated, self.observables)
        values[~(np.isfinite(simulated).all(axis=(1, 2)) & np.repeat(solved, samples))] = np.inf
        return values.reshape(vectors, samples, -1)

    def _require_numbers(self, values: Array, where: str, advice: str) -> None:
        wrong = ~np.isfinite(values).all(axis=0)
        if wrong.any():
            raise BadData(f"The moment {self.names[int(wrong.argmax())]} {where} is not a number. {advice}")
