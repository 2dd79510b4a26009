"""Shocks, states and the bound's probability against exact smoothing and filtering."""

import numpy as np
import pytest
from scipy.stats import norm

from estimation.analysis.shocks import shocks_and_states
from estimation.results import Results
from tests.estimation.analysis.economies import exact_posterior, mean_and_sd, results_of
from tests.estimation.economies import linear_posterior
from tests.gaussian_economies import BoundedEconomy

SHARES = np.array([0.05, 0.5, 0.95])
QUANTILES = norm.ppf(SHARES)
SAMPLING_ERROR = np.sqrt(SHARES * (1 - SHARES) / 500) / norm.pdf(QUANTILES)


@pytest.fixture(scope="module")
def certain(results, linear) -> Results:
    """A hundred times the same draw, so that bands are those of paths, with many particles."""
    posterior = linear_posterior(linear, results.data, fixed={"mean": 0.3}, particles=200)
    return results_of(posterior, results.data, np.tile([1.2, 0.7], (100, 1)))


def test_shocks_and_states_are_exact_in_the_linear_economy(certain, linear_economy) -> None:
    shocks, states = (finding.table for finding in shocks_and_states(certain, draws=100))
    data = certain.data.to_numpy()
    m = linear_economy.at([0.7, 1.2, 0.3])
    whole = exact_posterior(m, data)
    unit = np.eye(whole.state.shape[2])
    for t in (0, 4, 20, 39):
        quarter = str(certain.data.index[t])
        past = exact_posterior(m, np.where(np.arange(40)[:, None] <= t, data, np.nan))
        for kind, exact in (("smoothed", whole), ("filtered", past)):
            columns = [f"{kind} {name}" for name in ("5 %", "median", "95 %")]
            mean, sd = mean_and_sd(exact, unit[2 + 2 * t : 4 + 2 * t])
            found = shocks.xs(quarter, level="quarter")[columns]
            require_quantiles(found.to_numpy(), mean, sd)
            mean, sd = mean_and_sd(exact, exact.state[t + 1])
            found = states.xs(quarter, level="quarter")[columns] - m.state_mean[:, None]
            require_quantiles(found.to_numpy(), mean, sd)


def require_quantiles(found: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> None:
    """Quantiles [k, 3] of 500 paths are those of normal distributions [k] up to six sampling errors."""
    errors = (found - mean[:, None]) / sd[:, None] - QUANTILES
    assert (np.abs(errors) < 6 * SAMPLING_ERROR).all(), errors


def test_without_a_bound_there_is_no_probability_of_it(results) -> None:
    findings = shocks_and_states(results, draws=4)
    assert [finding.name for finding in findings] == ["shocks", "states"]
    assert findings[0].draw is not None
    assert len(findings[0].draw().axes) == 2


def test_the_bound_binds_with_its_exact_probability(bounded) -> None:
    sure = results_of(bounded.posterior, bounded.data, np.ones((120, 1)))
    finding = shocks_and_states(sure, draws=120)[2]
    filtered, smoothed = exact_probabilities(bounded.data["y"].to_numpy())
    np.testing.assert_allclose(finding.table["filtered"], filtered, atol=0.07)
    np.testing.assert_allclose(finding.table["smoothed"], smoothed, atol=0.07)
    assert finding.draw is not None
    assert len(finding.draw().axes) == 2


def exact_probabilities(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of s <= 0 in every period, given the past and given all data, by quadrature on a grid; sigma is one."""
    rho = BoundedEconomy.persistence
    grid = np.linspace(-12, 12, 1200)  # without zero
    kernel = norm.pdf(grid[:, None], rho * grid, 1.0) * (grid[1] - grid[0])
    seen = norm.pdf(data[:, None], np.maximum(grid, 0), 0.1)
    density, forward = norm.pdf(grid, 0, 1 / np.sqrt(1 - rho**2)), []
    for period in seen:
        density = (kernel @ density) * period
        density /= density.sum()
        forward.append(density)
    later, smoothed = np.ones_like(grid), []
    for density, period in zip(forward[::-1], seen[::-1], strict=True):
        joint = density * later
        smoothed.append(joint / joint.sum())
        later = kernel.T @ (period * later)
        later /= later.sum()
    below = grid < 0
    return np.array(forward)[:, below].sum(axis=1), np.array(smoothed[::-1])[:, below].sum(axis=1)
