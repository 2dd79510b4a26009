"""train, and what users get wrong with it."""

import csv
import inspect
import os
import py_compile
from pathlib import Path

import pytest

from tests.cli.running import interrupt_at, require_clear_error, run

torch = pytest.importorskip("torch")

from cli.history import History  # noqa: E402
from cli.train import changed  # noqa: E402
from surrogate.errors import BadConfiguration, Changed, UnknownName  # noqa: E402
from surrogate.models import get  # noqa: E402
from surrogate.models.rbc import RealBusinessCycle  # noqa: E402
from surrogate.training import Settings, load_policy  # noqa: E402
from surrogate.training.checkpoint import read  # noqa: E402
from surrogate.training.run import Progress  # noqa: E402

SMALL = [f"--setting={change}" for change in ("batch=64", "hidden=4,4", "adam_steps=2", "steps=2")]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint that a very short training run leaves."""
    path = tmp_path_factory.mktemp("checkpoints") / "rbc.pt"
    result = run("train", "rbc", "--output", path, "--seed", 3, "--threads", 1, *SMALL)
    assert result.exit_code == 0, result.output
    assert f"dsge-surrogate export {path}" in result.output
    return path


def test_train_leaves_a_policy_with_the_chosen_settings(checkpoint: Path) -> None:
    policy, content = load_policy(checkpoint)
    assert content["settings"]["seed"] == 3
    assert content["settings"]["hidden"] == (4, 4)
    assert policy.model.name == "rbc"


def test_history_is_a_table_of_errors_over_seconds_that_goes_on(tmp_path: Path) -> None:
    """A run that goes on keeps the rows of before, and those steps that it takes again are replaced."""
    path, table = tmp_path / "rbc.pt", tmp_path / "tables" / "errors.csv"
    command = ("train", "rbc", "--output", path, "--threads", 1, *SMALL[:2], "--history", table)
    command += ("--setting", "adam_steps=0", "--setting", "steps=30")
    assert run(*command).exit_code == 0
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert [row["step"] for row in rows] == ["0", "20", "30"]
    assert {(row["economy"], row["method"], row["distribution"]) for row in rows} == {
        ("rbc", "euler", "histogram")
    }
    assert float(rows[0]["log10_error"]) > float(rows[-1]["log10_error"])
    assert 0 <= float(rows[0]["seconds"]) < float(rows[1]["seconds"]) < float(rows[2]["seconds"])
    before = table.read_text(encoding="utf-8")
    assert run(*command, "--resume").exit_code == 0
    assert table.read_text(encoding="utf-8") == before
    history = History(table, ("rbc", "euler", "histogram", 0), resume=True)
    history.add(Progress(20, 30, "Levenberg-Marquardt", -1.0, 9.0))
    assert [row["step"] for row in csv.DictReader(table.open(encoding="utf-8"))] == ["0", "20"]
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    require_clear_error(run(*command, "--resume"), "--history")


def test_an_existing_checkpoint_is_not_overwritten(checkpoint: Path) -> None:
    before = checkpoint.read_bytes()
    require_clear_error(run("train", "rbc", "--output", checkpoint), "--resume")
    assert checkpoint.read_bytes() == before


def test_resume_refuses_other_settings(checkpoint: Path) -> None:
    require_clear_error(run("train", "rbc", "--output", checkpoint, "--resume"), "batch was 64")


def test_export_refuses_what_is_not_a_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(checkpoint.read_bytes()[:1000])
    other = tmp_path / "other.pt"  # of a version with another setting
    content = read(checkpoint)
    torch.save({**content, "settings": {**content["settings"], "colour": 1}}, other)
    wrong = {tmp_path / "none.pt": "no checkpoint", damaged: "is damaged", other: "this version"}
    for path, words in wrong.items():
        result = run("export", path, tmp_path / "out")
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        assert words in result.output.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_export_looks_at_the_folder_before_it_certifies(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    for folder, words in ((tmp_path, "other files (notes.txt)"), (tmp_path / "notes.txt", "is a file")):
        result = run("export", checkpoint, folder)
        assert result.exit_code == 1
        assert words in result.output.splitlines()[-1]
    assert [item.name for item in tmp_path.iterdir()] == ["notes.txt"]


def test_unknown_models_files_and_settings_are_named(tmp_path: Path) -> None:
    require_clear_error(run("train", "rbb"), "rbc")
    require_clear_error(run("train", tmp_path / "none.py"), "none.py")
    require_clear_error(run("train", "rbc", "--setting", "bach=3"), "Did you mean batch?")
    require_clear_error(run("train", "rbc", "--setting", "batch=many"), "batch must be a whole number")


def test_a_missing_gpu_is_said_before_training(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    require_clear_error(
        run("train", "rbc", "--device", "cuda", "--output", tmp_path / "a.pt"), "--device cpu"
    )


def test_settings_are_read_as_what_they_are() -> None:
    settings = changed(Settings(), ["hidden=8", "nodes=5,3", "ergodic_share=1", "device=cuda", "seed=7"])
    assert (settings.hidden, settings.nodes, settings.ergodic_share) == ((8,), (5, 3), 1.0)
    assert (settings.device, settings.seed) == ("cuda", 7)
    odd = ["", "text", "[]", "{}", "None", "10**9", "1" + "0" * 5000, "(" * 500, "x" * 5000]
    wrong_ones = [
        "hidden=2.5",
        "batch=1.5",
        "seed=True",
        "memory=1" + "0" * 400,
        *(f"batch={text}" for text in odd),
    ]
    for wrong in wrong_ones:
        with pytest.raises(BadConfiguration, match=wrong.partition("=")[0]):
            changed(Settings(), [wrong])
    with pytest.raises(UnknownName):
        changed(Settings(), ["sed=1"])


def test_ctrl_c_says_how_to_go_on_and_resume_does(tmp_path: Path) -> None:
    small = [*SMALL[:-1], "--setting=steps=100000", "--threads=1"]
    status, printed = interrupt_at("step 0 of", "train", "rbc", "--output", "a.pt", *small, folder=tmp_path)
    assert status == 130
    assert "Traceback" not in printed
    assert "Go on with: dsge-surrogate train rbc --output a.pt --threads 1 --setting batch=64" in printed
    assert printed.rstrip().endswith("--resume")


def test_a_file_that_does_not_run_says_why(tmp_path: Path) -> None:
    file = tmp_path / "my_economy.py"
    file.write_text("import surrogate\nbeta = 1 / (1 + r)\n", encoding="utf-8")
    require_clear_error(run("train", file), "NameError: name 'r' is not defined")


@pytest.mark.slow
def test_an_economy_of_ones_own_goes_all_the_way(tmp_path: Path) -> None:
    """The model of a user's file, trained a little, exported, inspected and held to its own certificate."""
    file = tmp_path / "my_economy.py"
    source = Path(inspect.getfile(RealBusinessCycle)).read_text(encoding="utf-8")
    file.write_text(source.replace('name = "rbc"', 'name = "mine"'), encoding="utf-8")
    checkpoint, folder = tmp_path / "mine.pt", tmp_path / "mine"
    few = [f"--setting={change}" for change in ("batch=2048", "adam_steps=20", "steps=60")]
    for step in (
        ("train", file, "--output", checkpoint, *few),
        ("export", checkpoint, folder, "--model", file),
        ("validate", folder, "--model", file),
    ):
        result = run(*step)
        assert result.exit_code == 0, result.output
    assert "Euler errors: euler, ergodic" in result.output
    assert run("inspect", folder).output.startswith("mine version 1")
    assert "say where mine is with --model" in run("validate", folder).output


