"""The nonlinear solutions of An and Schorfheide (2007) against their equations in levels, the linear economy,
and finer grids.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

from surrogate.errors import BadData, SurrogateError
from surrogate.reference.an_schorfheide_equations import Shocks
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M, solve_policy
from surrogate.reference.an_schorfheide_projection import (
    KINKED,
    SMOOTH,
    AnSchorfheideSolution,
    solve_an_schorfheide,
    solve_an_schorfheide_zlb,
)

Array = NDArray[np.float64]
States = dict[str, Array]

NU, LOG_GBAR = 0.1, -np.log(0.85)
CURVED = THETA_M | {"tau": 1.1, "kappa": 0.15, "psi1": 1.3, "rho_r": 0.9, "rho_g": 0.6, "sigma_g": 1.5}
AT_BOUND = THETA_M | {"kappa": 0.3, "rho_z": 0.7, "sigma_z": 0.42, "pi_a": 1.0, "r_a": 0.2, "gamma_q": 0.2}


def steady_rate(p: Mapping[str, float]) -> float:
    """Log gross quarterly rate without shocks."""
    return p["gamma_q"] / 100 + np.log1p(p["r_a"] / 400) + p["pi_a"] / 400


def draw_states(p: Mapping[str, float], count: int, width: float) -> States:
    """States uniform within `width` standard deviations, those of the rate's states together `width`."""
    generator = np.random.default_rng(0)
    transition, _ = solve_policy(p)
    impact = np.diag([0.0, p["sigma_g"], p["sigma_z"], p["sigma_r"]]) / 100
    covariance, power = impact @ impact, transition
    for _ in range(12):
        covariance, power = covariance + power @ covariance @ power.T, power @ power
    sd = np.sqrt(np.diag(covariance)) * np.array([0.7, 1.0, 1.0, 0.7])
    draws = width * sd * generator.uniform(-1, 1, (count, 4))
    names = ("interest_rate_lag", "government", "growth", "monetary")
    return dict(zip(names, (draws + np.array([steady_rate(p), LOG_GBAR, 0.0, 0.0])).T, strict=True))


def euler_errors(
    solution: AnSchorfheideSolution, p: Mapping[str, float], states: States, lowest: float, widest: float
) -> Array:
    """Largest error of both equations in levels, as a share of consumption and in gross inflation.

    Log rates are at least `lowest`, log growth within `widest` either way.
    """
    beta, target = 1 / (1 + p["r_a"] / 400), np.exp(p["pi_a"] / 400)
    phi = p["tau"] * (1 - NU) / (NU * target**2 * p["kappa"])

    def output(c: Array, pi: Array, log_g: Array) -> Array:
        return c / (np.exp(-log_g) - phi / 2 * (pi - target) ** 2)

    x = solution.controls(states)
    c, pi, y = (
        x["consumption"],
        x["inflation"],
        output(x["consumption"], x["inflation"], states["government"]),
    )
    natural = (1 - NU) ** (1 / p["tau"]) * np.exp(states["government"])
    asked = np.log(np.exp(p["gamma_q"] / 100) / beta * target)
    asked += p["psi1"] * np.log(pi / target) + p["psi2"] * np.log(y / natural)
    notional = (1 - p["rho_r"]) * asked + p["rho_r"] * states["interest_rate_lag"] + states["monetary"]
    log_rate = np.maximum(lowest, notional)

    shocks, weights = tomorrow(p, kinked=lowest == 0)
    growth = np.clip(p["rho_z"] * states["growth"][:, None] + shocks["growth"], -widest, widest)
    log_g = (1 - p["rho_g"]) * LOG_GBAR + p["rho_g"] * states["government"][:, None] + shocks["government"]
    x = solution.controls(
        {
            "interest_rate_lag": log_rate[:, None],
            "government": log_g,
            "growth": growth,
            "monetary": shocks["monetary"],
        }
    )
    discount = beta * (x["consumption"] / c[:, None]) ** -p["tau"]
    bond = discount * np.exp(log_rate[:, None] - p["gamma_q"] / 100 - growth) / x["inflation"]
    growth_of_output = output(x["consumption"], x["inflation"], log_g) / y[:, None]
    price = phi * discount * growth_of_output * (x["inflation"] - target) * x["inflation"]
    euler = 1 - (bond @ weights) ** (-1 / p["tau"])
    phillips = (1 - c ** p["tau"]) / NU - 1 - price @ weights
    phillips += phi * (pi - target) * ((1 - 1 / (2 * NU)) * pi + target / (2 * NU))
    return np.maximum(np.abs(euler), np.abs(phillips / (phi * target)))


def tomorrow(p: Mapping[str, float], kinked: bool) -> tuple[States, Array]:
    """Shocks [n] and weights [n]; a fine rule where tomorrow's policy has a kink."""
    fine = np.linspace(-5, 5, 401)
    rules = {
        "monetary": (fine, np.exp(-(fine**2) / 2)) if kinked else hermegauss(9),
        "government": hermegauss(3),
        "growth": hermegauss(25) if kinked else hermegauss(9),
    }
    points = np.meshgrid(*(rule[0] for rule in rules.values()), indexing="ij")
    weights = np.einsum("a,b,c->abc", *(rule[1] for rule in rules.values())).ravel()
    kept = weights > 1e-9 * weights.max()
    shocks = {
        name: p[f"sigma_{letter}"] / 100 * each.ravel()[kept]
        for (name, letter), each in zip(
            {"monetary": "r", "government": "g", "growth": "z"}.items(), points, strict=True
        )
    }
    return shocks, weights[kept] / weights[kept].sum()


