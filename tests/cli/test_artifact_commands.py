"""models, inspect and validate, on good and on bad artifacts."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import compose, helper, numpy_helper

from cli.main import dsge_surrogate
from surrogate import catalogue, load
from surrogate.artifact.card import Card, ParameterRange
from surrogate.artifact.reduction import is_reduced
from tests.artifact_files import bare, rewrite_all_cards, rewrite_graph, scale_output
from tests.cli.running import COMMAND, require_clear_error, run
from tests.linear_artifact import LinearEconomy, write_artifact


@pytest.fixture
def folder(linear_economy: LinearEconomy, tmp_path: Path) -> Path:
    """A fresh artifact that a test may damage."""
    return write_artifact(linear_economy, tmp_path / "linear")


def set_card(folder: Path, **changes: object) -> None:
    """Change fields of the card in every file."""
    rewrite_all_cards(folder, lambda card: card.update(changes))


@pytest.mark.parametrize("command", sorted(dsge_surrogate.commands))
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"dsge-surrogate {command}" in result.output.split("Example", 1)[1]


def test_models_lists_what_ships() -> None:
    result = run("models", "--markdown")
    assert result.exit_code == 0
    listed = [line.split("`")[1] for line in result.output.splitlines()[2:]]
    assert listed == catalogue.available()


def test_models_is_readable_at_eighty_columns() -> None:
    lines = CliRunner(env={"COLUMNS": "80"}).invoke(dsge_surrogate, ["models"]).output.splitlines()
    for name in catalogue.available():
        figures, economy = (line for line in lines if line.split()[:1] == [name])
        words = 5 if is_reduced(load(name).card) else 7  # a dash where there are no errors
        assert len(figures.split()) == words, "name, parameters, share and two pairs of errors on one line"
        assert len(economy) <= 80


def test_models_shows_question_marks_on_a_console_without_unicode() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "60"}
    result = subprocess.run([*COMMAND, "models"], env=environment, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii()
    assert "an_schorfheide" in result.stdout


def test_models_lists_what_can_be_trained() -> None:
    pytest.importorskip("torch")
    assert "an_schorfheide_zlb" in run("models").output


def test_inspect_shows_ranges_and_accuracy(linear_folder: Path) -> None:
    result = run("inspect", linear_folder)
    assert result.exit_code == 0
    for expected in ("rho", "0.95", "standard deviation of the first", "-16.00", "the whole box"):
        assert expected in result.output


def test_inspect_prints_the_card_as_json(linear_folder: Path, linear_economy: LinearEconomy) -> None:
    result = run("inspect", linear_folder, "--json")
    card = Card.from_json(result.output)
    assert card == replace(linear_economy.card(), digests=card.digests)
    assert set(card.digests) == {"policy", "step", "steady_state"}


def test_inspect_says_what_files_of_others_lack(folder: Path) -> None:
    result = run("inspect", folder, "--check")
    assert (result.exit_code, "FAILED" in result.output) == (0, False)
    set_card(folder, timing=None)
    result = run("inspect", folder, "--check")
    assert (result.exit_code, result.output.count("FAILED")) == (1, 9)
    assert "wrong type" in " ".join(result.output.split())
    require_clear_error(run("inspect", "an_schorfhide", "--check"), "surrogate 'an_schorfhide'")


def test_a_sound_artifact_passes_every_check(linear_folder: Path) -> None:
    result = run("validate", linear_folder)
    assert result.exit_code == 0, result.output
    assert result.output.count("passed") == 8


def test_validate_draws_the_errors_that_it_measures(tmp_path: Path) -> None:
    for package in ("torch", "matplotlib"):
        pytest.importorskip(package)
    result = run("validate", "rbc", "--plots", tmp_path / "figures")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "figures" / "euler_errors.png").stat().st_size > 10_000


def test_validate_has_nothing_to_draw_without_equations(linear_folder: Path, tmp_path: Path) -> None:
    require_clear_error(run("validate", linear_folder, "--plots", tmp_path / "figures"), "not measured")
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_bad_artifacts_give_one_clear_error(command: str, folder: Path) -> None:
    require_clear_error(run(command, "an_schorfhide"), "surrogate 'an_schorfhide'")
    require_clear_error(run(command, folder / "missing"), "no folder")
    set_card(folder, oldest_reader=99)
    require_clear_error(run(command, folder), "pip install --upgrade")
    (folder / "step.onnx").write_bytes((folder / "step.onnx").read_bytes()[:500])
    (folder / "policy.onnx").write_bytes((folder / "step.onnx").read_bytes())
    require_clear_error(run(command, folder), "copy or export it again")
    (folder / "step.onnx").unlink()
    (folder / "policy.onnx").unlink()
    require_clear_error(run(command, folder), "no policy.onnx")


def test_a_foreign_onnx_file_is_named(folder: Path) -> None:
    model = onnx.load(folder / "policy.onnx")
    del model.metadata_props[:]
    onnx.save(model, folder / "policy.onnx")
    require_clear_error(run("inspect", folder), "carries no card")


def failed_checks(folder: Path) -> list[str]:
    """Names of the checks that `validate` reports as failed."""
    result = run("validate", folder)
    lines = [line for line in result.output.splitlines() if "FAILED" in line]
    assert result.exit_code == (1 if lines else 0)
    return [line.split("FAILED")[0].strip() for line in lines]


def test_validate_sees_an_incomplete_card(folder: Path) -> None:
    set_card(folder, accuracy={"box": {"euler": {"mean": -4.0}}})
    assert failed_checks(folder) == ["card"]


def test_inspect_shows_what_there_is_of_an_incomplete_card(folder: Path) -> None:
    set_card(folder, accuracy={"box": {"euler": {"mean": -4.0}}})
    result = run("inspect", folder)
    assert result.exit_code == 0
    assert "-4.00" in result.output


def test_accuracy_that_is_not_made_of_numbers_is_refused(folder: Path) -> None:
    set_card(folder, accuracy={"box": 3})
    require_clear_error(run("inspect", folder), "accuracy over the box is not made of numbers")


def test_an_equation_without_a_certificate_fails(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    copy = tmp_path / "rbc"
    shutil.copytree(catalogue.find("rbc"), copy)
    accuracy = {**load(copy).card.accuracy, "ergodic": {}}
    set_card(copy, accuracy=accuracy)
    assert failed_checks(copy) == ["Euler errors: euler, ergodic"]


def test_validate_sees_a_simulation_that_runs_away(linear_economy: LinearEconomy, tmp_path: Path) -> None:
    explosive = linear_economy.transition.copy()
    explosive[0, 0, 0] = 1.5
    values = {**vars(linear_economy), "transition": explosive}
    folder = write_artifact(LinearEconomy(**values), tmp_path)
    assert failed_checks(folder) == ["simulations stay finite"]


def test_validate_sees_numbers_that_are_not_finite(linear_economy: LinearEconomy, tmp_path: Path) -> None:
    huge = linear_economy.observable_mean.copy()
    huge[2, 0] = 2e38  # overflows where sigma is above 1.7
    values = {**vars(linear_economy), "observable_mean": huge}
    folder = write_artifact(LinearEconomy(**values), tmp_path)
    failed = failed_checks(folder)
    assert failed == ["finite over the box", "finite at the corners"]


def test_validate_refuses_what_solves_nothing(folder: Path, linear_economy: LinearEconomy) -> None:
    exact = linear_economy.card().accuracy
    poor = {**exact["box"]["transition"], "mean": -1.11}
    set_card(folder, accuracy={**exact, "box": {"transition": poor}})
    assert failed_checks(folder) == ["accepted as a solution"]


def test_validate_sees_economies_that_grow_without_bound(
    linear_economy: LinearEconomy, tmp_path: Path
) -> None:
    ranges = (ParameterRange("rho", 1.03, 1.05, 1.04), *linear_economy.parameters[1:])
    growing = replace(linear_economy, parameters=ranges)
    assert failed_checks(write_artifact(growing, tmp_path / "growing")) == ["simulations stay finite"]


def test_validate_sees_rows_that_depend_on_each_other(folder: Path) -> None:
    def mix(model: onnx.ModelProto) -> None:
        model.graph.node[-1].output[0] = "alone"
        model.graph.node.append(helper.make_node("ReduceMean", ["parameters"], ["mixed"], axes=[0, 1]))
        model.graph.node.append(helper.make_node("Add", ["alone", "mixed"], ["controls"]))

    rewrite_graph(folder / "policy.onnx", mix)
    assert failed_checks(folder) == ["rows are independent", "files agree"]


def test_the_installed_command_runs_in_its_own_process(linear_folder: Path) -> None:
    good = subprocess.run([*COMMAND, "inspect", str(linear_folder)], capture_output=True, text=True)
    assert good.returncode == 0
    assert "sigma" in good.stdout
    bad = subprocess.run([*COMMAND, "inspect", "nowhere"], capture_output=True, text=True)
    assert bad.returncode == 1
    assert bad.stderr.startswith("Error: ")
    assert "Traceback" not in bad.stderr


def test_estimating_and_commands_load_no_training_framework_and_no_extra() -> None:
    program = (
        "import importlib, pkgutil, sys, cli, estimation\n"
        "for package in (cli, estimation):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "heavy = {'torch', 'onnx', 'onnxscript', 'matplotlib', 'corner', 'distributed'}\n"
        "heavy |= {'surrogate.models', 'surrogate.training', 'surrogate.export'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_validate_sees_a_step_that_chooses_other_controls(folder: Path) -> None:
    scale_output(folder / "step.onnx", "next_controls", 1.0001)
    assert failed_checks(folder) == ["files agree"]


def test_validate_sees_a_steady_state_that_is_none(tmp_path: Path) -> None:
    """Capital a tenth off, with the policy's controls there: only the economy's movement tells."""
    copy = tmp_path / "ramsey"
    shutil.copytree(catalogue.find("ramsey"), copy)

    def more_capital(model: onnx.ModelProto) -> None:
        rename = {name: f"right_{name}" for name in ("states", "controls")}
        for node in model.graph.node:
            for names in (node.input, node.output):
                names[:] = [rename.get(name, name) for name in names]
        policy, _ = bare(copy / "policy.onnx")
        policy = compose.add_prefix(policy, "policy_", inplace=True)
        model.graph.initializer.append(numpy_helper.from_array(np.array(1.1, dtype=np.float32), "factor"))
        model.graph.node.append(helper.make_node("Mul", ["right_states", "factor"], ["states"]))
        given = {"policy_states": "states", "policy_parameters": "parameters", "policy_controls": "controls"}
        for node in policy.graph.node:
            for names in (node.input, node.output):
                names[:] = [given.get(name, name) for name in names]
        model.graph.node.extend(policy.graph.node)
        model.graph.initializer.extend(policy.graph.initializer)

    rewrite_graph(copy / "steady_state.onnx", more_capital)
    result = run("validate", copy)
    failed = [line.split("FAILED")[0].strip() for line in result.output.splitlines() if "FAILED" in line]
    assert failed == ["steady state rests"]


def test_texts_with_brackets_are_shown_as_they_are(folder: Path) -> None:
    set_card(folder, description="output [/foo] :smile:")
    result = run("inspect", folder)
    assert result.exit_code == 0
    assert "output [/foo] :smile:" in result.output


def test_settings_that_are_none_are_one_clear_error(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    copy = tmp_path / "ramsey"
    shutil.copytree(catalogue.find("ramsey"), copy)
    set_card(copy, training={**load(copy).card.training, "settings": {"hocus": 1}})
    require_clear_error(run("validate", copy), "settings that cannot be used")
