"""One run at a time in a folder: with real processes, and with an owner that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surrogate.house.ownership import InUse, owned, owned_file, owner, visited
from tests.cli.running import run

OWN = """
import sys
from surrogate.house import ownership
with getattr(ownership, sys.argv[1])(sys.argv[2]):
    print("ready", flush=True)
    sys.stdin.read()
"""
OWN_WITH_WORKERS = """
import os, sys, time
from estimation.work.pool import WorkerPool
from surrogate.house.ownership import owned
if __name__ == "__main__":
    with owned(sys.argv[1]), WorkerPool(1) as pool:
        print(pool.run([(os.getpid,)])[0], flush=True)
        pool.run([(time.sleep, 60)])
"""


@contextmanager
def another(kind: str, place: Path) -> Iterator[subprocess.Popen]:
    """Another process that owns, or visits, a place."""
    command = [sys.executable, "-c", OWN, kind, str(place)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(("first", "second"), [("owned", owned), ("owned", visited), ("visited", owned)])
def test_the_second_is_refused_until_the_first_has_ended(first: str, second, tmp_path: Path) -> None:
    with another(first, tmp_path):
        before = list(tmp_path.iterdir())
        with pytest.raises(InUse, match=f"{tmp_path.name} is in use"), second(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == before
    with second(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_analyses_do_not_keep_each_other_out(tmp_path: Path) -> None:
    with another("visited", tmp_path):
        with visited(tmp_path):
            pass
        with pytest.raises(InUse), owned(tmp_path):
            pass
    assert not list(tmp_path.iterdir())


def test_a_killed_owner_leaves_nothing_that_keeps_others_out(tmp_path: Path) -> None:
    with another("owned", tmp_path) as process:
        process.kill()
        process.wait()
        with owned(tmp_path):
            pass
    assert not list(tmp_path.iterdir())


def test_workers_that_outlive_a_killed_owner_do_not_keep_its_folder(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(OWN_WITH_WORKERS)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    with pytest.raises(InUse), owned(tmp_path / "out"):
        pass
    process.kill()
    process.wait()
    try:
        os.kill(worker, 0)  # it is still there
        with owned(tmp_path / "out"):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)
        process.stdout.close()


def test_a_thread_goes_on_owning_what_it_owns_and_folders_left_empty_go(tmp_path: Path) -> None:
    @owner("folder")
    def work(number: int, folder: Path | None = None) -> int:
        return number

    folder = tmp_path / "results" / "one"
    with owned(folder):
        assert work(3, folder=folder) == 3
        assert [item.name for item in folder.iterdir()] == [".lock"]
    assert not (tmp_path / "results").exists()
    assert work(4) == 4
    with owned_file(folder / "one.pt"):
        (folder / "one.pt").touch()
    assert [item.name for item in folder.iterdir()] == ["one.pt"]


def require_refused(*command: object, place: Path) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith(f"Error: {place} is in use by another command")


def test_commands_leave_a_folder_in_use_alone(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "examples" / "herbst_schorfheide.toml"
    (tmp_path / "configuration.txt").write_text("")
    with another("owned", tmp_path):
        for command in (
            ("estimate", example, "--output", tmp_path),
            ("estimate", example, "--output", tmp_path, "--resume"),
            ("calibrate", example, "--output", tmp_path),
            ("report", tmp_path),
            ("evidence", tmp_path),
            ("irf", tmp_path),
            ("forecast", tmp_path / "other", "--output", tmp_path),
        ):
            require_refused(*command, place=tmp_path)
        assert sorted(item.name for item in tmp_path.iterdir()) == [".lock", "configuration.txt"]


def test_learning_and_training_leave_what_is_in_use_alone(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    example = Path(__file__).parents[3] / "examples" / "herbst_schorfheide_learnt.toml"
    with another("owned", tmp_path / "likelihood"), another("owned_file", tmp_path / "rbc.pt"):
        require_refused(
            "learn", example, tmp_path / "likelihood", "--calls", 400, place=tmp_path / "likelihood"
        )
        require_refused("train", "rbc", "--output", tmp_path / "rbc.pt", place=tmp_path / "rbc.pt")
    assert not list(tmp_path.iterdir())


def test_an_owner_sweeps_what_a_killed_one_was_writing(tmp_path: Path) -> None:
    writing = (
        "import os, sys; from surrogate.house.files import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path: path.touch(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", writing, str(tmp_path / "one.pt")], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with owned(tmp_path):
        assert [item.name for item in tmp_path.iterdir()] == [".lock"]
