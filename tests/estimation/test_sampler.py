from dataclasses import replace

import numpy as np
import pytest

from estimation.chains import read_chains
from estimation.mode import find_mode
from estimation.sampler import (
    EnsembleTask,
    SamplerSettings,
    ensemble_file,
    open_backend,
    run_ensemble,
    sample,
    saved_fingerprints,
)
from estimation.workers import WorkerPool
from surrogate.errors import BadConfiguration, BrokenArtifact, Changed
from tests.estimation.economies import linear_posterior, simulated_data

SETTINGS = SamplerSettings(ensembles=3, walkers=8, steps=6, seed=5)
FINGERPRINTS = {"model": "m", "priors": "p", "data": "d"}


@pytest.fixture(scope="module")
def posterior(linear, linear_economy):
    return linear_posterior(linear, simulated_data(linear_economy), fixed={"mean": 0.3})


@pytest.fixture(scope="module")
def mode(posterior):
    return find_mode(posterior, draws=32, climbs=1)


def task(posterior, mode, folder, ensemble=0, settings=SETTINGS):
    return EnsembleTask(posterior, mode, settings, ensemble, ensemble_file(folder, ensemble), FINGERPRINTS)


def chain(posterior, mode, folder, ensemble=0, settings=SETTINGS):
    job = task(posterior, mode, folder, ensemble, settings)
    run_ensemble(job)
    chains = read_chains([job.file], posterior.names)
    return np.concatenate([chains.theta, chains.log_prob[..., None]], axis=3)[0]


def test_interrupted_and_resumed_equals_uninterrupted(posterior, mode, tmp_path):
    uninterrupted = chain(posterior, mode, tmp_path / "at_once")
    for steps in (1, 4, 6):
        resumed = chain(posterior, mode, tmp_path / "in_parts", settings=replace(SETTINGS, steps=steps))
    assert np.array_equal(resumed, uninterrupted)


def test_the_seed_decides_the_answer(posterior, mode, tmp_path):
    first = chain(posterior, mode, tmp_path / "first")
    other_seed = chain(posterior, mode, tmp_path / "seed", settings=replace(SETTINGS, seed=6))
    other_ensemble = chain(posterior, mode, tmp_path / "ensemble", ensemble=1)
    assert np.array_equal(first, chain(posterior, mode, tmp_path / "again"))
    assert not np.isclose(first, other_seed).any()
    assert not np.isclose(first, other_ensemble).any()


def test_same_seed_same_answer_whatever_the_pool_size(posterior, mode, tmp_path):
    steps = []
    with WorkerPool(2) as pool:
        files = sample(posterior, mode, SETTINGS, tmp_path / "pool", pool, FINGERPRINTS, steps.append)
    for ensemble, theta in enumerate(read_chains(files, posterior.names).theta):
        alone = chain(posterior, mode, tmp_path / "alone", ensemble)
        assert np.array_equal(theta, alone[:, :, :-1])
    assert sorted((p.ensemble, p.step) for p in steps) == [(e, s) for e in range(3) for s in range(1, 7)]


def test_finished_chain_is_left_alone(posterior, mode, tmp_path):
    before = chain(posterior, mode, tmp_path)
    shorter = chain(posterior, mode, tmp_path, settings=replace(SETTINGS, steps=2))
    assert np.array_equal(before, shorter)


@pytest.mark.parametrize("changed", ["model", "priors", "data"])
def test_resume_refuses_a_changed_model_prior_or_data(posterior, mode, tmp_path, changed):
    run_ensemble(task(posterior, mode, tmp_path))
    with pytest.raises(Changed, match=f"The {changed} changed since"), WorkerPool(1) as pool:
        sample(posterior, mode, SETTINGS, tmp_path, pool, {**FINGERPRINTS, changed: "other"})


def test_damaged_chain_is_one_clear_error(tmp_path):
    file = ensemble_file(tmp_path, 0)
    file.write_bytes(b"not HDF5")
    with pytest.raises(BrokenArtifact, match="damaged"):
        open_backend(file)
    with pytest.raises(BrokenArtifact, match="damaged"):
        saved_fingerprints(file)


def test_start_is_spread_out_with_finite_log_posterior(posterior, mode, tmp_path):
    job = task(posterior, mode, tmp_path, settings=replace(SETTINGS, steps=1, walkers=50))
    run_ensemble(job)
    chains = read_chains([job.file], posterior.names)
    assert chains.steps == 1
    assert np.isfinite(chains.log_prob).all()
    assert (np.std(chains.theta[0, 0], axis=0) > 0.05).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SamplerSettings(ensembles=1), "two ensembles"),
        (SamplerSettings(walkers=3), "need 4 walkers"),
        (SamplerSettings(steps=0), "one step"),
        (SamplerSettings(seed=-1), "seed"),
    ],
)
def test_impossible_settings_are_one_clear_error(settings, message):
    with pytest.raises(BadConfiguration, match=message):
        settings.check(n_free=2)
