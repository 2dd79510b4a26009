"""Commands of the page of heterogeneous households, but those that make surrogates or a posterior again."""

import re
import shlex

import pytest

from tests.website.running_pages import commands, page, run_command

AGAIN = ("train", "export", "reduce", "estimate")


@pytest.mark.slow
def test_commands_run(tmp_path, monkeypatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    shown = [command for command in commands("hank.md") if shlex.split(command)[0] not in AGAIN]
    assert [shlex.split(command)[0] for command in shown] == ["inspect", "compare"]
    for command in shown:
        run_command(command)
    assert (tmp_path / "results" / "compare_hank" / "responses.png").is_file()


def test_the_tables_are_made_by_a_module_that_is_there() -> None:
    (module,) = re.findall(r"python -m (surrogate\.reference\.\w+)", page("hank.md"))
    assert __import__(module, fromlist=["main"]).main.__doc__
