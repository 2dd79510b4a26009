import os
import time

import pytest

from estimation.work.pool import WorkerDied, WorkerPool, available_cores
from surrogate.errors import SurrogateError


def test_tasks_run_in_order_with_one_thread_each_and_tell_their_results(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", before := "3")
    seen = []
    with WorkerPool(1) as pool:
        results = pool.run([(os.getenv, "OMP_NUM_THREADS"), (abs, -3)], seen.append)
        assert os.environ.get("OMP_NUM_THREADS") == before, "this process is left alone"
        assert pool.map(abs, [-2, 1]) == [2, 1]
        with pytest.raises(ValueError, match="invalid literal"):
            pool.run([(int, "x")])
    assert results == seen == ["1", 3]
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_one_task_follows_the_other():
    reached = {}

    def proceed(number, result):
        reached[number] = result
        return None if result >= 10 * (number + 1) else (sum, [result, 4])

    with WorkerPool(2) as pool:
        pool.relay([(abs, 0), (abs, -1)], proceed)
    assert reached == {0: 12, 1: 21}


def test_what_others_have_done_is_kept_when_a_task_fails():
    kept = []
    with WorkerPool(2) as pool:
        pool.map(abs, [0, 0])
        with pytest.raises(ValueError, match="invalid literal"):
            pool.relay([(time.sleep, 0.5), (int, "x")], lambda number, result: kept.append(number))
    assert kept == [0]


def test_a_killed_worker_is_one_clear_error():
    with pytest.raises(WorkerDied, match="resume"), WorkerPool(1) as pool:
        pool.run([(os._exit, 1)])


def test_number_of_processes():
    assert WorkerPool().processes == available_cores() >= 1
    with pytest.raises(SurrogateError, match="At least one"):
        WorkerPool(0)
