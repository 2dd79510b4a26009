import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from estimation.sampling.chains import (
    Chains,
    autocorrelation_time,
    automatic_burn,
    bulk_sample_size,
    diagnose,
    rhat,
    tail_sample_size,
)


def autoregression(ensembles=3, steps=400, walkers=10, rho=0.9, drift=0.0, seed=0):
    """Walkers that each follow a first-order autoregression with unit variance."""
    shocks = np.random.default_rng(seed).standard_normal((steps, ensembles, walkers, 1))
    path = [shocks[0]]
    for shock in shocks[1:]:
        path.append(rho * path[-1] + np.sqrt(1 - rho**2) * shock)
    theta = np.array(path).swapaxes(0, 1) + drift * np.exp(-np.arange(steps) / 20)[:, None, None]
    return Chains(("x",), theta, theta[..., 0], np.full(ensembles, 0.3))


def test_bulk_sample_size_counts_each_walkers_path():
    chains = autoregression(walkers=64)
    exact = chains.theta.size * (1 - 0.9) / (1 + 0.9)
    assert bulk_sample_size(chains)[0] == pytest.approx(exact, rel=0.2)


def test_tail_sample_size_predicts_the_error_of_tail_frequencies():
    chains = [autoregression(ensembles=2, walkers=5, seed=seed) for seed in range(200)]
    tail = np.array([np.mean(run.theta < -1.6449) for run in chains])
    predicted = np.mean([tail_sample_size(run)[0] for run in chains])
    actual = 0.05 * 0.95 / np.mean((tail - 0.05) ** 2)
    assert predicted == pytest.approx(actual, rel=0.25)


def test_walkers_in_a_row_would_look_independent():
    chains = autoregression()
    naive = np.asarray(array_stats.ess(chains.by_time()[:, :, 0])).item()
    assert naive > 5 * bulk_sample_size(chains)[0]


def test_autocorrelation_time_of_an_autoregression():
    assert autocorrelation_time(autoregression(walkers=64)) == pytest.approx(19, rel=0.2)


def test_rhat_from_independent_ensembles_sees_an_ensemble_that_is_elsewhere():
    chains = autoregression()
    assert rhat(chains)[0] < 1.02
    shifted = chains.theta + np.array([0.0, 0.0, 2.0])[:, None, None, None]
    moved = Chains(chains.names, shifted, chains.log_prob, chains.acceptance)
    assert rhat(moved)[0] > 1.2


def test_rhat_sees_ensembles_that_still_drift():
    assert rhat(autoregression(steps=60, drift=3.0))[0] > 1.05


def test_burn_in_changes_the_summary():
    chains = autoregression(drift=5.0)
    kept = chains.discard(automatic_burn(chains))
    assert chains.theta.mean() > 0.15
    assert abs(kept.theta.mean()) < 0.08
    assert kept.steps == chains.steps - automatic_burn(chains)


def test_automatic_burn_is_between_a_fifth_and_a_half():
    assert automatic_burn(autoregression(rho=0.1)) == 80
    assert automatic_burn(autoregression(steps=40, rho=0.99)) == 20


def test_diagnosis_asks_for_draws_agreement_and_a_burn_in():
    fine = diagnose(autoregression(steps=2000), None)
    assert fine.reached(0.9 * fine.ess)
    assert not fine.reached(1.1 * fine.ess)
    assert not diagnose(autoregression(steps=60, drift=3.0), None).reached(1)
    assert not diagnose(autoregression(steps=40, walkers=2000, rho=0.97), None).reached(1)
    assert diagnose(autoregression(steps=2000), 100).burnt_in


def test_the_parameter_on_which_ensembles_agree_least_decides():
    agreed, apart = autoregression(steps=2000), autoregression(steps=2000, seed=1)
    apart.theta[2] += 2.0
    theta = np.concatenate([agreed.theta, apart.theta], axis=3)
    both = Chains(("agreed", "apart"), theta, agreed.log_prob, agreed.acceptance)
    assert diagnose(agreed, 100).reached(1)
    assert not diagnose(both, 100).reached(1)
