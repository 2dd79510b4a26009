"""train, and what users get wrong with it."""

from pathlib import Path

import pytest

from tests.cli.running import interrupt_at, require_clear_error, run

torch = pytest.importorskip("torch")

from cli.train import changed  # noqa: E402
from surrogate.errors import BadConfiguration, UnknownName  # noqa: E402
from surrogate.training import Settings, load_policy  # noqa: E402

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


def test_an_existing_checkpoint_is_not_overwritten(checkpoint: Path) -> None:
    before = checkpoint.read_bytes()
    require_clear_error(run("train", "rbc", "--output", checkpoint), "--resume")
    assert checkpoint.read_bytes() == before


def test_resume_refuses_other_settings(checkpoint: Path) -> None:
    require_clear_error(run("train", "rbc", "--output", checkpoint, "--resume"), "batch was 64")


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
    for wrong in ("hidden=2.5", "batch=", "batch=1.5", "seed=True"):
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
