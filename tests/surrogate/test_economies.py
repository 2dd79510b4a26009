"""Economies of installed packages and of files with an entry are as good as those that ship."""

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from surrogate import catalogue, economies
from surrogate.economy import Economy
from surrogate.errors import SurrogateError, UnknownName
from surrogate.models import get
from surrogate.models.registry import entry_of, installed_name
from surrogate.training.settings import recipe

ENTRIES = """
from surrogate.economy import Economy

PATIENT = Economy(
    "patient",
    "elsewhere.patient:Patient",
    {"steps": 3, "batch": 64, "hidden": (4,), "trunk": 2, "adam_steps": 0},
    classical="elsewhere.classical:solve",
    artifact="elsewhere:artifacts/patient",
)
TAKEN = Economy("rbc", "elsewhere.patient:Patient")
NOTHING = "no entry"
"""
PATIENT = '''
from surrogate.models.brock_mirman import BrockMirman


class Patient(BrockMirman):
    """Someone else's."""

    name = "patient"
'''
CLASSICAL = """
from surrogate.reference.growth import solve_brock_mirman as solve
"""
POINTS = """[dsge_surrogate.economies]
patient = elsewhere.entries:PATIENT
rbc = elsewhere.entries:TAKEN
nothing = elsewhere.entries:NOTHING
absent = elsewhere.entries:ABSENT
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a package with economies is installed; its artifact is Brock and Mirman's."""
    site = tmp_path_factory.mktemp("site")
    package, metadata = site / "elsewhere", site / "elsewhere-1.0.dist-info"
    for folder in (package, metadata):
        folder.mkdir()
    for name, text in (
        ("__init__", ""),
        ("entries", ENTRIES),
        ("patient", PATIENT),
        ("classical", CLASSICAL),
    ):
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    shutil.copytree(catalogue.find("brock_mirman"), package / "artifacts" / "patient")
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n", encoding="utf-8"
    )
    (metadata / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    return site


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package on the path of this process, for one test."""
    monkeypatch.syspath_prepend(str(site))
    economies.known.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        economies.known()
    yield site
    economies.known.cache_clear()


def command(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the command where the package is installed."""
    path = os.pathsep.join([str(site), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        cwd=folder,
    )


def test_an_installed_package_adds_an_economy_with_its_recipe_and_solution(installed: Path) -> None:
    model = get("patient")
    economy = entry_of(model)
    assert economy is not None
    assert installed_name(model) == "patient"
    assert recipe(model).settings.steps == 3
    assert economy.solve({"alpha": 0.3, "beta": 0.95, "rho": 0.9, "sigma": 0.01}) is not None
    assert catalogue.find("patient") == installed / "elsewhere" / "artifacts" / "patient"
    assert get("rbc").__class__.__module__ == "surrogate.models.rbc", "names that ship cannot be taken"


def test_entries_that_cannot_be_used_are_left_out_with_a_warning(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(site))
    economies.known.cache_clear()
    with pytest.warns(UserWarning, match="is left out") as caught:
        assert list(economies.known())[-1] == "patient"
    economies.known.cache_clear()
    told = sorted(str(warning.message) for warning in caught)
    assert len(told) == 3
    for text, why in zip(told, ("ABSENT", "no surrogate.economy.Economy", "'rbc' is taken"), strict=True):
        assert why in text


def test_commands_know_it(site: Path, tmp_path: Path) -> None:
    listed = command(site, tmp_path, "models")
    assert listed.returncode == 0
    assert "patient" in listed.stdout.split("Economies that can be trained")[0]
    assert "patient" in listed.stdout.split("Economies that can be trained")[1]
    trained = command(site, tmp_path, "train", "patient")
    assert (tmp_path / "checkpoints" / "patient.pt").exists(), trained.stderr
    assert "step 3 of 3" in trained.stdout + trained.stderr
    compared = command(site, tmp_path, "compare", "patient", "--periods", "50")
    assert "brock_mirman" in compared.stdout + compared.stderr


OWN = '''
from surrogate.economy import Economy
from surrogate.models.brock_mirman import BrockMirman


class Mine(BrockMirman):
    """One's own."""

    name = "mine"


ENTRY = Economy({name!r}, settings={{"steps": 7}}, test_nodes=5)
'''


def test_a_file_may_say_what_belongs_to_its_economy(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN.format(name="mine"), encoding="utf-8")
    model = get(str(file))
    assert recipe(model).settings.steps == 7
    assert recipe(model).test_nodes == 5
    assert installed_name(model) is None
    file.write_text(OWN.format(name="other"), encoding="utf-8")
    with pytest.raises(SurrogateError, match="one Economy, with the name of its model, 'mine'"):
        get(str(file))


def test_an_unknown_name_is_told_what_is_close() -> None:
    with pytest.raises(UnknownName, match="consumption_saving"):
        economies.find("consumption_savings")
    assert Economy("bare").witness() is None
    assert Economy("bare").artifact_folder() is None
