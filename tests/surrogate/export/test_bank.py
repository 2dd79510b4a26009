"""What the card says of the economies that a population was trained on."""

from dataclasses import replace

import torch

from surrogate.artifact.card import expanded_names
from surrogate.export.write import _bank
from surrogate.models import get
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.training import Settings
from surrogate.training.population import HOUSEHOLDS
from surrogate.training.run import Run
from surrogate.training.watching import WATCHED

SMALL = Settings(
    method="population",
    hidden=(6, 6),
    trunk=4,
    nodes=1,
    batch=8 * HOUSEHOLDS,
    adam_steps=0,
    hopeless_share=0.0,
)


def test_distributions_that_have_not_settled_show_on_the_card() -> None:
    """All households equally rich, as nobody's economy ends: inequality rises by more than its own spread."""
    run = Run(KrusellSmith(), SMALL)
    states, parameters = run.sampler.state()["population"]
    equal = torch.zeros_like(states)
    equal[:, 20:22], equal[:, 80:82] = 0.02, 0.48
    equal[:, -1] = 1 + parameters[:, -1]
    content = {"state": {"population": (equal, parameters)}, "settings": {"seed": 0}}
    bank = _bank(run.policy, content)["bank"]
    assert bank["economies"] == len(states)
    assert bank["periods"] == WATCHED
    assert set(bank["moves"]) == set(expanded_names(KrusellSmith.observables))
    assert bank["moves"]["gini"] > 1.0
    assert bank["leave"] <= 1.0
    assert bank["at_the_end"] < 1e-3


def test_other_economies_have_none() -> None:
    run = Run(get("rbc"), replace(SMALL, method="euler"))
    assert _bank(run.policy, {}) == {}
