"""A small version of the mutation run: no wrong numbers, no traceback, no hang, no crash."""

from pathlib import Path

import pytest

from benchmarks.mutation_subjects import subject
from benchmarks.mutations import COUNTS, CRASH, HANG, REFUSED, RIGHT, WRONG, Worker, fingerprint, outcomes
from benchmarks.mutators import FORGED, OF_BYTES, OF_MODELS
from surrogate import catalogue

SMALL = {"ONNX files": 60, "cards": 40, "chain files": 15, "checkpoints": 15}


@pytest.mark.parametrize("kind", ["ONNX files", "cards"])
def test_what_is_damaged_is_refused_or_right(kind: str, tmp_path: Path) -> None:
    found = outcomes(kind, SMALL[kind], tmp_path, seed=1)
    assert [each for each in found if each.outcome not in (REFUSED, RIGHT)] == []
    assert len(found) == SMALL[kind]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["chain files", "checkpoints"])
def test_a_damaged_run_is_refused_or_right(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    found = outcomes(kind, SMALL[kind], tmp_path, seed=1)
    assert [each for each in found if each.outcome not in (REFUSED, RIGHT)] == []


def test_the_numbers_are_those_of_the_whole_file_and_no_other(tmp_path: Path) -> None:
    artifacts = subject("ONNX files", tmp_path)
    one, again, other = (
        fingerprint(artifacts.numbers(catalogue.find(name))) for name in ("rbc", "rbc", "ramsey")
    )
    assert one == again != other


def test_a_worker_that_hangs_or_dies_is_replaced(tmp_path: Path) -> None:
    worker, rbc = Worker("ONNX files", tmp_path), catalogue.find("rbc")
    assert worker.read(rbc, seconds=0)[0] == HANG
    worker.process.kill()
    worker.process.join()
    assert worker.read(rbc)[0] == CRASH
    outcome, detail = worker.read(rbc, seconds=100)
    assert (outcome, detail) == (RIGHT, fingerprint(subject("ONNX files", tmp_path).numbers(rbc)))
    worker.close()


def test_every_kind_is_counted() -> None:
    assert set(SMALL) == set(COUNTS)
    assert set(FORGED) < set(OF_MODELS)
    assert len(OF_BYTES) == 7
    assert WRONG not in (REFUSED, RIGHT)
