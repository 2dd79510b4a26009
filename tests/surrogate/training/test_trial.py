"""Slips in an economy or in the settings are named before training."""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from surrogate.errors import BadConfiguration, SurrogateError
from surrogate.models import get, names
from surrogate.models.rbc import RealBusinessCycle
from surrogate.training import Settings, recipe
from surrogate.training.checks import require_sound
from surrogate.training.settings import require_sensible
from tests.surrogate.models.test_markov import Weather

SOURCE = Path(inspect.getfile(RealBusinessCycle)).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", names())
def test_every_economy_that_ships_is_sound_and_its_recipe_sensible(name: str) -> None:
    require_sound(get(name))
    require_sensible(recipe(get(name)).settings, get(name))


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('"productivity": p.rho', '"prodctivity": p.rho', "returned .*prodctivity.* where it declares"),
        ("p.beta * exp(", "p.bta * exp(", r"line \d+ of mine.py, in inside: AttributeError"),
        ('"log_output": log', '"log_outptu": log', "returned .*log_outptu"),
        ('upper="resources"', 'upper="resource"', "no state, choice or definition called 'resource'"),
        ("1 / p.beta - 1 + p.delta\n        capital", "-p.delta\n        capital", "must be finite"),
        ('    name = "rbc"', '    label = "rbc"', "declares no name"),
        ("def observe", "def watch", "RealBusinessCycle in .* does not define observe"),
    ],
)
def test_a_slip_in_an_economy_is_named(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    assert right in SOURCE
    file = tmp_path / "mine.py"
    file.write_text(SOURCE.replace(right, wrong), encoding="utf-8")
    with pytest.raises(SurrogateError, match=words):
        require_sound(get(str(file)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": -1}, "steps must be a whole number from 0 to .*, not -1"),
        ({"steps": 0, "adam_steps": 0}, "both are zero"),
        ({"batch": 1}, "batch must be"),
        ({"hidden": ()}, "hidden must be 1 to 20 numbers, not 0"),
        ({"hidden": (8, 0)}, "hidden must be a whole number from 1 to 4,096, not 0"),
        ({"nodes": 0}, "nodes must be a whole number from 1 to"),
        ({"nodes": (3, 3)}, "rbc has 1 shocks"),
        ({"nodes": 7, "quadrature": "shifted"}, "takes 8 or more points in each of up to 4 shocks"),
        ({"ergodic_share": 2.0}, "between 0 and 1, not 2"),
        ({"constrained_share": 0.95}, "between 0 and 0.9, not 0.95"),
        ({"constrained_share": 0.4}, "rbc has none, is solved otherwise, or nothing is simulated"),
        ({"robust_quantile": float("nan")}, "robust_quantile must be between"),
        ({"hidden": (2.5,)}, "hidden must be a whole number"),
        ({"hidden": (4096, 4096)}, "more than Levenberg-Marquardt has memory for"),
        ({"batch": 10_000_000, "nodes": 100}, "more than memory holds"),
        ({"batch": 10**300}, "batch must be a whole number from 16 to 10,000,000"),
        ({"memory": "much"}, "memory must be between 0 and 0.99, not 'much'"),
        ({"projection_weight": 3.0}, "projection_weight is for method=population only"),
        ({"device": "cuda:first"}, "cpu or cuda"),
        ({"device": "tpu"}, "cpu or cuda, not 'tpu'"),
        ({"seed": -1}, "seed must be a whole number from 0 to"),
    ],
)
def test_settings_that_no_run_can_have_are_refused(change: dict, words: str) -> None:
    with pytest.raises(BadConfiguration, match=words):
        require_sensible(replace(Settings(), **change), get("rbc"))


@pytest.mark.parametrize(
    "change", [{"sampling": "box"}, {"constraints": "multipliers"}, {"method": "bellman"}]
)
def test_constrained_economies_are_picked_only_where_some_are_simulated_by_regime(change: dict) -> None:
    settings, model = replace(Settings(), constrained_share=0.4), get("consumption_saving")
    require_sensible(settings, model)
    with pytest.raises(BadConfiguration, match="constrained_share is for method=euler"):
        require_sensible(replace(settings, **change), model)


def test_outcomes_of_markov_shocks_need_memory_too() -> None:
    """Two of one and three of another one, beside two nodes of a shock that is normal."""
    settings = replace(Settings(), batch=10_000_000, nodes=2)
    with pytest.raises(BadConfiguration, match="with 12 combinations of nodes"):
        require_sensible(settings, Weather())
