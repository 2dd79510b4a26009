"""What data would say about the parameters at one calibration, before there are any.

Means, variances, covariances and autocovariances m of a sample of T periods have an expected value and a
covariance V under the economy. With the Jacobian J of the former in the parameters, in units of their ranges,

    I = J' V^-1 J

is what they say of the parameters: its inverse bounds the variance of any estimate that uses them (Iskrev
2010, for J; Andrle 2010 and Qu and Tkachenko 2012, for the strength). A direction v in which all parameters
move through their ranges together changes the moments by |V^-1/2 J v| sampling standard deviations.

J is a difference of simulated moments with the same shocks. Parameters that matter only together so move
paths in exactly the same way, and not only on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
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
from .ergodic_moments import one_vector

Array = NDArray[np.float64]
STEP = 0.01
"""Of a difference on either side, as a share of the parameter's range."""
NOTHING = 0.1
"""Sampling standard deviations: a direction that moves the moments by less through the whole range is not
identified, for all that anybody could see.
"""
FLOOR = 0.01
"""Strengths are not below, so that standard errors are numbers."""
WEAK = 12**-0.5
"""Standard deviation of a uniform law, as a share of its range: who knows only the range knows as much."""
COLLINEAR = 1e-7
"""Eigenvalues of the moments' correlations below belong to moments that follow from others."""
LARGEST_WEIGHTS = 3
MOST_LAGS, MOST_REPLICATIONS = 8, 100_000


class Information(NamedTuple):
    """What moments say: `whitened` V^-1/2 J [k, p] in units of the ranges [p], and the number of moments."""

    names: tuple[str, ...]
    values: Array
    ranges: Array
    whitened: Array
    n_moments: int


def identification(
    surrogate: Surrogate,
    parameters: Values,
    observables: Sequence[str] = (),
    periods: int = 200,
    lags: int = 1,
    replications: int = 1_000,
    seed: int = 0,
) -> list[Finding]:
    """Rank and strength: a finding by parameter, and one by direction, the weakest first.

    Parameters
    ----------
    parameters : one vector [n_parameters], or name -> value; what is not named has its default.
    observables : names of the data; all of the surrogate's if empty.
    periods : T, of the data.
    lags : of the autocovariances.
    replications : simulated samples.
    seed : of their shocks.

    Raises
    ------
    UnknownName, OutsideBox : parameters or observables that the surrogate does not have.
    BadConfiguration : numbers that make no sense, such as fewer samples than moments.
    NoEquilibrium : the simulated economy explodes.
    """
    found = information(surrogate, parameters, observables, periods, lags, replications, seed)
    table, directions = strength_table(found), directions_table(found)
    rank = int(np.sum(directions["strength"].to_numpy() > NOTHING))
    note = (
        f"{found.n_moments} moments of {periods} periods have rank {rank} in {len(found.names)} parameters. "
        "Standard errors are those of the best estimate by these moments; above "
        f"{WEAK:.2f} of the range, the data say less than the range does, and the parameter is weak. `alone` "
        "is the share if all others were known; strength is in sampling standard deviations of the moments "
        "when parameters move through their ranges."
    )
    return [
        Finding("identification", "Identification by parameter", table, note),
        Finding("identification_directions", "Identification by direction", directions, note),
    ]


def information(
    surrogate: Surrogate,
    parameters: Values,
    observables: Sequence[str],
    periods: int,
    lags: int,
    replications: int,
    seed: int,
) -> Information:
    """What the moments say; arguments and errors are those of :func:`identification`."""
    theta = one_vector(surrogate, parameters)[0]
    names = known_names("observable", observables, surrogate.observable_names)
    whole_number("lags", lags, 0, MOST_LAGS)
    whole_number("periods", periods, lags + 10, 100_000)
    whole_number("replications", replications, 10, MOST_REPLICATIONS)
    samples = Samples(surrogate, names, periods)
    shocks = samples.shocks(seed, replications)
    at = _moments(samples, theta, shocks, lags)
    n_moments = at.shape[1]
    if replications < 2 * n_moments:
        raise BadConfiguration(
            f"{n_moments} moments need {2 * n_moments} replications or more: take more, or fewer observables."
        )
    ranges = surrogate.upper - surrogate.lower
    columns = []
    for column in track(range(surrogate.n_parameters), "moving parameters"):
        up, down = _neighbours(surrogate, theta, column, STEP * ranges[column])
        above, below = (_moments(samples, each, shocks, lags).mean(axis=0) for each in (up, down))
        columns.append((above - below) / (up[column] - down[column]) * ranges[column])
    whitened = _root_of_inverse(at) @ np.stack(columns, axis=1)
    return Information(surrogate.parameter_names, theta, ranges, whitened, n_moments)


