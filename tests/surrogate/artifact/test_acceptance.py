"""What counts as a solution, by the figures of a card."""

import pytest

from surrogate import catalogue, load
from surrogate.artifact.validation import objection


def accuracy(box: float, ergodic: float, run_away: float = 0.0) -> dict:
    return {"box": {"one": {"mean": -6.0}, "two": {"mean": box}}, "ergodic": {"one": {"mean": ergodic}}} | {
        "run_away": run_away
    }


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (accuracy(-1.11, -5.0), "the error of two is 0.0776 on average (box), above 0.01"),
        (accuracy(-5.0, -1.99), "the error of one is 0.0102 on average (ergodic)"),
        (accuracy(400.0, -5.0), "1e+300 on average"),
        (accuracy(-5.0, float("nan")), "nan on average"),
        (accuracy(-5.0, -5.0, 0.1), "10% of the simulated economies run away"),
        (accuracy(-5.0, -5.0, float("nan")), "run away"),
    ],
)
def test_what_solves_nothing_is_objected_to(figures: dict, words: str) -> None:
    assert words in objection(figures)


def test_what_is_good_enough_is_not() -> None:
    assert objection(accuracy(-2.0, -2.5, 0.02)) == ""
    assert objection({"box": {"one": {"mean": -3.0}}}) == ""


@pytest.mark.parametrize("name", catalogue.available())
def test_every_surrogate_that_ships_is_a_solution(name: str) -> None:
    assert objection(load(name).card.accuracy) == ""
