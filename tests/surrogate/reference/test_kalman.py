"""The exact Kalman log likelihood against a joint Gaussian density and published figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from surrogate.errors import BadData
from surrogate.rational_expectations import Indeterminate, NoStableSolution, solve_rational_expectations
from surrogate.reference.an_schorfheide_linear import (
    THETA_L,
    THETA_M,
    LinearStateSpace,
    NotStationary,
    StochasticSingularity,
    log_likelihood,
    solve_policy,
    state_space,
)

SAMPLE = Path(__file__).parents[3] / "estimation" / "datasets" / "herbst_schorfheide_us.csv"


@pytest.fixture(scope="module")
def data() -> NDArray[np.float64]:
    return pd.read_csv(SAMPLE)[["YGR", "INFL", "INT"]].to_numpy()


@pytest.fixture(scope="module")
def measurement_sd(data) -> NDArray[np.float64]:
    return 0.2 * data.std(axis=0, ddof=1)


def random_model(generator: np.random.Generator) -> LinearStateSpace:
    transition = generator.normal(size=(3, 3))
    return LinearStateSpace(
        0.9 * transition / np.abs(np.linalg.eigvals(transition)).max(),
        generator.normal(size=(3, 2)),
        generator.normal(size=2),
        generator.normal(size=(2, 3)),
        generator.normal(size=(2, 2)),
        np.diag(generator.uniform(0.1, 1, size=2)),
        generator.normal(size=3),
    )


def joint_density(model: LinearStateSpace, data: NDArray[np.float64]) -> float:
    """Log density of the sample as one Gaussian vector, linear in the initial state, shocks and errors."""
    periods = len(data)
    n_states, n_shocks = model.shock_impact.shape
    mean, covariance = model.stationary_distribution()
    loading = np.hstack([np.eye(n_states), np.zeros((n_states, n_shocks * periods))])
    means, rows = [], []
    for period in range(periods):
        shock = np.zeros((n_shocks, loading.shape[1]))
        start = n_states + n_shocks * period
        shock[:, start : start + n_shocks] = np.eye(n_shocks)
        means.append(model.observation_constant + model.observation_state @ mean)
        rows.append(model.observation_state @ loading + model.observation_shock @ shock)
        mean = model.state_constant + model.transition @ mean
        loading = model.transition @ loading + model.shock_impact @ shock
    stacked = np.vstack(rows)
    prior = np.eye(stacked.shape[1])
    prior[:n_states, :n_states] = covariance
    spread = stacked @ prior @ stacked.T + np.kron(np.eye(periods), model.measurement_covariance)
    seen = ~np.isnan(data.ravel())
    mean, covariance = np.concatenate(means)[seen], spread[np.ix_(seen, seen)]
    return multivariate_normal.logpdf(data.ravel()[seen], mean, covariance)  # pyright: ignore


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_joint_gaussian_density_with_missing_observations(seed):
    generator = np.random.default_rng(seed)
    model = random_model(generator)
    _, sample = model.simulate(7, generator)
    sample[2] = np.nan
    sample[4, 1] = np.nan
    assert log_likelihood(model, sample) == pytest.approx(joint_density(model, sample), abs=1e-9)


@pytest.mark.parametrize(("parameters", "published"), [(THETA_M, -306.21), (THETA_L, -313.90)])
def test_herbst_schorfheide_log_likelihood(parameters, published, data, measurement_sd):
    exact = log_likelihood(state_space(parameters, measurement_sd), data)
    assert exact == pytest.approx(published, abs=0.005)


def test_all_missing_period_adds_zero():
    model = random_model(np.random.default_rng(1))
    assert log_likelihood(model, np.full((3, 2), np.nan)) == 0


def test_one_standard_normal_observation_has_the_two_pi_constant():
    zero = np.zeros((1, 1))
    model = LinearStateSpace(zero, zero, np.zeros(1), zero, zero, np.eye(1))
    assert log_likelihood(model, [[0.0]]) == pytest.approx(-0.5 * np.log(2 * np.pi), abs=1e-12)


def test_infinity_is_an_error():
    with pytest.raises(BadData, match="infinite"):
        log_likelihood(random_model(np.random.default_rng(1)), [[np.inf, 0.0]])


def test_stochastic_singularity_raises():
    model = random_model(np.random.default_rng(2))
    no_error = replace(
        model,
        shock_impact=model.shock_impact[:, :1],
        observation_shock=model.observation_shock[:, :1],
        measurement_covariance=np.zeros((2, 2)),
        transition=np.zeros((3, 3)),
    )
    with pytest.raises(StochasticSingularity):
        log_likelihood(no_error, np.zeros((2, 2)))


def test_explosive_state_raises():
    model = random_model(np.random.default_rng(3))
    with pytest.raises(NotStationary, match="root"):
        log_likelihood(replace(model, transition=1.2 * model.transition), np.zeros((2, 2)))


def test_indeterminate_policy_rule_raises():
    with pytest.raises(Indeterminate):
        solve_policy({**THETA_M, "psi1": 0.5, "psi2": 0.0})


def test_explosive_economy_raises():
    with pytest.raises(NoStableSolution):
        solve_rational_expectations(np.eye(1), 1.5 * np.eye(1), n_predetermined=1)


def test_solution_satisfies_the_linear_equations():
    generator = np.random.default_rng(4)
    lead, lag = _saddle_point_model(generator)
    solution = solve_rational_expectations(lead, lag, n_predetermined=2)
    today = np.vstack([np.eye(2), solution.policy])
    np.testing.assert_allclose(lead @ today @ solution.transition, lag @ today, atol=1e-10)


def _saddle_point_model(generator: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two stable and two unstable roots, hidden by random rotations."""
    vectors, lead = generator.normal(size=(4, 4)), generator.normal(size=(4, 4))
    return lead, lead @ vectors @ np.diag([0.5, 0.9, 1.3, 2.0]) @ np.linalg.inv(vectors)
