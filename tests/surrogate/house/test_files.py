"""Files appear whole or not at all."""

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from surrogate.artifact.graph import files_of
from surrogate.errors import WriteFailed
from surrogate.house.files import ASIDE, atomic_files, atomic_folder, atomic_path


def test_a_file_appears_on_success_with_its_suffix_kept_meanwhile(tmp_path: Path) -> None:
    target = tmp_path / "new" / "table.csv"
    with atomic_path(target) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("done")
        assert not target.exists()
    assert [item.name for item in target.parent.iterdir()] == ["table.csv"]
    assert target.read_text() == "done"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(failure), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise failure
    assert [item.name for item in tmp_path.iterdir()] == ["table.csv"]
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    "full", [OSError(errno.ENOSPC, "No space left on device"), OSError("write: No space left on device")]
)
def test_a_full_disk_says_so(tmp_path: Path, full: OSError) -> None:
    with pytest.raises(WriteFailed, match="disk is full"), atomic_path(tmp_path / "table.csv"):
        raise full
    assert not list(tmp_path.iterdir())


def test_a_really_full_device_says_so(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match="disk is full"), atomic_path(tmp_path / "a") as temporary:
        temporary.symlink_to("/dev/full")
        temporary.write_text("x")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteFailed, match="Cannot write"), atomic_path(tmp_path / "file" / "table.csv"):
        pass


def test_errors_of_other_files_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "table.csv"):
        Path("/nowhere/at/all").read_text()


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with atomic_folder(tmp_path / "artifact") as temporary:
            (temporary / "a").write_text(text)
        assert (tmp_path / "artifact" / "a").read_text() == text
    assert [item.name for item in tmp_path.iterdir()] == ["artifact"]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "artifact") as temporary:
        (temporary / "a").write_text("half")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with (
        pytest.raises(WriteFailed, match=r"other files \(thesis\.tex\)"),
        atomic_folder(tmp_path / "home") as new,
    ):
        (new / "policy.onnx").write_text("")
    assert (tmp_path / "home" / "thesis.tex").read_text() == "years of work"


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "far" / "real.csv")
    (tmp_path / "folder").symlink_to(tmp_path / "far")
    with atomic_path(tmp_path / "link.csv") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "far" / "real.csv").read_text() == "new"
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "real.csv").write_text("newer")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "folder").is_symlink()
    assert (tmp_path / "link.csv").read_text() == "newer"


def test_a_device_is_written_to_and_stays() -> None:
    before = os.stat("/dev/null")
    with atomic_path("/dev/null") as temporary:
        temporary.write_text("gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert os.stat("/dev/null").st_ino == before.st_ino
    with pytest.raises(WriteFailed, match="disk is full"), atomic_path("/dev/full") as temporary:
        temporary.write_text("too much")


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, received = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    with atomic_path(pipe) as temporary:
        temporary.write_text("through")
    reader.join(10)
    assert received == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


WRITE = """
import sys
from surrogate.house.files import atomic_path
print("before", flush=True)
with atomic_path(sys.argv[1]) as path:
    path.write_text("written ")
print("after", flush=True)
"""


@pytest.mark.parametrize("to_a_file", [True, False])
def test_standard_output_is_written_to(tmp_path: Path, to_a_file: bool) -> None:
    command = [sys.executable, "-c", WRITE, "/dev/stdout"]
    if to_a_file:
        with (tmp_path / "out").open("w") as out:
            subprocess.run(command, stdout=out, check=True)
        printed = (tmp_path / "out").read_text()
    else:
        printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    assert printed.split() == ["before", "written", "after"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match="is a folder"), atomic_path(tmp_path):
        pytest.fail("nothing should be written")


WRITE_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from surrogate.house.files import atomic_files, atomic_folder
write = {"folder": atomic_folder, "files": atomic_files}[sys.argv[2]]
for number in count():
    with write(sys.argv[1]) as temporary:
        for name in ("a.csv", "b.csv", "c.csv"):
            (temporary / name).write_text(str(number))
    print(number, flush=True)
"""


def killed_while_writing(folder: Path, how: str) -> subprocess.Popen:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(folder), how], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    return writer


NAMES = ("a.csv", "b.csv", "c.csv")


def test_readers_of_a_folder_under_replacement_see_all_of_one_generation(tmp_path: Path) -> None:
    writer = killed_while_writing(tmp_path / "artifact", "folder")
    seen = set()
    for _ in range(2_000):
        files = files_of(tmp_path / "artifact", NAMES, 100)
        assert len(files) == len(NAMES)
        generation = {content for _, content in files}
        assert len(generation) == 1
        seen |= generation
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert len(seen) > 1


@pytest.mark.parametrize("how", ["folder", "files"])
def test_a_kill_leaves_one_generation_and_the_next_run_nothing_else(tmp_path: Path, how: str) -> None:
    for pause in range(4):
        writer = killed_while_writing(tmp_path / "results", how)
        assert writer.stdout is not None
        for _ in range(pause):
            writer.stdout.readline()
        writer.kill()
        writer.communicate()
        generation = {path.read_text() for path in (tmp_path / "results").glob("*.csv")}
        assert len(generation) <= 1
        assert how == "files" or len(generation) == 1
    for folder in (tmp_path, tmp_path / "results"):
        with atomic_path(folder / "other.txt") as temporary:
            temporary.write_text("swept")
    left = {path.name for path in tmp_path.rglob("*")}
    assert left == {"other.txt", "results"} | (left & set(NAMES))


def test_what_a_living_run_writes_is_not_swept(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "slow.csv") as slow:
        slow.write_text("slow")
        with atomic_path(tmp_path / "fast.csv") as fast:
            fast.write_text("fast")
    assert (tmp_path / "slow.csv").read_text() == "slow"


def test_an_exchange_in_two_steps_that_was_killed_between_them_is_finished(tmp_path: Path) -> None:
    left = tmp_path / ".artifact.01234567.dsge-surrogate"
    for name, text in (("artifact", "new"), (ASIDE, "old")):
        (left / name).mkdir(parents=True)
        (left / name / "a").write_text(text)
    with atomic_path(tmp_path / "other") as temporary:
        temporary.write_text("")
    assert (tmp_path / "artifact" / "a").read_text() == "new"
    assert not left.exists()


def test_files_of_an_earlier_generation_go(tmp_path: Path) -> None:
    for name in ("posterior.csv", "posterior.md", "corner.png", "posterior.docx", "notes.md"):
        (tmp_path / name).write_text("old")
    with atomic_files(tmp_path, ["posterior", "corner"]) as temporary:
        (temporary / "posterior.csv").write_text("new")
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert left == {"posterior.csv": "new", "posterior.docx": "old", "notes.md": "old"}
