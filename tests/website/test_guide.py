"""The code of docs/model-authors-guide.md is an economy, and does what the guide says of it."""

import importlib
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from surrogate.economy import Economy
from tests.cli.running import run
from tests.website.running_pages import blocks

torch = pytest.importorskip("torch")

DECLARED, METHODS, CHANCES, HELPED, COMPLEMENTARITY, CONSTRAINT, ENTRY, MANY = blocks(
    "model-authors-guide.md", "python"
)


def of_class(text: str, **names: Any) -> Any:
    """An object whose class has these methods."""
    exec(f"class Piece:\n{text}", names)
    return names["Piece"]()


def checked(text: str, folder: Path) -> str:
    """What `check` says of an economy in a file of its own, which must pass."""
    file = folder / "my_economy.py"
    file.write_text(text, encoding="utf-8")
    result = run("check", file)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_first_two_sections_are_an_economy(tmp_path: Path) -> None:
    assert "FAILED" not in checked(DECLARED + METHODS, tmp_path)


def test_the_computer_finds_the_steady_state(tmp_path: Path) -> None:
    """Without the paper's own, and from the place that the guide names."""
    equations = METHODS.split("    def steady_state")[0]
    imports, economy = HELPED.split("\n\n\n")
    declared = DECLARED.replace("\n\n\n", f"\n{imports}\n\n\n", 1).replace(
        "class RealBusinessCycle(Model)", economy.splitlines()[0].removesuffix(":")
    )
    assert "ErgodicEllipse" in declared
    text = declared + economy.split("\n", 1)[1] + equations
    assert "FAILED" not in checked(text, tmp_path)


def test_a_borrowing_limit_is_a_complementarity(tmp_path: Path) -> None:
    """In the place of the residual. At the steady state the household saves, and its equation holds."""
    residuals = METHODS[METHODS.index("    def residuals") : METHODS.index("    def observe")]
    text = DECLARED + METHODS.replace(residuals, COMPLEMENTARITY + "\n")
    assert "FAILED" not in checked(text, tmp_path)


def test_chances_add_up() -> None:
    piece = of_class(CHANCES, stack=torch.stack)
    chances = piece.chances(None, None, SimpleNamespace(switch=torch.tensor([0.1, 0.3])))["productivity"]
    assert chances.shape == (2, 2)
    assert torch.equal(chances.sum(-1), torch.ones(2))


def test_the_rate_stops_at_its_bound() -> None:
    constraint = importlib.import_module("surrogate.models").Constraint
    piece = of_class(CONSTRAINT, Constraint=constraint, where=torch.where, zeros_like=torch.zeros_like)
    rate = torch.tensor([-0.02, 0.03])
    (constraint,) = piece.constraints
    slack = piece.slack(SimpleNamespace(notional_rate=rate), None)
    assert slack.keys() == {constraint.name}
    now = SimpleNamespace(notional_rate=rate, binds=lambda name: slack[name] < 0)
    assert torch.equal(piece.log_rate(now, None), torch.tensor([0.0, 0.03]))


def test_entries_are_economies() -> None:
    names: dict[str, Any] = {"solve_my_economy": lambda theta: theta, "Economy": Economy}
    exec(ENTRY, names)
    assert names["ECONOMY"].settings == {"steps": 800, "nodes": 7}
    exec(MANY, names)
    (entry,) = blocks("model-authors-guide.md", "toml")
    points = tomllib.loads(entry)["project"]["entry-points"]["dsge_surrogate.economies"]
    assert points == {names["MY_ECONOMY"].name: "my_package.entries:MY_ECONOMY"}
