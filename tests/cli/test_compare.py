"""compare: what it leaves, and what users get wrong with it."""

import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from surrogate import load
from surrogate.comparison.report import FILES, OF_GENERATIONS, OF_HOUSEHOLDS
from tests.cli.running import require_clear_error, run


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of one comparison, and what was printed."""
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("compared")
    calibration = folder / "calibration.toml"
    calibration.write_text("gamma = 4\nalpha = 0.4\n", encoding="utf-8")
    given = ("--calibration", calibration, "--parameter", "alpha=.3", "--periods", 50, "--seed", 2)
    result = run("compare", "rbc", *given, "--output", folder / "out")
    assert result.exit_code == 0, result.output
    return folder / "out", result.output


def test_tables_simulations_and_figures_are_left(written: tuple[Path, str]) -> None:
    folder, _ = written
    assert sorted(item.name for item in folder.iterdir()) == sorted(FILES)
    paths = pd.read_csv(folder / "paths.csv", index_col=["kind", "variable"])
    simulation = pd.read_csv(folder / "simulation.csv", index_col="period")
    gap = simulation["state capital surrogate"] - simulation["state capital reference"]
    assert paths.loc[("state", "capital"), "max"] == pytest.approx(gap.abs().max(), rel=1e-6)
    assert len(simulation) == 50
    for name in ("policies.png", "paths.png"):
        assert (folder / name).stat().st_size > 10_000


def test_what_is_printed_is_in_the_markdown(written: tuple[Path, str]) -> None:
    folder, printed = written
    text = (folder / "comparison.md").read_text(encoding="utf-8")
    for name in ("Policy functions", "Simulated paths", "Moments", "seed 2"):
        assert name in printed
        assert name in text


def test_the_calibration_is_kept_and_the_command_line_overrides_the_file(written: tuple[Path, str]) -> None:
    kept = tomllib.loads((written[0] / "calibration.toml").read_text(encoding="utf-8"))
    economy = load("rbc")
    defaults = dict(zip(economy.parameter_names, economy.default.tolist(), strict=True))
    assert kept == {**defaults, "alpha": 0.3, "gamma": 4.0}


def test_a_comparison_is_replaced_but_other_files_are_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for seed in (0, 1):
        result = run("compare", "rbc", "--periods", 5, "--seed", seed, "--output", out)
        assert result.exit_code == 0, result.output
    assert "seed 1" in (out / "comparison.md").read_text(encoding="utf-8")
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    require_clear_error(run("compare", "rbc", "--output", out), "other files (notes.txt)")
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rbb",), "Did you mean rbc?"),
        (("rbc", "--parameter", "alhpa=.3"), "Did you mean alpha?"),
        (("rbc", "--parameter", "alpha=.9"), "outside [0.25, 0.45]"),
        (("rbc", "--parameter", "alpha=nan"), "finite number"),
        (("rbc", "--parameter", "alpha"), "such as alpha=.3"),
        (("rbc", "--parameter", "alpha=high"), "'alpha=high'"),
        (("rbc", "--calibration", "none.toml"), "no file none.toml"),
        (("rbc", "--calibration", "broken.toml"), "broken.toml is not valid TOML"),
        (("rbc", "--calibration", "text.toml"), "alpha is 'high'"),
        (("rbc", "--calibration", "."), "cannot be read: Is a directory"),
    ],
)
def test_mistakes_are_named_and_leave_nothing(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.toml").write_text("alpha = \n", encoding="utf-8")
    Path("text.toml").write_text('alpha = "high"\n', encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    require_clear_error(run("compare", *arguments, "--output", tmp_path / "out"), words)
    assert sorted(tmp_path.iterdir()) == before


def test_an_economy_without_a_classical_solution_says_which_have_one(
    linear_folder: Path, tmp_path: Path
) -> None:
    result = run("compare", linear_folder, "--output", tmp_path / "out")
    require_clear_error(result, "no classical solution of 'linear'")
    assert "rbc" in result.output


def test_the_commands_of_the_manual_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    manual = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    commands = re.findall(r"^ {4}dsge-surrogate (compare .*)$", manual, flags=re.MULTILINE)
    assert len(commands) == 4
    monkeypatch.chdir(tmp_path)
    for command in commands:
        result = run(*shlex.split(command))
        assert result.exit_code == 0, result.output
    first, again = (pd.read_csv(f"results/{name}/policies.csv") for name in ("compare_rbc", "again"))
    np.testing.assert_allclose(first["max"], again["max"], rtol=0.5)
    many = sorted(item.name for item in Path("results/compare_krusell_smith").iterdir())
    assert many == sorted({*FILES, *OF_HOUSEHOLDS} - {"values.png"})  # of those in continuous time
    of_ages = sorted(item.name for item in Path("results/compare_olg").iterdir())
    shared = {"moments.csv", "simulation.csv", "comparison.md", "calibration.toml", "paths.png"}
    assert of_ages == sorted((*OF_GENERATIONS, *shared))
    told = manual.split("## Comparing")[1].split("##")[0]
    assert [name for name in (*many, *of_ages) if f"`{name}`" not in told] == []


def test_a_file_without_an_entry_has_no_solution(tmp_path: Path) -> None:
    """`--model` is for economies of one's own that say how they are solved."""
    pytest.importorskip("torch")
    file = Path(__file__).parents[2] / "surrogate" / "models" / "rbc.py"
    own = tmp_path / "own.py"
    own.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    require_clear_error(
        run("compare", "rbc", "--model", own, "--output", tmp_path / "out"), "defines no Economy"
    )


def test_the_entry_of_another_economy_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    example = Path(__file__).parents[2] / "examples" / "krusell_smith_at_one_calibration.py"
    result = run("compare", "krusell_smith", "--model", example, "--output", tmp_path / "out")
    require_clear_error(result, "the artifact is of 'krusell_smith'")
