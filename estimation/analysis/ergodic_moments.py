"""Moments of an economy at one calibration, without data: what Dynare prints after `stoch_simul`.

Moments of the ergodic distribution are means over many simulated paths. A variance decomposition asks what
would be left of the variance of y if one shock alone were known at all dates (Sobol 1993),

    Var(E[y | e_j]) / Var(y).

In a linear economy these shares add up to one and are those of Dynare. In a nonlinear one shocks also act
together, and that is what is missing. With two sets of shocks A and B, and B with column j of A's, the
estimate of Saltelli et al. (2010) is

    E[ y(A) (y(B with A_j) - y(B)) ].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, NoEquilibrium
from surrogate.house.listener import track
from surrogate.house.records import Values, whole_number

from ..finding import Finding, known_names
from ..moments.samples import Samples

Array = NDArray[np.floating]
MOST_LAGS = 40
MOST_NUMBERS = 100_000_000
"""Of one observable, or all of them, in memory."""
TOGETHER = "together"
STILL = 1e-9
"""A standard deviation, relative to one plus the mean, below which an observable does not move."""


class Simulated(NamedTuple):
    """One calibration and its paths: observables [n_paths, T, n_y] after the burn-in."""

    samples: Samples
    parameters: Array
    paths: Array


def ergodic_moments(
    surrogate: Surrogate,
    parameters: Values,
    observables: Sequence[str] = (),
    lags: int = 5,
    periods: int = 200,
    replications: int = 1_000,
    burn_in: int = 500,
    seed: int = 0,
) -> list[Finding]:
    """Moments, correlations, autocorrelations and the variance decomposition, a finding each.

    Parameters
    ----------
    parameters : one vector [n_parameters], or name -> value; what is not named has its default.
    observables : names; all of the surrogate's if empty.
    lags : of the autocorrelations.
    periods, replications : of the paths, and how many there are; `burn_in` periods before them do not count.
    seed : of all shocks.

    Raises
    ------
    UnknownName, OutsideBox : parameters or observables that the surrogate does not have.
    BadConfiguration : numbers that make no sense.
    NoEquilibrium : the simulated economy explodes.
    """
    theta = one_vector(surrogate, parameters)
    names = known_names("observable", observables, surrogate.observable_names)
    whole_number("lags", lags, 1, MOST_LAGS)
    whole_number("periods", periods, lags + 2, MOST_NUMBERS)
    whole_number("replications", replications, 2, MOST_NUMBERS)
    whole_number("burn_in", burn_in, 0, MOST_NUMBERS)
    if (periods + burn_in) * replications * max(len(names), surrogate.n_shocks) > MOST_NUMBERS:
        raise BadConfiguration("So many paths do not fit into memory: take fewer replications or periods.")
    samples = Samples(surrogate, names, periods, (), burn_in)
    first, second = (samples.shocks([seed, number], replications) for number in (0, 1))
    simulated = Simulated(samples, theta, _paths(samples, theta, first))
    note = (
        f"Over {replications} paths of {periods} periods, after {burn_in} that do not count, at "
        f"{calibration_text(surrogate, theta)}."
    )
    findings = [
        Finding("moments", "Moments", moments_table(simulated), note),
        Finding("correlations", "Correlations", _correlations(simulated), note),
        Finding(
            "autocorrelations", "Coefficients of autocorrelation", _autocorrelations(simulated, lags), note
        ),
    ]
    if surrogate.n_shocks > 1:
        table = variance_decomposition(simulated, first, second)
        findings.append(Finding("variance_decomposition", "Variance decomposition, percent", table, note))
    return findings


def one_vector(surrogate: Surrogate, parameters: Values) -> Array:
    """A calibration [1, n_parameters] at which the surrogate is certified; raises OutsideBox and others."""
    theta = surrogate.parameter_array(parameters)
    if len(theta) > 1:
        raise BadConfiguration("These are the results of one calibration: give each parameter one number.")
    surrogate.require_inside(theta)
    return theta


def calibration_text(surrogate: Surrogate, parameters: Array) -> str:
    """A calibration [1, n_parameters] in words."""
    pairs = zip(surrogate.parameter_names, parameters[0], strict=True)
    return ", ".join(f"{name} = {value:.6g}" for name, value in pairs)


def moments_table(simulated: Simulated) -> pd.DataFrame:
    """Mean, standard deviation, variance, skewness and excess kurtosis of each observable, and the standard
    errors of the first two that the number of paths leaves.
    """
    mean, deviations, sd = _centred(simulated.paths)
    unit = np.where(sd > 0, sd, np.nan)
    count = len(simulated.paths) ** 0.5
    of_mean = simulated.paths.mean(axis=1).std(axis=0, ddof=1) / count
    of_sd = (deviations**2).mean(axis=1).std(axis=0, ddof=1) / count / (2 * unit)
    columns = {
        "mean": mean,
        "standard deviation": sd,
        "variance": sd**2,
        "skewness": (deviations**3).mean(axis=(0, 1)) / unit**3,
        "excess kurtosis": (deviations**4).mean(axis=(0, 1)) / unit**4 - 3,
        "s.e. of mean": of_mean,
        "s.e. of standard deviation": of_sd,
    }
    return pd.DataFrame(columns, index=_index(simulated))


def variance_decomposition(simulated: Simulated, first: Array, second: Array) -> pd.DataFrame:
    """Percent of each observable's variance by shock, and what shocks do `together`.

    Parameters
    ----------
    first : shocks [quarters, n_paths, n_shocks] of the paths in `simulated`.
    second : as many others.
    """
    samples, theta = simulated.samples, simulated.parameters
    _, deviations, sd = _centred(simulated.paths)
    other = _paths(samples, theta, second)
    shares = {}
    for column, name in track(list(enumerate(samples.surrogate.shock_names)), "decomposing variances"):
        mixed = second.copy()
        mixed[..., column] = first[..., column]
        moved = _paths(samples, theta, mixed) - other
        shares[name] = 100 * (deviations * moved).mean(axis=(0, 1)) / np.where(sd > 0, sd, np.nan) ** 2
    table = pd.DataFrame(shares, index=_index(simulated))
    table[TOGETHER] = 100 - table.sum(axis=1, skipna=False)
    return table


def _correlations(simulated: Simulated) -> pd.DataFrame:
    _, deviations, sd = _centred(simulated.paths)
    flat = deviations.reshape(-1, deviations.shape[-1]) / np.where(sd > 0, sd, np.nan)
    names = list(simulated.samples.observables)
    return pd.DataFrame(flat.T @ flat / len(flat), index=_index(simulated), columns=names)


def _autocorrelations(simulated: Simulated, lags: int) -> pd.DataFrame:
    _, deviations, sd = _centred(simulated.paths)
    variance = np.where(sd > 0, sd, np.nan) ** 2
    columns = {
        str(lag): (deviations[:, lag:] * deviations[:, :-lag]).mean(axis=(0, 1)) / variance
        for lag in range(1, lags + 1)
    }
    return pd.DataFrame(columns, index=_index(simulated))


def _centred(paths: Array) -> tuple[Array, Array, Array]:
    """Mean [n_y], deviations from it [n_paths, T, n_y], and standard deviation [n_y], zero for what does not
    move by more than rounding.
    """
    mean = paths.mean(axis=(0, 1))
    deviations = paths - mean
    sd = np.sqrt((deviations**2).mean(axis=(0, 1)))
    return mean, deviations, np.where(sd > STILL * (1 + np.abs(mean)), sd, 0.0)


def _paths(samples: Samples, theta: Array, shocks: Array) -> Array:
    paths = samples.simulate(theta, shocks)[0].astype(float)
    if not np.isfinite(paths).all():
        raise NoEquilibrium("The simulated economy explodes at this calibration.")
    return paths


def _index(simulated: Simulated) -> pd.Index:
    return pd.Index(simulated.samples.observables, name="observable")