@pytest.fixture(scope="module")
def at_bound() -> AnSchorfheideSolution:
    middle = replace(KINKED[1], impulse_points=13, growth_points=17)
    return solve_an_schorfheide_zlb(AT_BOUND, [replace(grid, width=9.0) for grid in (KINKED[0], middle)])


@pytest.mark.parametrize("p", [THETA_M, THETA_L, CURVED], ids=["theta_m", "theta_l", "curved"])
def test_the_equations_hold_between_nodes(p: dict[str, float]) -> None:
    solution = solve_an_schorfheide(
        p, [replace(SMOOTH[0], width=7.0, growth_width=7.0, impulse_points=13, growth_points=13)]
    )
    errors = euler_errors(solution, p, draw_states(p, 200, 3.0), lowest=-np.inf, widest=np.inf)
    assert errors.max() < 5e-6
    assert errors.mean() < 1e-6


@pytest.mark.parametrize(
    "finer",
    [{"impulse_points": 13}, {"government_points": 6}, {"growth_points": 13}, {"shocks": Shocks(13, 4, 13)}],
    ids=["impulse", "government", "growth", "shocks"],
)
def test_a_finer_grid_changes_nothing(finer: dict) -> None:
    states = draw_states(CURVED, 200, 3.0)
    first = solve_an_schorfheide(CURVED).controls(states)
    second = solve_an_schorfheide(CURVED, [replace(SMOOTH[0], **finer)]).controls(states)
    for name, values in first.items():
        np.testing.assert_allclose(values, second[name], rtol=2e-6)


def test_it_is_the_linear_economy_to_first_order_in_the_shocks() -> None:
    def distance(share: float) -> float:
        p = {name: value * share if name.startswith("sigma") else value for name, value in THETA_L.items()}
        states = draw_states(p, 100, 2.0)
        rest = np.array([steady_rate(p), LOG_GBAR, 0.0, 0.0])
        linear = (np.stack(list(states.values()), axis=1) - rest) @ solve_policy(p).policy.T
        x = solve_an_schorfheide(p).controls(states)
        levels = ((1 - NU) ** (1 / p["tau"]), np.exp(p["pi_a"] / 400))
        found = np.log(np.stack([x["consumption"], x["inflation"]], axis=1) / levels)
        return float(np.abs(found - linear).max())

    distances = [distance(share) for share in (1.0, 0.5, 0.25, 0.125)]
    ratios = np.divide(distances[:-1], distances[1:])
    np.testing.assert_allclose(ratios[1:], 4.0, atol=0.3)
    assert 1e-5 < distances[0] < 1e-2


def test_a_bound_that_is_never_reached_changes_nothing() -> None:
    p = THETA_M | {"pi_a": 12.0, "r_a": 2.0, "sigma_z": 0.1, "sigma_r": 0.1}
    states = draw_states(p, 50, 2.0)
    wide = [replace(KINKED[0], growth_width=4.5)]
    free, bounded = (
        solve(p, wide).controls(states) for solve in (solve_an_schorfheide, solve_an_schorfheide_zlb)
    )
    for name, values in free.items():
        np.testing.assert_allclose(values, bounded[name], rtol=2e-5)


def test_at_the_bound_the_equations_hold_with_the_maximum(at_bound: AnSchorfheideSolution) -> None:
    states = draw_states(AT_BOUND, 8, 1.4)
    states["growth"] -= 1.5 * AT_BOUND["sigma_z"] / 100 / np.sqrt(1 - AT_BOUND["rho_z"] ** 2)
    widest = 3 * AT_BOUND["sigma_z"] / 100 / np.sqrt(1 - AT_BOUND["rho_z"] ** 2)
    assert euler_errors(at_bound, AT_BOUND, states, lowest=0.0, widest=widest).max() < 2e-5


def test_at_the_bound_the_lagged_rate_does_not_matter(at_bound: AnSchorfheideSolution) -> None:
    sd = AT_BOUND["sigma_z"] / 100 / np.sqrt(1 - AT_BOUND["rho_z"] ** 2)
    lags = np.linspace(0.0, 0.008, 41)
    states = {"interest_rate_lag": lags, "government": LOG_GBAR, "growth": -2.8 * sd, "monetary": -0.003}
    slopes = np.diff(at_bound.controls(states)["inflation"])
    assert np.abs(slopes[:5]).max() < 1e-12
    assert slopes[-5:].max() < -1e-5


@pytest.mark.slow
def test_a_bound_too_close_for_an_equilibrium_is_said() -> None:
    small = replace(KINKED[0], growth_width=2.0, government_points=2)
    with pytest.raises(SurrogateError, match=r"raising it to zero.*[89]\d%"):
        solve_an_schorfheide_zlb(THETA_M, [small])


def test_shocks_too_large_for_an_equilibrium_are_said() -> None:
    with pytest.raises(SurrogateError, match="making shocks larger"):
        solve_an_schorfheide(
            THETA_M | {"psi1": 1.05, "psi2": 0.0, "rho_z": 0.97, "sigma_z": 0.7, "kappa": 0.5}
        )


def test_a_state_beyond_the_grid_is_refused(at_bound: AnSchorfheideSolution) -> None:
    with pytest.raises(BadData, match="growth from"):
        at_bound.controls({"interest_rate_lag": 0.01, "government": LOG_GBAR, "growth": 0.5, "monetary": 0.0})
