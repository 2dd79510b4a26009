"""Files appear whole or not at all."""

import errno
from pathlib import Path

import pytest

from surrogate.errors import WriteFailed
from surrogate.files import atomic_folder, atomic_path


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
