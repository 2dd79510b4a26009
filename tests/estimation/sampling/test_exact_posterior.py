"""The whole path against quadrature: noisy particle filter, walkers, burn-in, table."""

import numpy as np
import pytest

from estimation import Estimation
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import MEASUREMENT_SD, exact_state_space, linear_priors, simulated_data


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy)


def exact_moments(economy, data):
    """Posterior mean and sd of sigma and rho by quadrature of the Kalman likelihood."""
    priors = linear_priors()
    sigma, rho = np.meshgrid(np.linspace(0.4, 2.4, 61), np.linspace(0.1, 0.95, 61))
    density = np.array(
        [
            log_likelihood(exact_state_space(economy, {"sigma": s, "rho": r, "mean": 0.3}), data.to_numpy())
            for s, r in zip(sigma.ravel(), rho.ravel(), strict=True)
        ]
    )
    density += priors["sigma"].log_density(sigma.ravel()) + priors["rho"].log_density(rho.ravel())
    weight = np.exp(density - density.max())
    points = np.column_stack([sigma.ravel(), rho.ravel()])
    mean = np.average(points, axis=0, weights=weight)
    return mean, np.sqrt(np.average((points - mean) ** 2, axis=0, weights=weight))


@pytest.mark.slow
def test_posterior_of_the_linear_economy_is_the_exact_one(linear, linear_economy, data):
    estimation = Estimation(
        linear,
        data,
        linear_priors(),
        fixed={"mean": 0.3},
        measurement_error={"sd": dict(zip(data.columns, MEASUREMENT_SD, strict=True))},
        likelihood={"method": "guided", "particles": 30},
        sampler={"ensembles": 2, "walkers": 24, "steps": 150, "seed": 1},
    )
    table = estimation.sample().table
    mean, sd = exact_moments(linear_economy, data)
    standard_error = sd / np.sqrt(table["ESS bulk"])
    np.testing.assert_array_less(150, table["ESS bulk"])
    np.testing.assert_array_less(table["R-hat"], 1.05)
    np.testing.assert_array_less(np.abs(table["mean"] - mean), 4 * standard_error)
    np.testing.assert_allclose(table["sd"], sd, rtol=0.2)
