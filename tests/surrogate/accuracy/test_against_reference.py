"""Economies with a closed or simple solution: what ships is held against it, at points that nobody trained
on.
"""

from typing import cast

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from surrogate import Surrogate, load
from surrogate.accuracy.against_reference import (
    PolicyAt,
    against_reference,
    central_differences,
    derivative_table,
    reference_controls,
)
from surrogate.accuracy.errors import ArtifactPolicy
from surrogate.catalogue import available
from surrogate.errors import UnknownName
from surrogate.models import Model, Parameters, get
from surrogate.models.brock_mirman import BrockMirman
from surrogate.policy import PolicyNetwork
from surrogate.training.sampling import draw_states

LIMITS = {
    "brock_mirman": {"mean": 1e-5, "box": 3e-4, "ergodic": 3e-3, "column": "max"},
    "nk_linear": {"mean": 3e-4, "box": 3e-4, "ergodic": 3e-4, "column": "rms"},
    "olg_analytic": {"mean": 1e-4, "box": 1e-3, "ergodic": 1e-3, "column": "max"},
    "ramsey": {"mean": 2e-5, "box": 1e-3, "ergodic": 1e-3, "column": "max"},
}
"""Mean difference, and by law the largest one; for the linear economy the root mean square, as published."""
CALIBRATIONS = {"brock_mirman": 1_000, "nk_linear": 1_000, "olg_analytic": 300, "ramsey": 20}
SHIPPED = [name for name in LIMITS if name in available()]


class Biased(PolicyNetwork):
    """The closed form of Brock and Mirman, one percent too high."""

    def forward(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        p = self.model.name_parameters(parameters)
        capital, productivity = states.movedim(-1, 0)
        return (1.01 * (1 - p.alpha * p.beta) * torch.exp(productivity) * capital**p.alpha)[..., None]


def measured(name: str) -> pd.DataFrame:
    policy = cast(PolicyNetwork, ArtifactPolicy(load(name), get(name)))
    return against_reference(policy, CALIBRATIONS[name], states=10, region=load(name).region)


def reference_at(model: Model, states: np.ndarray) -> PolicyAt:
    """Classical controls [n, n_controls] at `states` [n, n_states] as a function of the parameters."""
    return lambda theta: reference_controls(model, torch.from_numpy(theta)[None], torch.from_numpy(states))


def test_a_policy_one_percent_off_is_one_percent_off() -> None:
    table = against_reference(Biased(get("brock_mirman")), calibrations=5, states=7)
    assert list(table.index) == [("box", "consumption"), ("ergodic", "consumption")]
    np.testing.assert_allclose(table.to_numpy(), 0.01, rtol=1e-9)


def test_controls_of_either_sign_are_judged_by_their_root_mean_square() -> None:
    """A policy at rest misses all there is of the linear economy."""
    model = get("nk_linear")
    policy = PolicyNetwork(model)
    with torch.no_grad():
        policy.layers[-1].get_parameter("weight").zero_()
    table = against_reference(policy, calibrations=50, states=20)
    np.testing.assert_allclose(table["rms"], 1.0, rtol=1e-12)
    np.testing.assert_array_less(3, table["max"])


def test_an_economy_without_a_reference_says_which_have_one() -> None:
    class Nameless(BrockMirman):
        name = "nameless"

    with pytest.raises(UnknownName, match="brock_mirman"):
        against_reference(PolicyNetwork(Nameless()), calibrations=1, states=1)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_as_close_to_the_reference_as_promised(name: str) -> None:
    table, limits = measured(name), LIMITS[name]
    assert (table.loc["box", "mean"] < limits["mean"]).all(), table
    for law in ("box", "ergodic"):
        assert (table.loc[law, limits["column"]] < limits[law]).all(), table


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_moves_the_controls_as_in_the_reference(name: str) -> None:
    surrogate, model = load(name), get(name)
    theta = surrogate.default
    rows = torch.from_numpy(theta).expand(40, -1)
    states = draw_states(model, rows, torch.Generator().manual_seed(8)).float().double().numpy()
    steps = 0.02 * (surrogate.upper - surrogate.lower)
    network = central_differences(controls_at(surrogate, states), theta, steps)
    table = derivative_table(
        surrogate.card.parameters, network, central_differences(reference_at(model, states), theta, steps)
    )
    share, difference, reference = (np.asarray(table[name]) for name in ("share", "difference", "reference"))
    assert difference.max() < 0.01 * reference.max(), table
    assert share[reference > 1e-3 * reference.max()].max() < 0.05, table


def controls_at(surrogate: Surrogate, states: np.ndarray) -> PolicyAt:
    return lambda theta: surrogate.policy(states, theta).astype(float)
