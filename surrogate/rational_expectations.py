"""Linear rational-expectations models by the generalised Schur form.

Klein (2000), "Using the generalized Schur form to solve a multivariate linear rational expectations model",
Journal of Economic Dynamics and Control 24, for

    lead @ E[z'] = lag @ z,        z = (predetermined variables, jump variables),

whose stable solution writes the jumps, and next period's predetermined variables, as linear functions of
today's predetermined variables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigvals, ordqz, solve

from .errors import SurrogateError


class Indeterminate(SurrogateError):
    """More stable roots than predetermined variables: many stable solutions."""


class NoStableSolution(SurrogateError):
    """Fewer stable roots than predetermined variables: every solution explodes."""


class LinearSolution(NamedTuple):
    """`predetermined' = transition @ predetermined` and `jumps = policy @ predetermined`."""

    transition: NDArray[np.float64]
    policy: NDArray[np.float64]


def solve_rational_expectations(lead: ArrayLike, lag: ArrayLike, n_predetermined: int) -> LinearSolution:
    """Unique stable solution of `lead @ E[z'] = lag @ z`.

    Parameters
    ----------
    lead, lag : [n, n] coefficients; the first `n_predetermined` entries of z are predetermined.

    Raises
    ------
    Indeterminate, NoStableSolution : the Blanchard-Kahn count fails, or the rank condition does.
    """
    lag_schur, lead_schur, alpha, beta, _, z = ordqz(
        np.asarray(lag, float), np.asarray(lead, float), sort="iuc", output="complex"
    )
    _require_unique(alpha, beta, n_predetermined)
    stable = slice(0, n_predetermined)
    z_predetermined, z_jump = z[stable, stable], z[n_predetermined:, stable]
    if np.linalg.cond(z_predetermined) > 1e12:
        raise NoStableSolution(
            "The rank condition fails: the stable roots do not span the predetermined variables."
        )
    dynamics = solve(lead_schur[stable, stable], lag_schur[stable, stable])
    inverse = np.linalg.inv(z_predetermined)
    return LinearSolution((z_predetermined @ dynamics @ inverse).real, (z_jump @ inverse).real)


def eigenvalues(lead: ArrayLike, lag: ArrayLike) -> NDArray[np.complex128]:
    """Roots of `lead @ z' = lag @ z` [n], the smallest first; equations without dynamics have infinite."""
    pairs = eigvals(np.asarray(lag, float), np.asarray(lead, float), homogeneous_eigvals=True)
    alpha, beta = np.asarray(pairs)
    finite = np.abs(beta) > 1e-12 * np.maximum(1.0, np.abs(alpha))
    roots = np.where(finite, alpha / np.where(finite, beta, 1.0), np.inf)
    return roots[np.argsort(np.abs(roots), kind="stable")]


def _require_unique(alpha: NDArray, beta: NDArray, n_predetermined: int) -> None:
    if np.any(np.abs(alpha) + np.abs(beta) < 1e-12):
        raise Indeterminate("The pencil is singular: the equations are not independent.")
    n_stable = int((np.abs(alpha) < np.abs(beta)).sum())
    count = f"{n_stable} stable roots for {n_predetermined} predetermined variables"
    if n_stable > n_predetermined:
        raise Indeterminate(f"Indeterminacy: {count}. Many stable solutions exist at these parameters.")
    if n_stable < n_predetermined:
        raise NoStableSolution(f"No stable solution: {count}.")
