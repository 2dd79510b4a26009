from dataclasses import replace

import numpy as np
import pytest

from estimation.sampling.chains import read_chains
from estimation.sampling.ensemble import Ensemble, advance
from estimation.sampling.mode import find_mode
from estimation.sampling.sampler import Callbacks, SamplerSettings, checks, ensemble_file, sample
from estimation.work.pool import Packed, WorkerPool
from surrogate.errors import BrokenArtifact, Changed, SurrogateError
from tests.estimation.economies import linear_posterior, normal_posterior, simulated_data

SETTINGS = SamplerSettings(ensembles=3, walkers=8, steps=6, burn=0, seed=5)
FINGERPRINTS = {"model": "m", "priors": "p", "data": "d"}


@pytest.fixture(scope="module")
def posterior(linear, linear_economy):
    return linear_posterior(linear, simulated_data(linear_economy), fixed={"mean": 0.3})


@pytest.fixture(scope="module")
def mode(posterior):
    return find_mode(posterior, draws=32, climbs=1)


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(2) as pool:
        yield pool


def ensemble(posterior, mode, number=0, seed=5, walkers=8):
    return Ensemble(Packed(posterior), mode, walkers, "differential_evolution", seed, number)


def draws(chosen, cuts=(6,)):
    """Parameters and log posterior [steps, walkers, n + 1], computed in blocks that end at ``cuts``."""
    done, state, path = 0, None, []
    for cut in cuts:
        while done < cut:
            block = advance(chosen, done, state, cut)
            assert block is not None
            done, state = done + block.steps, block.last
            path.append(np.concatenate([block.theta, block.log_prob[..., None]], axis=2))
    return np.concatenate(path)


def test_blocks_do_not_change_the_draws(posterior, mode):
    chosen = ensemble(posterior, mode)
    assert np.array_equal(draws(chosen), draws(chosen, cuts=(1, 2, 5, 6)))


def test_seed_and_ensemble_decide_the_draws(posterior, mode):
    first = draws(ensemble(posterior, mode))
    assert np.array_equal(first, draws(ensemble(posterior, mode)))
    assert not np.isclose(first, draws(ensemble(posterior, mode, seed=6))).any()
    assert not np.isclose(first, draws(ensemble(posterior, mode, number=1))).any()


def test_same_seed_same_answer_whatever_the_pool_size(posterior, mode, pool, tmp_path):
    steps = []
    callbacks = Callbacks(step=steps.append)
    files = sample(posterior, mode, SETTINGS, tmp_path, pool, FINGERPRINTS, callbacks=callbacks)
    for number, theta in enumerate(read_chains(files, posterior.names).theta):
        assert np.array_equal(theta, draws(ensemble(posterior, mode, number))[..., :-1])
    assert {(p.ensemble, p.step) for p in steps} >= {(number, 6) for number in range(3)}


def test_resumed_equals_uninterrupted_and_finished_is_left_alone(posterior, mode, pool, tmp_path):
    for steps in (4, 5, 6, 4):
        files = sample(posterior, mode, replace(SETTINGS, steps=steps), tmp_path, pool, FINGERPRINTS)
    assert np.array_equal(
        read_chains(files, posterior.names).theta[0], draws(ensemble(posterior, mode))[..., :-1]
    )


def test_sampling_stops_at_the_target_and_there_again_after_an_interruption(linear, pool, tmp_path):
    posterior = normal_posterior(linear)
    mode = find_mode(posterior, draws=32, climbs=1)
    settings = SamplerSettings(ensembles=2, walkers=16, steps=2000, seed=1, target_ess=300)
    judged = []
    callbacks = Callbacks(judged=lambda step, diagnosis: judged.append((step, diagnosis)))
    arguments = (pool, FINGERPRINTS, callbacks)
    files = sample(posterior, mode, settings, tmp_path / "at_once", *arguments)
    at_once = read_chains(files, posterior.names)
    assert judged[-1][1].reached(300)
    assert not any(diagnosis.reached(300) for _, diagnosis in judged[:-1])
    assert at_once.steps == judged[-1][0] < 2000
    for limit in (at_once.steps - 37, 2000, 2000):
        limited = replace(settings, steps=limit)
        files = sample(posterior, mode, limited, tmp_path / "in_parts", *arguments)
    assert np.array_equal(read_chains(files, posterior.names).theta, at_once.theta)


def test_checks_are_farther_apart_the_longer_the_chains():
    settings = replace(SETTINGS, steps=300, target_ess=10)
    assert checks(settings) == [100, 125, 156, 195, 243, 300]
    assert checks(replace(settings, burn=40)) == [140, 175, 218, 272, 300]
    assert checks(replace(settings, target_ess=None)) == [300]


@pytest.mark.parametrize("changed", ["model", "priors", "data"])
def test_resume_refuses_a_changed_model_prior_or_data(posterior, mode, pool, tmp_path, changed):
    settings = replace(SETTINGS, steps=4)
    sample(posterior, mode, settings, tmp_path, pool, FINGERPRINTS)
    with pytest.raises(Changed, match=f"The {changed} changed since"):
        sample(posterior, mode, settings, tmp_path, pool, {**FINGERPRINTS, changed: "other"})


def test_damaged_chain_is_one_clear_error(posterior, mode, pool, tmp_path):
    ensemble_file(tmp_path, 0).write_bytes(b"not a chain")
    with pytest.raises(BrokenArtifact, match="damaged"):
        sample(posterior, mode, SETTINGS, tmp_path, pool, FINGERPRINTS)


def test_start_is_spread_out_with_finite_log_posterior(posterior, mode):
    block = advance(ensemble(posterior, mode, walkers=50), 0, None, 1)
    assert block is not None
    assert block.steps == 1
    assert np.isfinite(block.log_prob).all()
    assert (np.std(block.theta[0], axis=0) > 0.05).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SamplerSettings(ensembles=1), "two ensembles"),
        (SamplerSettings(walkers=3), "need 4 walkers"),
        (SamplerSettings(steps=0), "8 steps are needed"),
        (SamplerSettings(seed=-1), "seed"),
        (SamplerSettings(target_ess=0), "target_ess in .sampler. must be a whole number above 0, not 0"),
        (SamplerSettings(target_ess=1e3), "whole number above 0, not 1000.0"),  # pyright: ignore
        (SamplerSettings(moves="strech"), "Did you mean stretch"),
    ],
)
def test_impossible_settings_are_one_clear_error(settings, message):
    with pytest.raises(SurrogateError, match=message):
        settings.check(n_free=2)
