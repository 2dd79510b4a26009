"""A command that is killed goes on to the answer of one that is not."""

from pathlib import Path

import pytest

from benchmarks import kills


@pytest.fixture(scope="module")
def start_from(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every command starts from."""
    folder = tmp_path_factory.mktemp("kills") / "start"
    folder.mkdir()
    kills.make(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", kills.SUBJECTS)
def test_a_killed_command_goes_on_to_the_same_answer(name: str, start_from: Path, tmp_path: Path) -> None:
    trials = kills.outcomes(name, 2, start_from, tmp_path)
    assert [trial.outcome for trial in trials] == [kills.SAME] * 2, trials


def test_what_an_undisturbed_run_does_not_leave_is_seen(tmp_path: Path) -> None:
    for name in ("one.csv", ".one.csv.0123abcd.dsge-surrogate", "out/.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert kills.names(tmp_path) == {"one.csv", ".one.csv.0123abcd.dsge-surrogate", "out", "out/.lock"}


def test_a_command_that_ends_before_its_time_is_not_counted_as_killed() -> None:
    empty, saved = kills.Trial(True, False, kills.SAME), kills.Trial(True, True, kills.FAILED, "why")
    assert kills.line("train", [empty, saved, kills.Trial(False, True, kills.SAME)]) == [
        *("`train`", "1", "2", "1", "1"),
        *("2", "0", "0", "0", "1"),
    ]


def test_a_kill_says_whether_it_came_before_the_end(tmp_path: Path) -> None:
    subject = kills.Subject(("--help",), "nothing", str, Path.exists)
    assert not kills.kill(subject, tmp_path, 60.0, workers=True)
    assert kills.kill(subject, tmp_path, 0.0, workers=True)