def strength_table(found: Information) -> pd.DataFrame:
    """By parameter: value, standard error, the same as a share of the range, that share if all others were
    known, the multiple correlation with them, and the parameter that is most alike.
    """
    _, strengths, directions = np.linalg.svd(found.whitened)
    strengths = np.pad(strengths, (0, len(found.names) - len(strengths)))
    share = np.sqrt(np.sum((directions / np.maximum(strengths, FLOOR)[:, None]) ** 2, axis=0))
    lengths = np.linalg.norm(found.whitened, axis=0)
    alone = 1 / np.maximum(lengths, FLOOR)
    units = found.whitened / np.maximum(lengths, FLOOR)
    likeness = np.abs(units.T @ units) - 2 * np.eye(len(found.names))
    nearest = [
        f"{found.names[other]} ({likeness[row, other]:.2f})" if len(found.names) > 1 else "-"
        for row, other in enumerate(likeness.argmax(axis=1))
    ]
    kind = np.where(share > 1 / NOTHING, "not identified", np.where(share > WEAK, "weak", "identified"))
    columns = {
        "value": found.values,
        "standard error": share * found.ranges,
        "share of range": share,
        "alone": alone,
        "correlation with others": np.sqrt(np.clip(1 - (alone / share) ** 2, 0.0, 1.0)),
        "most like": nearest,
        "": kind,
    }
    return pd.DataFrame(columns, index=pd.Index(found.names, name="parameter"))


def directions_table(found: Information) -> pd.DataFrame:
    """By direction, the weakest first: its strength, and the parameters that move most in it."""
    _, strengths, directions = np.linalg.svd(found.whitened)
    strengths = np.pad(strengths, (0, len(found.names) - len(strengths)))
    rows = []
    for direction in directions[::-1]:
        largest = np.argsort(-np.abs(direction))[:LARGEST_WEIGHTS]
        sign = np.sign(direction[largest[0]])
        rows.append(", ".join(f"{sign * direction[i]:+.2f} {found.names[i]}" for i in largest))
    index = pd.RangeIndex(1, len(rows) + 1, name="direction")
    return pd.DataFrame({"strength": strengths[::-1], "parameters": rows}, index=index)


def _moments(samples: Samples, theta: Array, shocks: Array, lags: int) -> Array:
    """Means, covariances and autocovariances [n_samples, n_moments] of each simulated sample."""
    paths = samples.simulate(theta[None], shocks)[0].astype(float)
    if not np.isfinite(paths).all():
        raise NoEquilibrium("The simulated economy explodes at this calibration, or near it.")
    mean = paths.mean(axis=1)
    deviations = paths - mean[:, None]
    n_y = paths.shape[2]
    pairs = list(combinations_with_replacement(range(n_y), 2))
    now = np.einsum("rti,rtj->rij", deviations, deviations) / paths.shape[1]
    parts = [mean, np.stack([now[:, i, j] for i, j in pairs], axis=1)]
    for lag in range(1, lags + 1):
        behind = np.einsum("rti,rtj->rij", deviations[:, lag:], deviations[:, :-lag]) / paths.shape[1]
        parts.append(behind.reshape(len(paths), -1))
    return np.concatenate(parts, axis=1)


def _neighbours(surrogate: Surrogate, theta: Array, column: int, step: float) -> tuple[Array, Array]:
    """A vector with one parameter larger and one with it smaller, as far as the surrogate goes."""
    sides = []
    for side in (step, -step):
        moved = theta.copy()
        moved[column] = np.clip(moved[column] + side, surrogate.lower[column], surrogate.upper[column])
        sides.append(moved if surrogate.inside(moved)[0] else theta)
    if sides[0][column] == sides[1][column]:
        raise BadConfiguration(
            f"The surrogate knows no other {surrogate.parameter_names[column]} here: choose a calibration "
            "that is not on the edge of the certified region."
        )
    return sides[0], sides[1]


def _root_of_inverse(values: Array) -> Array:
    """V^-1/2 [k, n_moments] of the covariance V of moments [n_samples, n_moments], without those that follow
    from others or never vary; an inverse of an estimated V is too large by a known factor (Hartlap et al.
    2007).
    """
    sd = values.std(axis=0, ddof=1)
    varies = sd > 0
    unit = np.where(varies, sd, 1.0)
    correlations = np.cov((values / unit).T).reshape(len(unit), len(unit))
    roots, axes = np.linalg.eigh(correlations)
    kept = roots > COLLINEAR * roots.max()
    shrink = (len(values) - kept.sum() - 2) / (len(values) - 1)
    return np.sqrt(shrink / roots[kept])[:, None] * axes[:, kept].T / unit
