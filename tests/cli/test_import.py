"""`import` writes a Dynare file as Python, and `train` takes one as well."""

import re
import shutil
from pathlib import Path

import pytest

from surrogate.dynare import preprocessor
from tests.cli.running import require_clear_error, run
from tests.surrogate.dynare.sources import FILES, kept, needs_preprocessor

ROOT = Path(__file__).parents[2]
SMALL = [
    f"--setting={each}" for each in ("hidden=4", "trunk=4", "batch=64", "adam_steps=0", "steps=2", "nodes=2")
]


def test_a_file_is_written_and_what_became_of_it_is_said(tmp_path: Path) -> None:
    output = tmp_path / "economy.py"
    result = run("import", kept("growth"), "--output", output)
    assert result.exit_code == 0, result.output
    assert "class Growth(ErgodicEllipse, Model):" in output.read_text(encoding="utf-8")
    for words in (
        "States: k(-1), z.",
        "Left to the network: n.",
        "Constant",
        "estimated_params",
        f"Wrote {output}",
    ):
        assert words in result.output
    require_clear_error(run("import", kept("growth"), "--output", output), "exists")


def test_ranges_and_percent(tmp_path: Path) -> None:
    ranges = tmp_path / "ranges.toml"
    ranges.write_text("kappa = [0.1, 0.2]\n", encoding="utf-8")
    output = tmp_path / "gap.py"
    result = run("import", kept("gap"), "--output", output, "--box", ranges, "--percent")
    assert result.exit_code == 0, result.output
    text = output.read_text(encoding="utf-8")
    assert 'ParameterRange("kappa", 0.1, 0.2, 0.15, "kappa")' in text
    assert "sd_e_n = 0.005" in text
    assert "divided by 100" in result.output


def test_errors_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_clear_error(run("import", tmp_path / "absent.mod"), "There is no file")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(preprocessor, "PLACES", ("/nowhere", "/nowhere/else"))
    require_clear_error(
        run("import", FILES / "growth.mod", "--output", tmp_path / "e.py"), "apt install dynare"
    )
    assert not (tmp_path / "e.py").exists()


def test_shocks_in_percent_are_noticed(tmp_path: Path) -> None:
    text = kept("growth").read_text(encoding="utf-8")
    large = text.replace('"name":"e_z","stderr":"0.01"', '"name":"e_z","stderr":"1"')
    assert large != text
    (tmp_path / "modfile.json").write_text(large, encoding="utf-8")
    steady = kept("growth").with_name("steady_state_model.json").read_text(encoding="utf-8")
    (tmp_path / "steady_state_model.json").write_text(steady, encoding="utf-8")
    output = tmp_path / "economy.py"
    require_clear_error(run("import", tmp_path / "modfile.json", "--output", output), "--percent")
    assert run("import", tmp_path / "modfile.json", "--output", output, "--percent").exit_code == 0


@needs_preprocessor
def test_a_dynare_file_is_trained(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    checkpoint = tmp_path / "growth.pt"
    arguments = ("train", FILES / "growth.mod", "--output", checkpoint, *SMALL)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    economy = tmp_path / "growth.py"
    assert f"--model {economy}" in result.output
    assert run("train", FILES / "growth.mod", "--output", checkpoint, *SMALL, "--resume").exit_code == 0
    economy.write_text(economy.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    require_clear_error(run(*arguments, "--resume"), "says something else")


@needs_preprocessor
def test_what_the_page_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import and check, from a folder with the file; the options are those of the command."""
    page = (ROOT / "docs" / "dynare.md").read_text(encoding="utf-8")
    shown = [line.split()[1:] for line in page.splitlines() if line.startswith("    dsge-surrogate")]
    assert [words[0] for words in shown] == [
        *("import", "check", "train", "export"),
        *("train", "export", "estimate"),
        *("check", "compare"),
    ]
    (tmp_path / "model.mod").write_bytes((FILES / "growth.mod").read_bytes())
    monkeypatch.chdir(tmp_path)
    for words in (*shown[:2], shown[7]):
        result = run(*words)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "model.toml").is_file()
    options = re.findall(r"^\| `(-\S+)", page, flags=re.MULTILINE)
    assert len(options) == 5
    assert all(option.strip("`") in run("import", "--help").output for option in options)


@needs_preprocessor
@pytest.mark.slow
def test_three_commands_lead_from_a_folder_to_a_posterior(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the page on its example, with a small network and few draws."""
    pytest.importorskip("torch")
    page = (ROOT / "docs" / "dynare.md").read_text(encoding="utf-8")
    estimation = page[page.index("## Estimation") : page.index("## Constraints")]
    shown = [line.split()[1:] for line in estimation.splitlines() if line.startswith("    dsge-surrogate")]
    shutil.copytree(ROOT / "examples" / "dynare", tmp_path / "example")
    monkeypatch.chdir(tmp_path / "example")
    settings = ("hidden=12,12", "trunk=8", "batch=512", "adam_steps=0", "steps=40", "nodes=2")
    more = {"train": [f"--setting={each}" for each in settings], "estimate": ["--processes=1"]}
    for command, *words in shown:
        result = run(command, *words, *more.get(command, ()))
        assert result.exit_code == 0, result.output
        if command == "train":
            said = Path("prices.toml").read_text(encoding="utf-8")
            for full, few in (("walkers = 64", "walkers = 32"), ("steps = 2000", "steps = 10")):
                assert full in said
                said = said.replace(full, few)
            Path("prices.toml").write_text(said, encoding="utf-8")
    assert all(name in result.output for name in ("psi_pi", "rho_d", "sd_e_r"))
    assert any(Path("results/prices").iterdir())
