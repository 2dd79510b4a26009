"""Shipped economies whose exact linear Gaussian state space is known, written apart from their surrogates."""

from collections.abc import Mapping, Sequence

import numpy as np

from surrogate.reference.an_schorfheide_linear import LinearStateSpace
from surrogate.reference.new_keynesian import solve_nk_linear

Observation = tuple[list[float], float, float]


def brock_mirman(
    p: Mapping[str, float], observables: Sequence[str], measurement_sd: Sequence[float]
) -> LinearStateSpace:
    """Brock and Mirman (1972) in logs: k' = log(alpha beta) + z + alpha k, log output z' + alpha k'."""
    alpha, rho, sigma = p["alpha"], p["rho"], p["sigma"]
    saved = np.log(alpha * p["beta"])
    growth = ([100 * alpha * (alpha - 1), 100 * (rho + alpha - 1)], 100 * sigma, 100 * alpha * saved)
    known: dict[str, Observation] = {
        "log_output": ([alpha**2, rho + alpha], sigma, alpha * saved),
        "output_growth": growth,
        "consumption_growth": growth,
        "investment_growth": growth,
    }
    transition, impact = np.array([[alpha, 1.0], [0.0, rho]]), np.array([[0.0], [sigma]])
    return _state_space(transition, impact, np.array([saved, 0.0]), known, observables, measurement_sd)


def nk_linear(
    p: Mapping[str, float], observables: Sequence[str], measurement_sd: Sequence[float]
) -> LinearStateSpace:
    """Kase, Melosi and Rottner (2025), appendix B: everything is proportional to the natural rate."""
    slopes = solve_nk_linear(p)
    gap, inflation = slopes.output_gap, slopes.inflation
    rate = p["theta_pi"] * inflation + p["theta_y"] * gap
    impact = p["sigma"] * (p["rho_a"] - 1) * (1 + p["eta"]) / (p["sigma"] + p["eta"]) * p["sigma_a"]
    loadings = {"output_gap": 100 * gap, "inflation": 400 * inflation, "interest_rate": 400 * rate}
    known = {name: ([value * p["rho_a"]], value * impact, 0.0) for name, value in loadings.items()}
    transition, shock = np.array([[p["rho_a"]]]), np.array([[impact]])
    return _state_space(transition, shock, np.zeros(1), known, observables, measurement_sd)


def _state_space(
    transition: np.ndarray,
    impact: np.ndarray,
    constant: np.ndarray,
    known: Mapping[str, Observation],
    observables: Sequence[str],
    measurement_sd: Sequence[float],
) -> LinearStateSpace:
    by_state, by_shock, constants = zip(*(known[name] for name in observables), strict=True)
    noise = np.diag(np.square(np.asarray(measurement_sd, dtype=float)))
    shocks = np.array(by_shock)[:, None]
    return LinearStateSpace(
        transition, impact, np.array(constants), np.array(by_state), shocks, noise, constant
    )
