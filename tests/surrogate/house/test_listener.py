"""Who hears what long work has to say."""

import io
import sys
import threading

import pytest

from surrogate.house.listener import Display, Listener, listener, listening, progress, track


class Notes(Listener):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple] = []

    def message(self, text: str) -> None:
        """Note it."""
        self.heard.append(("message", text))

    def progress(self, title: str, done: int, total: int, text: str) -> None:
        """Note it."""
        self.heard.append((title, done, total, text))

    def finished(self, title: str) -> None:
        """Note it."""
        self.heard.append(("finished", title))


def work() -> None:
    listener().message("begun")
    listener().result("found")
    with progress("working") as tell:
        for done in range(0, 41, 2):
            tell(done, 40, "well" if done else "")


def test_nothing_is_printed_unless_someone_asks(capsys: pytest.CaptureFixture) -> None:
    work()
    assert list(track([1, 2], "quickly")) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_one_listener_hears_all_and_only_inside() -> None:
    outer, inner = Notes(), Notes()
    with listening(outer):
        with listening(inner), pytest.raises(KeyboardInterrupt), progress("long") as tell:
            tell(1, 3, "so far")
            raise KeyboardInterrupt
        listener().message("later")
    work()
    assert inner.heard == [("long", 1, 3, "so far"), ("finished", "long")]
    assert outer.heard == [("message", "later")]


def test_another_thread_asks_for_itself(capsys: pytest.CaptureFixture) -> None:
    with listening(Display()):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert capsys.readouterr() == ("", "")


def test_short_work_is_not_worth_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes()
    with listening(notes):
        list(track("ab", "quick"))
        monkeypatch.setattr("surrogate.house.listener.PATIENCE", 0.0)
        for _ in track("ab", "slow"):
            break
    assert notes.heard == [("finished", "quick"), ("slow", 0, 2, ""), ("finished", "slow")]


def test_a_file_gets_a_line_at_every_tenth(capsys: pytest.CaptureFixture) -> None:
    with listening(Display()):
        work()
    out, err = capsys.readouterr()
    assert out == "found\n"
    lines = err.splitlines()
    assert lines[:3] == ["begun", "working: step 0 of 40", "working: step 4 of 40, well"]
    assert len(lines) == 12


def test_a_terminal_gets_a_bar_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with listening(display := Display()):
        with progress("working") as tell:
            tell(3, 10, "[so far]")
            listener().message("[by the way]")
        assert (display._bars, display._tasks) == (None, {})
    shown = terminal.getvalue()
    assert "working: [so far]" in shown
    assert "3/10" in shown
    assert "[by the way]\n" in shown
