"""The first step of Adam moves every weight by the learning rate, whatever the gradient."""

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from surrogate.models import get
from surrogate.policy import PolicyNetwork
from surrogate.training import Settings
from surrogate.training.by_equations import EulerResiduals
from surrogate.training.optimisers import Adam
from surrogate.training.sampling import draw_parameters, draw_states

RATE = 1e-3


def largest_change(step: int, total: int | None) -> float:
    """Of a weight, in a first step of which the run says that it is number `step`."""
    model, generator = get("rbc"), torch.Generator().manual_seed(0)
    torch.manual_seed(0)  # of the weights: where a gradient is hardly there, Adam's first step is shorter
    method = EulerResiduals(PolicyNetwork(model, (4,), 2), Settings(nodes=3), generator)
    parameters = draw_parameters(model, 32, generator)
    states = draw_states(model, parameters, generator)
    before = parameters_to_vector(method.policy.parameters()).detach().clone()
    Adam(method, RATE, total).step((states, parameters), step)
    return float((parameters_to_vector(method.policy.parameters()).detach() - before).abs().max())


@pytest.mark.parametrize(("step", "share"), [(0, 1.0), (50, 0.75), (75, 0.5), (100, 0.25), (150, 0.0)])
def test_where_adam_does_everything_its_rate_falls_to_zero_along_half_a_cosine(
    step: int, share: float
) -> None:
    assert largest_change(step, total=150) == pytest.approx(share * RATE, rel=1e-6, abs=1e-12)


def test_as_a_warm_up_its_rate_stays() -> None:
    assert largest_change(99, total=None) == pytest.approx(RATE, rel=1e-3)
