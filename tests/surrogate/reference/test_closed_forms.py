"""Closed forms against the figures that are known, against each other, and against the models' own
equations.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate import economies
from surrogate.accuracy.against_reference import reference_controls
from surrogate.models import Model, get
from surrogate.policy import PolicyNetwork
from surrogate.reference.growth import solve_brock_mirman, solve_rbc, steady_capital
from surrogate.reference.households import solve_olg_analytic
from surrogate.reference.new_keynesian import solve_nk_linear
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import advance, draw_parameters, draw_shocks, draw_states

EXACT_RULES = {"brock_mirman": 15, "nk_linear": 2, "olg_analytic": 2}
"""Gauss–Hermite points with which the expectation is exact, or as good as."""


class ClosedForm(PolicyNetwork):
    """The reference at one calibration in the place of the network."""

    def __init__(self, model: Model, parameters: Tensor) -> None:
        super().__init__(model)
        self.theta = parameters

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        flat = states.reshape(-1, states.shape[-1])
        controls = torch.from_numpy(reference_controls(self.model, self.theta[None], flat))
        return controls.reshape(*states.shape[:-1], -1)


@pytest.mark.parametrize("name", EXACT_RULES)
def test_the_closed_form_leaves_no_residual(name: str) -> None:
    """At any state of the box, with risk, at calibrations all over the box."""
    model, generator = get(name), torch.Generator().manual_seed(3)
    nodes, weights = rule_for(model.shocks, EXACT_RULES[name])
    for theta in draw_parameters(model, 20, generator):
        rows = theta.expand(25, -1)
        states = draw_states(model, rows, generator)
        residuals = equilibrium_residuals(ClosedForm(model, theta), states, rows, nodes, weights)
        assert residuals.abs().max() < 1e-12


@pytest.mark.parametrize("name", EXACT_RULES)
def test_another_policy_leaves_one(name: str) -> None:
    model, generator = get(name), torch.Generator().manual_seed(3)
    nodes, weights = rule_for(model.shocks, EXACT_RULES[name])
    theta, other = draw_parameters(model, 2, generator)
    rows = theta.expand(25, -1)
    states = draw_states(model, rows, generator)
    residuals = equilibrium_residuals(ClosedForm(model, other), states, rows, nodes, weights)
    assert residuals.abs().amax(0).min() > 1e-3


def test_brock_mirman_is_what_time_iteration_finds() -> None:
    p = {"alpha": 0.36, "beta": 0.99, "delta": 1.0, "gamma": 1.0, "rho": 0.9, "sigma": 0.02}
    assert steady_capital(p) == pytest.approx(0.19948151, abs=5e-9)
    states = {
        "capital": steady_capital(p) * np.exp(np.linspace(-0.5, 0.5, 11))[:, None],
        "productivity": np.linspace(-0.1, 0.1, 7),
    }
    exact = solve_brock_mirman(p).controls(states)["consumption"]
    assert exact.shape == (11, 7)
    np.testing.assert_allclose(solve_rbc(p).controls(states)["consumption"], exact, rtol=1e-8)


def test_the_slopes_of_the_linear_economy() -> None:
    midpoint = {each.name: each.default for each in get("nk_linear").parameters}
    slopes = solve_nk_linear(midpoint).controls({"natural_rate": np.ones(3)})
    np.testing.assert_allclose(slopes["output_gap"], 0.29919, atol=5e-6)
    np.testing.assert_allclose(slopes["inflation"], 0.85041, atol=5e-6)


def test_the_natural_rate_has_its_ergodic_standard_deviation() -> None:
    model = get("nk_linear")
    assert model.name_parameters(model.default_parameters()).sd == pytest.approx(0.021069, abs=5e-7)


def test_saving_rates_by_age() -> None:
    known = [0.65999925, 0.63939274, 0.60521121, 0.54337900, 0.41176471]
    states = {"assets": np.ones((4, 5)), "productivity": np.ones(4), "depreciation": np.full(4, 0.5)}
    found = solve_olg_analytic({"alpha": 0.3, "beta": 0.7}).controls(states)["saving_rate"]
    np.testing.assert_allclose(found, np.tile(known, (4, 1)), atol=5e-9)


def test_the_overlapping_generations_have_their_ergodic_capital() -> None:
    model = get("olg_analytic")
    policy, theta = ClosedForm(model, model.default_parameters()), model.default_parameters()
    generator = torch.Generator().manual_seed(0)
    states = draw_states(model, theta.expand(4000, -1), generator)
    for _ in range(60):
        states = advance(policy, states, theta.expand(4000, -1), draw_shocks(model, 4000, generator))
    capital = states[:, :5].sum(-1)
    assert capital.mean() == pytest.approx(0.7075, abs=0.004)
    assert capital.std() == pytest.approx(0.0990, abs=0.004)


def test_references_have_one_answer_at_one_state() -> None:
    for name in EXACT_RULES:
        model = get(name)
        parameters = {each.name: each.default for each in model.parameters}
        rest = model.steady_state(model.name_parameters(model.default_parameters()))
        states, controls = ({n: t.numpy() for n, t in part.items()} for part in rest)
        found = economies.solve(name, parameters).controls(states)
        for control in model.controls:
            assert found[control.name].dtype == np.float64
            np.testing.assert_allclose(found[control.name], controls[control.name], rtol=1e-12)
