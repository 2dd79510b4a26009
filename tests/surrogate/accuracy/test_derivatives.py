"""Every declared parameter must matter, and one that is wired to a constant must be caught."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate import load
from surrogate.accuracy.against_reference import (
    PolicyAt,
    Sensitivity,
    an_schorfheide_reference,
    central_differences,
    derivative_table,
    log_policy,
    parameter_sensitivity,
    policy_derivatives,
    rbc_reference,
)
from surrogate.catalogue import available
from surrogate.models import Model, Parameters, get, names, pack
from surrogate.models.rbc import RealBusinessCycle
from surrogate.policy import PolicyNetwork
from surrogate.training.sampling import draw_parameters, draw_states


def anchored_policy(model: Model) -> PolicyNetwork:
    """The model's own first approximation as a policy: the network's output is zero."""
    policy = PolicyNetwork(model)
    with torch.no_grad():
        policy.layers[-1].get_parameter("weight").zero_()
    return policy


def certified(name: str, parameters: Tensor) -> Tensor:
    """Those rows of parameters where an equilibrium is known to exist."""
    if name not in available():
        return parameters
    return parameters[torch.from_numpy(load(name).inside(parameters.numpy()))]


def sensitivity(policy: PolicyNetwork) -> dict[str, Sensitivity]:
    generator = torch.Generator().manual_seed(5)
    parameters = certified(policy.model.name, draw_parameters(policy.model, 320, generator))[:32]
    states = draw_states(policy.model, parameters, generator)
    columns = sum(shock.size for shock in policy.model.shocks)
    shocks = torch.randn(32, columns, generator=generator, dtype=torch.float64)
    return parameter_sensitivity(policy, states, shocks, parameters)


class ForgetsDepreciation(RealBusinessCycle):
    """An economy that reads one of its parameters nowhere: the bug to catch."""

    name = "forgets_depreciation"

    def name_parameters(self, parameters: Tensor | Parameters) -> Parameters:
        p = super().name_parameters(parameters)
        vars(p).update(delta=torch.full_like(p.delta, 0.05))
        return p


CRUDE_ANCHORS = (
    "brock_mirman",
    "nk_linear",
    "olg_analytic",
    "krusell_smith_ar1",
    "krusell_smith_continuous",
    "krusell_smith_continuous_risky",
)
"""Economies that start so far from their closed form, or from what households foresee, that some parameters
hardly matter there; in `krusell_smith_ar1` the size of shocks moves productivity alone, one state of 121.
"""


@pytest.mark.parametrize("name", [name for name in names() if name not in CRUDE_ANCHORS])
def test_every_parameter_moves_the_policy_or_the_step(name: str) -> None:
    found = sensitivity(anchored_policy(get(name)))
    assert list(found) == [each.name for each in get(name).parameters]
    for parameter, norms in found.items():
        assert max(norms) > 1e-3, parameter
        assert np.isfinite(norms).all(), parameter


LEAST = {"krusell_smith_reduced": 0.005, "krusell_smith_continuous_reduced": 0.002}
"""Where benefits move what all consume together by .009 over their whole range, and how fast productivity
returns by .004; rounding moves it by 1e-5.
"""


@pytest.mark.parametrize("name", available())
def test_every_parameter_moves_what_ships(name: str) -> None:
    """The same of the files, by differences."""
    surrogate = load(name)
    widths = surrogate.upper - surrogate.lower
    theta = np.clip(surrogate.default, surrogate.lower + 0.011 * widths, surrogate.upper - 0.011 * widths)
    shocks = np.random.default_rng(1).standard_normal((30, 64, surrogate.n_shocks))
    start = None if surrogate.n_shocks else 0.7 * surrogate.steady_state(theta).states.repeat(64, axis=0)
    path = surrogate.simulate(theta, shocks, start)
    states, controls = path.states[-2], path.controls[-2]

    def everything(parameters: np.ndarray) -> np.ndarray:
        step = surrogate.step(states, controls, shocks[-1], parameters)
        return np.concatenate([surrogate.policy(states, parameters), *step], axis=1).astype(float)

    moved = central_differences(everything, theta, 0.01 * widths) * widths
    assert dict(
        zip(surrogate.parameter_names, np.abs(moved).max((0, 1)) > LEAST.get(name, 0.01), strict=True)
    ) == dict.fromkeys(surrogate.parameter_names, True)


def test_a_parameter_wired_to_a_constant_is_caught() -> None:
    found = sensitivity(PolicyNetwork(ForgetsDepreciation()))
    assert found.pop("delta") == (0.0, 0.0)
    assert min(max(norms) for norms in found.values()) > 1e-3


def test_automatic_derivatives_are_those_of_differences() -> None:
    torch.manual_seed(0)
    policy = PolicyNetwork(get("an_schorfheide"))
    theta = policy.model.default_parameters()
    rows = theta.expand(5, -1)
    states = draw_states(policy.model, rows, torch.Generator().manual_seed(6))
    logs = policy_derivatives(policy, states, rows) / policy(states, rows).detach()[..., None]
    steps = np.full(13, 1e-5)
    differences = central_differences(log_policy(policy, states.numpy()), theta.numpy(), steps)
    np.testing.assert_allclose(logs.numpy(), differences, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "reference_at", "tolerance"),
    [
        ("an_schorfheide", an_schorfheide_reference, 1e-6),
        pytest.param("rbc", rbc_reference, 0.02, marks=pytest.mark.slow),
    ],
)
def test_references_agree_with_the_anchor_at_the_steady_state(
    name: str, reference_at: Callable[[np.ndarray], PolicyAt], tolerance: float
) -> None:
    """Anchors are linear solutions written apart from the references."""
    model = get(name)
    theta = model.default_parameters()
    if name == "rbc":
        theta[-1] = 0.003  # hardly any risk, which the anchor knows nothing of
    steady = pack(model.steady_state(model.name_parameters(theta))[0], model.states)[None].numpy()
    steps = 1e-3 * np.array([each.upper - each.lower for each in model.parameters])
    anchor = central_differences(log_policy(anchored_policy(model), steady), theta.numpy(), steps)
    solved = central_differences(reference_at(steady), theta.numpy(), steps)
    table = derivative_table(model.parameters, anchor, solved)
    assert list(table.index) == [each.name for each in model.parameters]
    difference, reference = np.asarray(table["difference"]), np.asarray(table["reference"])
    assert difference.max() < tolerance * reference.max(), table