def test_the_method_of_solution_is_a_setting(tmp_path: Path) -> None:
    settings = ("method=all_in_one", "learning_rate=0.01", "batch=64", "adam_steps=0", "steps=100")
    path = tmp_path / "a.pt"
    result = run("train", "brock_mirman", "--output", path, *(f"--setting={change}" for change in settings))
    assert result.exit_code == 0, result.output
    assert "all-in-one operator" in result.output
    assert load_policy(path)[1]["settings"]["method"] == "all_in_one"


def test_what_a_method_needs_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    train = ("train", "an_schorfheide", "--output", path)
    require_clear_error(run(*train, "--setting=method=bellman"), "no `reward`")
    require_clear_error(run(*train, "--setting=method=belman"), "bellman")
    adam = ("--setting=method=all_in_one", "--setting=optimiser=levenberg_marquardt")
    require_clear_error(run("train", "rbc", "--output", path, *adam), "sum of squares")
    assert not path.exists()


def own_economy(folder: Path, name: str = "rbc", extra: str = "") -> Path:
    """A Python file with the real business cycle model under `name`, and a line that tells when it is run."""
    source = Path(inspect.getfile(RealBusinessCycle)).read_text(encoding="utf-8")
    marker = f"\nfrom pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n{extra}"
    file = folder / "own.py"
    file.write_text(source.replace('name = "rbc"', f'name = "{name}"') + marker, encoding="utf-8")
    return file


def test_a_checkpoint_runs_no_file(tmp_path: Path) -> None:
    """The user names the file, and only the one that was trained is run."""
    file, path, ran = own_economy(tmp_path), tmp_path / "own.pt", tmp_path / "own.ran"
    result = run("train", file, "--output", path, *SMALL)
    assert result.exit_code == 0, result.output
    assert f"own.pt FOLDER --model {file}".replace("own.pt", str(path)) in result.output
    ran.unlink()
    with pytest.raises(BadConfiguration, match="--model FILE"):
        load_policy(path)
    content = read(path)
    torch.save({**content, "source": "", "model": str(file)}, tmp_path / "hostile.pt")
    with pytest.raises(UnknownName):
        load_policy(tmp_path / "hostile.pt")
    own_economy(tmp_path, extra="import os\n")
    with pytest.raises(Changed, match="nothing in it was run"):
        load_policy(path, str(file))
    with pytest.raises(Changed, match="has changed"):
        load_policy(path, "rbc")
    assert not ran.exists()
    own_economy(tmp_path, extra="# a comment\n")
    assert load_policy(path, str(file))[0].model.name == "rbc"
    assert ran.exists()


def test_export_asks_for_the_file_of_ones_own_economy(tmp_path: Path) -> None:
    path = tmp_path / "own.pt"
    result = run("train", own_economy(tmp_path), "--output", path, *SMALL)
    assert result.exit_code == 0, result.output
    result = run("export", path, tmp_path / "out")
    assert result.exit_code == 1
    assert "--model FILE.py" in result.output.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_bytecode_beside_a_file_is_not_run_in_its_place(tmp_path: Path) -> None:
    file = own_economy(tmp_path, "mine")
    py_compile.compile(str(own_economy(tmp_path, "not_mine")))
    stat = file.stat()
    own_economy(tmp_path, "mine")
    file.write_text(file.read_text().ljust(stat.st_size), encoding="utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert get(str(file)).name == "mine"
