"""What every economy that ships must satisfy, and that the interface can express groups of states."""

from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from surrogate.models import (
    Control,
    Model,
    Named,
    ParameterRange,
    Parameters,
    Period,
    Values,
    Variable,
    get,
    names,
    pack,
)
from surrogate.models.aid import STRAIGHTEN
from surrogate.models.an_schorfheide_zlb import AnSchorfheideZeroLowerBound
from surrogate.models.an_schorfheide_zlb_aid import ABOVE, AROUND_BOUND, BELOW, ZeroLowerBoundAid
from surrogate.models.consumption_saving import ConsumptionSaving
from surrogate.policy import PolicyNetwork
from surrogate.training.existence import has_equilibrium
from surrogate.training.quadrature import rule
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import draw_parameters, draw_states, place_states, state_box

N_TREES = 3


class LucasTrees(Model):
    """Risk-neutral pricing of several trees: p = beta E[p' + d'], d' = 1 + rho (d - 1) + sigma e'.

    The price is linear in the dividend: p = beta/(1-beta) + beta rho/(1 - beta rho) (d - 1).
    """

    name = "lucas_trees"
    parameters = (
        ParameterRange("beta", 0.9, 0.99, 0.95),
        ParameterRange("rho", 0.1, 0.9, 0.5),
        ParameterRange("sigma", 0.01, 0.1, 0.05),
    )
    states = (Variable("dividend", "", "goods", N_TREES),)
    controls = (Control("price", "", "goods", N_TREES, lower=0.0),)
    shocks = (Variable("harvest", size=N_TREES),)
    observables = (Variable("price_growth", size=N_TREES), Variable("market"))
    equations: ClassVar = (Variable("pricing", size=N_TREES),)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        ones = torch.ones(N_TREES, dtype=torch.float64)
        return {"dividend": ones + 0 * p.beta[..., None]}, {
            "price": (p.beta / (1 - p.beta))[..., None] * ones
        }

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        reach = (2 * p.sigma / (1 - p.rho**2) ** 0.5)[..., None] * torch.ones(N_TREES, dtype=torch.float64)
        return {"dividend": (1 - reach, 1 + reach)}

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        rho, sigma = p.rho[..., None], p.sigma[..., None]
        return {"dividend": 1 + rho * (now.dividend - 1) + sigma * e.harvest}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        return {"payoff": then.price + then.dividend}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        return {"pricing": 1 - p.beta[..., None] * expected.payoff / now.price}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        return {"price_growth": torch.log(then.price / now.price), "market": then.price.sum(-1)}

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        slope = (p.beta * p.rho / (1 - p.beta * p.rho))[..., None]
        return {"price": (p.beta / (1 - p.beta))[..., None] + slope * (now.dividend - 1)}


MODELS = [*(m for m in map(get, names()) if m.evaluation_cost == 1), LucasTrees()]
"""Without economies of many households, which do not rest and whose states are in no box."""


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.name)
def model(request: pytest.FixtureRequest) -> Model:
    return request.param


@pytest.fixture(scope="module")
def parameters(model: Model) -> Tensor:
    """Random vectors of the box that have an equilibrium and the default one, [17, n_parameters]."""
    drawn = draw_parameters(model, 32, torch.Generator().manual_seed(1))
    exists = torch.from_numpy(has_equilibrium(model, drawn.numpy()))
    return torch.cat([drawn[exists][:16], model.default_parameters()[None]])


def steady_states(model: Model, parameters: Tensor | Parameters) -> tuple[Tensor, Tensor]:
    s, x = model.steady_state(model.name_parameters(parameters))
    return pack(s, model.states), pack(x, model.controls)


def anchored_policy(model: Model) -> PolicyNetwork:
    """A policy network whose output is zero everywhere, so that the policy is the anchor."""
    policy = PolicyNetwork(model)
    with torch.no_grad():
        policy.layers[-1].get_parameter("weight").zero_()
    return policy


def width(variables: tuple) -> int:
    return sum(variable.size for variable in variables)


