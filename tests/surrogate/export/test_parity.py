"""An exported folder that is not the network is refused, whatever differs."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from surrogate.artifact.region import Region
from surrogate.errors import SurrogateError
from surrogate.export.write import PARITY_POINTS, parity
from surrogate.export.write import test_parameters as compared_parameters
from surrogate.models import Control, Model, Named, Parameters, Period, Values, Variable
from surrogate.policy import PolicyNetwork
from tests.linear_artifact import example_economy

ECONOMY = example_economy()


class Linear(Model):
    """The economy of `linear_folder` in torch; what a subclass adds is what the files do not have."""

    name = "linear"
    parameters = ECONOMY.parameters
    states = (Variable("s0"), Variable("s1"))
    controls = (Control("x0"),)
    shocks = (Variable("e0"), Variable("e1"))
    observables = (Variable("y0"), Variable("y1"))
    equations = (Variable("rule"),)
    in_controls, in_states, in_observables = 0.0, 0.0, 0.0

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        zero = 0 * p.rho
        return {"s0": 0.3 + zero, "s1": zero}, {"x0": 2.0 + zero}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        return dict.fromkeys(("s0", "s1"), (0 * p.rho - 3, 0 * p.rho + 3))

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        first = 0.3 + self.in_states + p.rho * (now.s0 - 0.3) + 0.2 * now.s1 + p.sigma * e.e0
        return {"s0": first, "s1": 0.5 * now.s1 + 0.5 * e.e1}

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        return {"x0": 2.0 + self.in_controls + 0.7 * (now.s0 - 0.3) - 0.3 * now.s1 + 0 * p.rho}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        second = -0.5 + then.s1 + 0.5 * (then.s0 - now.s0) + self.in_observables
        return {"y0": then.s0 + p.mean, "y1": second}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        return {"nothing": 0 * then.s0}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        return {"rule": now.x0 - self.anchor(now, p)["x0"]}


def at_the_anchor(model: Model) -> PolicyNetwork:
    """A network whose output is zero everywhere."""
    policy = PolicyNetwork(model, (2,), 2)
    with torch.no_grad():
        policy.layers[-1].get_parameter("weight").zero_()
    return policy


def test_files_that_say_the_same_pass(linear_folder: Path) -> None:
    found = parity(at_the_anchor(Linear()), linear_folder, None)
    assert found["points"] == PARITY_POINTS + 2 ** len(ECONOMY.parameters)
    assert 0 < max(found["max_relative_difference"].values()) < 2e-6


@pytest.mark.parametrize("place", ["in_controls", "in_states", "in_observables"])
def test_files_that_differ_by_little_more_than_rounding_are_refused(place: str, linear_folder: Path) -> None:
    """By 1e-4 of values of order one; the tolerance is 1e-5."""
    model = type("Other", (Linear,), {place: 1e-4})()
    with pytest.raises(SurrogateError, match="ONNX Runtime and torch differ"):
        parity(at_the_anchor(model), linear_folder, None)


def test_files_are_compared_inside_the_region_alone() -> None:
    half = Region(
        "half", ("identity",) * 3, (0.5, 0.0, 0.0), (1.0,) * 3, 0.0, (1.0, 0.0, 0.0), ((0.0,) * 3,) * 3
    )
    drawn = compared_parameters(Linear(), half, torch.Generator().manual_seed(0))
    lower, upper = Linear().parameter_box()
    assert len(drawn) == PARITY_POINTS + 4
    assert drawn[:, 0].max() <= 0.5
    assert ((drawn[PARITY_POINTS:] == lower) | (drawn[PARITY_POINTS:] == upper)).all()
