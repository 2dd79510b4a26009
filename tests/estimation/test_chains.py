import arviz
import numpy as np
import pytest

from estimation.chains import (
    Chains,
    autocorrelation_time,
    automatic_burn,
    effective_sample_size,
    read_chains,
    rhat,
)
from surrogate.errors import BadConfiguration


def autoregression(ensembles=3, steps=400, walkers=10, rho=0.9, drift=0.0, seed=0):
    """Walkers that each follow a first-order autoregression with unit variance."""
    shocks = np.random.default_rng(seed).standard_normal((steps, ensembles, walkers, 1))
    path = [shocks[0]]
    for shock in shocks[1:]:
        path.append(rho * path[-1] + np.sqrt(1 - rho**2) * shock)
    theta = np.array(path).swapaxes(0, 1) + drift * np.exp(-np.arange(steps) / 20)[:, None, None]
    return Chains(("x",), theta, theta[..., 0], np.full(ensembles, 0.3))


def test_effective_sample_size_counts_each_walkers_path():
    chains = autoregression(walkers=64)
    exact = chains.theta.size * (1 - 0.9) / (1 + 0.9)
    assert effective_sample_size(chains)[0] == pytest.approx(exact, rel=0.2)


def test_walkers_in_a_row_would_look_independent():
    chains = autoregression()
    naive = float(arviz.ess(chains.by_time()[:, :, 0]))
    assert naive > 5 * effective_sample_size(chains)[0]


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


def test_burn_in_that_leaves_nothing_is_an_error():
    with pytest.raises(BadConfiguration, match="burn-in of 400"):
        autoregression().discard(400)


def test_layouts_keep_every_draw():
    chains = autoregression(ensembles=2, steps=5, walkers=3)
    assert np.array_equal(chains.by_walker()[1, :5, 0], chains.theta[1, :, 0, 0])
    assert np.array_equal(chains.by_time()[1, :3, 0], chains.theta[1, 0, :, 0])


def test_no_draw_yet_is_an_error(tmp_path):
    from emcee.backends import HDFBackend

    HDFBackend(str(tmp_path / "chain.h5"), name="mcmc").reset(4, 1)
    with pytest.raises(BadConfiguration, match="no draw"):
        read_chains([tmp_path / "chain.h5"], ("x",))
