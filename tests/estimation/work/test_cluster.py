"""Sampling by the workers of a Dask cluster."""

import os
import shutil
import signal

import numpy as np
import pytest

from estimation.sampling.chain_file import ChainFile
from estimation.sampling.chains import read_chains
from estimation.sampling.ensemble import Ensemble, advance
from estimation.sampling.mode import find_mode
from estimation.sampling.sampler import Callbacks, Interrupted, SamplerSettings, sample
from estimation.work import cluster
from estimation.work.cluster import ClusterPool, NoCluster, open_pool
from estimation.work.pool import Packed, WorkerPool
from surrogate import Surrogate
from tests.estimation.economies import normal_posterior

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def two_workers():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as running:
        yield running


def test_a_killed_worker_changes_nothing(linear_folder, linear, two_workers, tmp_path):
    shutil.copytree(linear_folder, tmp_path / "artifact")
    posterior = normal_posterior(Surrogate(tmp_path / "artifact"), seconds=0.02)
    mode = find_mode(normal_posterior(linear), draws=32, climbs=1)
    settings = SamplerSettings(ensembles=3, walkers=8, steps=40, seed=5)
    killed = []

    def kill(progress):
        if not killed:
            shutil.rmtree(tmp_path / "artifact")  # as if workers did not share a disk
            busy = [address for address, tasks in client.processing().items() if tasks]
            killed.append(client.run(os.getpid)[busy[0]])
            os.kill(killed[0], signal.SIGKILL)

    with (
        distributed.Client(two_workers) as client,
        open_pool(scheduler=two_workers.scheduler_address) as pool,
    ):
        callbacks = Callbacks(step=kill)
        files = sample(posterior, mode, settings, tmp_path / "cluster", pool, {}, callbacks=callbacks)
        assert killed[0] not in client.run(os.getpid).values()
    with WorkerPool(1) as pool:
        alone = sample(normal_posterior(linear), mode, settings, tmp_path / "alone", pool, {})
    on_cluster, here = (read_chains(paths, posterior.names) for paths in (files, alone))
    assert np.array_equal(on_cluster.theta, here.theta)
    assert np.array_equal(on_cluster.log_prob, here.log_prob)


@pytest.mark.slow
def test_what_control_c_leaves_goes_on_elsewhere(linear, two_workers, tmp_path):
    mode = find_mode(normal_posterior(linear), draws=32, climbs=1)
    settings = SamplerSettings(ensembles=2, walkers=8, steps=60, seed=5)
    callbacks = Callbacks(step=lambda progress: signal.raise_signal(signal.SIGINT))
    slow, fast = normal_posterior(linear, seconds=0.02), normal_posterior(linear)
    with ClusterPool(two_workers.scheduler_address) as pool, pytest.raises(Interrupted, match="saved"):
        sample(slow, mode, settings, tmp_path, pool, {}, callbacks=callbacks)
    done = max(ChainFile(file).steps for file in tmp_path.glob("*.chain"))
    assert 0 < done < 60
    with WorkerPool(1) as pool:
        files = sample(fast, mode, settings, tmp_path, pool, {})
    at_once = advance(Ensemble(Packed(fast), mode, 8, settings.moves, 5, 1), 0, None, 60)
    assert at_once is not None
    assert np.array_equal(read_chains(files, fast.names).theta[1][: at_once.steps], at_once.theta)


def test_workers_use_one_thread_and_their_errors_arrive(two_workers):
    with ClusterPool(two_workers.scheduler_address) as pool:
        assert pool.processes == 2
        assert pool.map(abs, [-2, 1]) == [2, 1]
        assert {item["num_threads"] for item in pool.map(_thread_pools, [0])[0]} <= {1}
        with pytest.raises(ValueError, match="invalid literal"):
            pool.run([(int, "x")])


def test_a_worker_has_its_threads_back_after_the_last_of_its_tasks():
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads():
        return {item["num_threads"] for item in threadpoolctl.threadpool_info()}

    with threadpoolctl.threadpool_limits(2):
        before = threads()
        with cluster._one_thread.held():
            with cluster._one_thread.held():
                assert threads() == {1}
            assert threads() == {1}, "another task goes on"
        assert threads() == before


def _thread_pools(_):
    import threadpoolctl

    return threadpoolctl.threadpool_info()


def test_an_address_without_a_scheduler_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 1)
    with pytest.raises(NoCluster, match="start one with `dask scheduler`"):
        ClusterPool("tcp://127.0.0.1:9")
    with pytest.raises(NoCluster, match="No Dask scheduler answers"):
        ClusterPool("nonsense://")


def test_a_scheduler_without_workers_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 1)
    with (
        distributed.LocalCluster(n_workers=0, protocol="tcp://", dashboard_address=":0") as empty,
        pytest.raises(NoCluster, match="has no workers"),
    ):
        ClusterPool(empty.scheduler_address)