def test_the_steady_state_solves_the_equations(model: Model, parameters: Tensor) -> None:
    p = model.name_parameters(parameters)
    now = model.at_rest(p)
    expected = SimpleNamespace(**model.inside(now, now, p))
    residuals = pack(model.conditions(now, expected, p), model.equations)
    assert residuals.shape == (len(parameters), width(model.equations))
    assert residuals.abs().max() < 1e-12


def test_the_steady_state_stays_where_it_is(model: Model, parameters: Tensor) -> None:
    states, controls = steady_states(model, parameters)
    p = model.name_parameters(parameters)
    now = model.period(p, states, controls)
    moved = model.after(now, model.calm(now, p), p)
    torch.testing.assert_close(moved, states, rtol=0, atol=1e-12)


def test_the_state_box_holds_the_steady_state(model: Model, parameters: Tensor) -> None:
    lower, upper = state_box(model, parameters)
    states, _ = steady_states(model, parameters)
    assert torch.all(lower <= states)  # the impatient without risk own nothing
    assert torch.all(states < upper)


def test_training_draws_states_from_the_box_or_close_to_it(model: Model, parameters: Tensor) -> None:
    lower, upper = state_box(model, parameters)
    states = place_states(model, parameters, torch.Generator().manual_seed(2))
    near = (upper - lower) * (1.0 if isinstance(model, ConsumptionSaving) else 0.0)  # the patient own more
    outside = ~((lower <= states) & (states <= upper + near)).all(-1)
    around = AROUND_BOUND if isinstance(model, ZeroLowerBoundAid) else 0.0
    assert outside.double().mean() <= around + 4 * (around / len(states)) ** 0.5


def test_the_economy_with_the_bound_is_trained_around_it() -> None:
    """So many of its states have a linear rate between one standard deviation below zero and half a one
    above; by the box alone a few in a hundred.
    """
    model, generator = AnSchorfheideZeroLowerBound(), torch.Generator().manual_seed(4)
    parameters = draw_parameters(model, 4_000, generator)
    p = model.name_parameters(parameters)
    shares = []
    for draw in (place_states, draw_states):
        now = model.period(p, draw(model, parameters, generator))
        rate = p.log_steady_rate + p.linear.rate_u * now.impulse + p.linear.rate_z * now.growth
        near = (rate > -BELOW * p.linear.sd_rate) & (rate < ABOVE * p.linear.sd_rate)
        shares.append(float(near.double().mean()))
    assert shares[0] > AROUND_BOUND - 0.03 > 4 * shares[1]


def test_beyond_the_bound_a_lower_impulse_changes_nothing() -> None:
    """Whatever the weights of the network."""
    model, generator = AnSchorfheideZeroLowerBound(), torch.Generator().manual_seed(5)
    policy, parameters = PolicyNetwork(model), draw_parameters(model, 200, generator)
    states = draw_states(model, parameters, generator)
    column = [state.name for state in model.states].index("monetary")
    states[:, column] = -0.5
    deeper = states.clone()
    deeper[:, column] = -1.5
    p = model.name_parameters(parameters)
    bound = [policy.candidates(each, p)[(True,)] for each in (states, deeper)]
    torch.testing.assert_close(*bound, rtol=0, atol=1e-14)


def test_the_saving_problem_is_trained_near_its_kink() -> None:
    """Few states where the limit binds so much that it teaches nothing, and many close to the kink."""
    model, generator = ConsumptionSaving(), torch.Generator().manual_seed(3)
    parameters = draw_parameters(model, 2_000, generator)
    p = model.name_parameters(parameters)
    shares = []
    for draw in (place_states, draw_states):
        now = model.period(p, draw(model, parameters, generator))
        distance = torch.log(now.resources / now.first_kink)
        shares.append((distance.abs() < 0.1).double().mean())
        assert (distance < -0.25).double().mean() < 0.05
    assert shares[0] > 2 * shares[1]


def test_the_anchor_is_feasible_everywhere(model: Model, parameters: Tensor) -> None:
    drawn = draw_states(model, parameters, torch.Generator().manual_seed(2))
    p = model.name_parameters(parameters)
    now = model.period(p, drawn)
    anchor = model.anchor(now, p)
    for control in model.controls:
        lower, upper = (
            getattr(now, end) if isinstance(end, str) else end for end in (control.lower, control.upper)
        )
        assert torch.all(anchor[control.name] > lower)
        assert torch.all(anchor[control.name] < upper)


