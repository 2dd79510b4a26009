import os

import pytest

from estimation.workers import WorkerDied, WorkerPool, available_cores, report
from surrogate.errors import SurrogateError


def test_tasks_run_in_order_with_one_thread_each_and_can_report():
    before, messages = os.environ.get("OMP_NUM_THREADS"), []
    with WorkerPool(1) as pool:
        results = pool.run([(os.getenv, "OMP_NUM_THREADS"), (abs, -3), (report, "half way")], messages.append)
        assert pool.map(abs, [-2, 1]) == [2, 1]
        with pytest.raises(ValueError, match="invalid literal"):
            pool.run([(int, "x")])
    assert results == ["1", 3, None]
    assert messages == ["half way"]
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_a_killed_worker_is_one_clear_error():
    with pytest.raises(WorkerDied, match="resume"), WorkerPool(1) as pool:
        pool.run([(os._exit, 1)])


def test_number_of_processes():
    assert WorkerPool().processes == available_cores() >= 1
    with pytest.raises(SurrogateError, match="At least one"):
        WorkerPool(0)
