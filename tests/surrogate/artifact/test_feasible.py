"""States that nobody can be in are refused, wherever a user gives some."""

import dataclasses
import json

import numpy as np
import pytest

from surrogate import load
from surrogate.artifact.card import Card, Requirement, Variable
from surrogate.artifact.feasible import require_feasible
from surrogate.errors import BadData, BrokenArtifact
from surrogate.models import get
from surrogate.models.olg import overlapping_generations

STATES = overlapping_generations(6).states
FEASIBLE = overlapping_generations(6).feasible


def portfolio(capital: float = 1.0, bonds: float = 0.2, off: float = 0.0) -> np.ndarray:
    """Two rows; the second one has `capital` and `bonds` at the third age, the fourth what the third owes."""
    k, b = np.full((2, 5), 1.0), np.zeros((2, 5))
    k[1, 2], b[1, 2], b[1, 3] = capital, bonds, off - bonds
    return np.hstack([k, b, np.ones((2, 1)), np.full((2, 1), 0.08)])


@pytest.mark.parametrize("capital", [1.0, 0.3, -1e-6])
def test_what_somebody_can_have_passes(capital: float) -> None:
    require_feasible(portfolio(capital), STATES, FEASIBLE)


def test_what_nobody_can_have_is_named() -> None:
    with pytest.raises(BadData, match=r"Capital must not be negative: -0\.3 in row 1 of the states, col.*2"):
        require_feasible(portfolio(-0.3), STATES, FEASIBLE)
    with pytest.raises(BadData, match=r"Capital must cover debt .*: -1\.247 in row 1 of the states, col.*2"):
        require_feasible(portfolio(1.0, -2.0), STATES, FEASIBLE)
    with pytest.raises(BadData, match=r"Bonds of all ages must add up to nothing: 0\.1 in row 1"):
        require_feasible(portfolio(off=0.1), STATES, FEASIBLE)


def test_the_shipped_file_refuses_an_infeasible_portfolio() -> None:
    """As a policy's state, as where a simulation begins, and in a step."""
    olg = load("olg")
    rest = olg.steady_state(olg.default)
    shocks = np.zeros((3, olg.n_shocks))
    olg.simulate(olg.default, shocks, rest.states)
    owing = rest.states.copy()
    owing[0, list(olg.state_names).index("capital[0]")] = -0.5
    for use in (
        lambda: olg.policy(owing, olg.default),
        lambda: olg.simulate(olg.default, shocks, owing),
        lambda: olg.step(owing, rest.controls, shocks[:1], olg.default),
    ):
        with pytest.raises(BadData, match=r"Capital must not be negative: -0\.5 in row 0 of the states"):
            use()


def test_requirements_are_about_states_of_one_size() -> None:
    variables = {"states": (Variable("k", size=2), Variable("z"))}
    fine = Requirement("k must cover nothing", {"k": 1.0})
    card = a_card(feasible=(fine,), **variables)
    assert Card.from_json(card.to_json()).feasible == (fine,)
    for weights in ({"k": 1.0, "z": 1.0}, {"nothing": 1.0}):
        with pytest.raises(BrokenArtifact, match="not about states of one size"):
            a_card(feasible=(Requirement("k and z", weights),), **variables)


@pytest.mark.parametrize(
    "wrong", [{"weights": {}}, {"weights": {"k": "much"}}, {"of": "some"}, {"lower": 1e31}, {"weights": 3}]
)
def test_impossible_requirements_break_a_card(wrong: dict) -> None:
    text = json.loads(a_card().to_json())
    text["feasible"] = [{"description": "k", "weights": {"k": 1.0}} | wrong]
    with pytest.raises(BrokenArtifact):
        Card.from_json(json.dumps(text))


def test_cards_without_requirements_have_none() -> None:
    text = json.loads(a_card().to_json())
    del text["feasible"]
    assert Card.from_json(json.dumps(text)).feasible == ()


def a_card(**changes: object) -> Card:
    """Of the real business cycle, changed."""
    economy = get("rbc")
    card = Card(
        model="rbc",
        model_version=1,
        description="",
        states=(Variable("k"),),
        controls=(Variable("c"),),
        shocks=(),
        observables=(),
        parameters=tuple(economy.parameters),
        timing="",
        dtype="float32",
        training={},
        accuracy={},
        parity={},
    )
    return dataclasses.replace(card, **changes)  # type: ignore[arg-type]