def test_the_policy_starts_at_the_anchor(model: Model, parameters: Tensor) -> None:
    states = draw_states(model, parameters, torch.Generator().manual_seed(2))
    p, policy = model.name_parameters(parameters), anchored_policy(model)
    told = [model.given(regime) for regime in model.regimes()]
    anchors = [pack(each.anchor(each.period(p, states), p), model.controls) for each in told]
    for column, _ in enumerate(model.constraints):
        binds = policy.slack(states, p, anchors[0], (False,))[..., column] < 0
        anchors = [torch.where(binds[..., None], anchors[1], anchors[0])]
    torch.testing.assert_close(policy(states, parameters), anchors[0], rtol=1e-12, atol=0)


OTHER_ANCHORS = (
    "olg_analytic",
    "nk_zlb",
    "consumption_saving",
    "hank",
    "hank_zlb",
    "hank_reduced",
    "hank_zlb_reduced",
)
"""The first one's steady state would give its closed form away; the next two anchors know of risk, and
moments of the last ones' distribution at rest come from a table of their own.
"""


@pytest.mark.parametrize("name", [name for name in names() if name not in OTHER_ANCHORS])
def test_the_anchor_is_the_steady_state_there(name: str) -> None:
    model = get(name)
    parameters = draw_parameters(model, 16, torch.Generator().manual_seed(1))
    states, controls = steady_states(model, parameters)
    torch.testing.assert_close(anchored_policy(model)(states, parameters), controls, rtol=1e-12, atol=0)


def test_names_are_unique_and_defaults_inside_the_box(model: Model) -> None:
    for group in ("parameters", "states", "controls", "shocks", "observables", "equations"):
        declared = [variable.name for variable in getattr(model, group)]
        assert len(set(declared)) == len(declared)
        assert declared or group == "shocks"
    lower, upper = model.parameter_box()
    assert torch.all((lower < model.default_parameters()) & (model.default_parameters() < upper))


def test_a_transform_is_no_unit(model: Model) -> None:
    assert not {parameter.unit for parameter in model.parameters} & STRAIGHTEN.keys()


def test_shapes_broadcast_over_tomorrows_nodes(model: Model, parameters: Tensor) -> None:
    """States [17, 1, .] against shocks [4, .] give [17, 4, .], as in the expectation; without shocks there is
    one node.
    """
    rows, nodes = parameters[:, None], 4 if model.shocks else 1
    states, controls = steady_states(model, rows)
    p = model.name_parameters(rows)
    now = model.period(p, states, controls)
    moved = model.tomorrow(now, torch.ones(nodes, width(model.shocks), dtype=torch.float64), p)
    assert moved.shape == (len(parameters), nodes, width(model.states))
    observed = model.observed(now, model.period(p, moved, anchored_policy(model)(moved, p)), p)
    assert observed.shape == (len(parameters), nodes, width(model.observables))
    assert torch.isfinite(observed).all()


def test_a_group_of_states_has_its_closed_form() -> None:
    """Prices of three trees: no residual at any state, with risk, each column its own."""
    trees = LucasTrees()
    generator = torch.Generator().manual_seed(4)
    parameters = draw_parameters(trees, 50, generator)
    states = draw_states(trees, parameters, generator)
    nodes, weights = rule(N_TREES, 3)
    policy = anchored_policy(trees)
    residuals = equilibrium_residuals(policy, states, parameters, nodes, weights)
    assert residuals.shape == (50, N_TREES)
    assert residuals.abs().max() < 1e-12
    with torch.no_grad():
        policy.layers[-1].get_parameter("bias")[1] = 0.01
    wrong = equilibrium_residuals(policy, states, parameters, nodes, weights).abs().amin(0)
    assert wrong[1] > 1e-4
    assert wrong[[0, 2]].max() < 1e-12


def test_pack_refuses_what_was_not_declared() -> None:
    with pytest.raises(ValueError, match="declares"):
        pack({"dividend": torch.ones(2, 3), "rain": torch.ones(2)}, LucasTrees.states)
