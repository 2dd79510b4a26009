"""The economy with heterogeneous households: its household, its accounts, its tables of the steady state."""

import numpy as np
import pytest
import torch

from surrogate.models import get
from surrogate.models.endogenous_grid import cubic, moving_with
from surrogate.models.hank import BONDS, Hank
from surrogate.models.hank_reduced import HankReduced
from surrogate.models.hank_rest import rouwenhorst
from surrogate.models.interface import Period, pack
from surrogate.models.variables import columns_of
from surrogate.policy import PolicyNetwork
from surrogate.reduced_policy import ReducedPolicy
from surrogate.reference import hank_household
from surrogate.reference.hank_jacobian import expectation_vectors, household_responses
from surrogate.reference.hank_linear import SHOCKS, linear_responses
from surrogate.reference.hank_steady_state import solve_steady_state
from surrogate.reference.hank_tables import FOLLOWED, LEADS, LOGS, MOMENTS, PERIODS, limits, risks
from surrogate.training.checks import check_economy
from surrogate.training.sampling import advance, draw_parameters, draw_shocks, draw_states


@pytest.fixture(scope="module")
def model() -> Hank:
    return Hank()


@pytest.fixture(scope="module")
def somewhere(model) -> tuple[Period, torch.Tensor]:
    """A period in twelve economies away from rest, with choices of an untrained network."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        policy = PolicyNetwork(model, (8, 8), 8)
        parameters = draw_parameters(model, 12, generator)
        states = draw_states(model, parameters, generator)
        for _ in range(4):
            states = advance(policy, states, parameters, draw_shocks(model, 12, generator))
        p = model.name_parameters(parameters)
        return model.period(p, states, policy(states, p)), parameters


def test_checks_pass(model) -> None:
    assert [check for check in check_economy(model) if not check.passed] == []


def test_it_is_known_by_name() -> None:
    assert isinstance(get("hank"), Hank)


def test_households_at_rest_are_those_of_the_reference(model) -> None:
    """At a node of the tables, where the polynomial is exact; the reference is written apart."""
    sigma, limit = float(risks()[2]), float(limits()[3])
    reference = solve_steady_state(sigma, limit)
    parameters = model.default_parameters()
    parameters[:2] = torch.tensor([sigma, limit], dtype=torch.float64)
    p = model.name_parameters(parameters)
    now = model.at_rest(p)
    np.testing.assert_allclose(now.consumed, reference.choices.consumption, rtol=1e-8)
    np.testing.assert_allclose(now.above_limit + limit, reference.choices.savings, atol=1e-8)
    np.testing.assert_allclose(now.mass, reference.mass, atol=1e-8)
    assert float(torch.exp(p.rest.log_rate)) == pytest.approx(reference.gross_rate, abs=1e-11)
    seen = model.observe(now, now, p)
    assert float(seen["gini"]) == pytest.approx(reference.gini, abs=1e-7)
    assert float(seen["share_at_limit"]) == pytest.approx(reference.share_at_limit, abs=1e-7)


@pytest.mark.slow
def test_the_tables_are_exact_between_nodes(model) -> None:
    """Rates within .002 points a year and output within 1e-5 of a solution on the spot (measured at 40 draws:
    1e-4 and 1e-6)."""
    for theta in draw_parameters(model, 4, torch.Generator().manual_seed(3)):
        p = model.name_parameters(theta)
        reference = solve_steady_state(float(p.sigma_s), float(p.borrowing_limit))
        assert 400 * abs(float(torch.exp(p.rest.log_rate)) - reference.gross_rate) < 2e-3
        assert abs(float(torch.exp(p.rest.log_output)) - reference.output) < 1e-5


def test_first_order_answers_are_those_of_the_sequence_space_jacobian() -> None:
    """Along impulse responses at a draw of the parameters inflation and output are within 3 % of their peaks
    and tomorrow's moments within 20 % (measured at nine draws: 1 % and 9 %), and moments return to rest.
    """
    reduced = HankReduced()
    (theta,) = draw_parameters(reduced, 1, torch.Generator().manual_seed(3))
    named = dict(zip([each.name for each in reduced.parameters], theta.tolist(), strict=True))
    rest = solve_steady_state(named["sigma_s"], named["borrowing_limit"])
    vectors = expectation_vectors(rest, rest.choices.consumption, max(LEADS) + 1)
    moments = dict(zip(MOMENTS, (vectors[lead] for lead in LEADS), strict=True))
    paths = linear_responses(rest, household_responses(rest, PERIODS, moments), named).paths
    p = reduced.name_parameters(theta)
    answers, law = p.first_order.numpy(), p.law_of_moments.numpy()
    for path in paths.values():
        lagged = np.concatenate([[0.0], path["interest_rate"][: FOLLOWED - 1]])
        states = np.stack([lagged, *(path[name][:FOLLOWED] for name in (*SHOCKS, *MOMENTS))])
        rows = [(answers[k], path[LOGS[k]][:FOLLOWED], 0.03) for k in (0, 3)]
        rows += [(law[k], path[name][1 : FOLLOWED + 1], 0.2) for k, name in enumerate(MOMENTS)]
        for coefficients, exact, share in rows:
            assert np.abs(coefficients @ states - exact).max() < share * np.abs(exact).max()
    assert np.abs(np.linalg.eigvals(law[:, 4:])).max() < 1


def test_markets_and_households_are_in_order_at_rest(model) -> None:
    """Between the nodes of the tables: clearing to 1e-5 and Euler errors to 2e-4 at the worst of all nodes of
    bonds (measured over three seeds: 3e-6 and 1e-4 at most)."""
    p = model.name_parameters(draw_parameters(model, 60, torch.Generator().manual_seed(0)))
    now = model.at_rest(p)
    expected = type("Expected", (), model.inside(now, now, p))
    errors = model.residuals(now, expected, p)
    assert max(float(errors[name].abs().max()) for name in ("phillips", "hours", "budget", "bonds")) < 1e-5
    assert float(errors["euler_mean"].abs().max()) < 1e-5
    assert float(errors["euler"].abs().max()) < 2e-4


def test_goods_clear_where_the_other_markets_do(model, somewhere) -> None:
    """Walras' law: what is consumed misses output by the errors of the budget, hours and bonds."""
    now, parameters = somewhere
    p = model.name_parameters(parameters)
    expected = type("Expected", (), model.inside(now, now, p))
    errors = model.residuals(now, expected, p)
    consumed = (now.mass * now.consumed).sum((-1, -2))
    implied = errors["budget"] + now.wage * (torch.exp(errors["hours"]) - 1) - errors["bonds"]
    torch.testing.assert_close(consumed / now.output - 1, implied, rtol=0, atol=1e-8)
    assert float(implied.abs().max()) > 1e-5


def test_budgets_hold_at_every_node_and_the_limit_is_exact(model, somewhere) -> None:
    now, parameters = somewhere
    p = model.name_parameters(parameters)
    consumed, saved = now.consumed, now.above_limit
    cash = now.real_return[:, None, None] * p.bonds_above + now.received + model.income(now, consumed)
    torch.testing.assert_close(consumed + saved, cash, rtol=0, atol=1e-10)
    bound = saved == 0
    assert bool(bound.any(-1).any(-1).all())
    marginal, worth = 1 / consumed, torch.exp(now.log_worth[..., :1]).expand_as(consumed)
    assert bool((marginal[bound] >= worth[bound] * (1 - 1e-9)).all())


def test_savings_move_households_without_losing_any_or_their_bonds(model, somewhere) -> None:
    now, parameters = somewhere
    p = model.name_parameters(parameters)
    wealth = now.wealth_tomorrow.unflatten(-1, (5, 50))
    torch.testing.assert_close(wealth.sum((-1, -2)), torch.ones(12, dtype=torch.float64))
    bonds = (wealth * (p.bonds_above + p.borrowing_limit[:, None, None])).sum((-1, -2))
    torch.testing.assert_close(bonds, torch.full((12,), BONDS, dtype=torch.float64))


def test_derivatives_of_choices_are_those_of_differences(model, somewhere) -> None:
    """They come from the equation that a choice solves (measured: .1 % apart)."""
    now, parameters = somewhere
    p = model.name_parameters(parameters)
    states = {state.name: getattr(now, state.name) for state in model.states}

    def consumption(wage: torch.Tensor) -> torch.Tensor:
        choices = {control.name: getattr(now, control.name) for control in model.controls}
        period = Period(model, p, states, {**choices, "wage": wage})
        return (period.mass * period.consumed).sum((-1, -2))

    wage = now.wage.clone().requires_grad_()
    (slope,) = torch.autograd.grad(consumption(wage).sum(), wage)
    with torch.no_grad():
        difference = (consumption(now.wage + 1e-5) - consumption(now.wage - 1e-5)) / 2e-5
    torch.testing.assert_close(slope, difference, rtol=5e-3, atol=0)


def test_cubics_are_interpolated_exactly() -> None:
    places = torch.tensor([0.0, 0.3, 1.1, 1.6, 2.9, 3.0], dtype=torch.float64)
    at = torch.linspace(-0.1, 3.2, 20, dtype=torch.float64)

    def curve(x: torch.Tensor) -> torch.Tensor:
        return 1 + x - 2 * x**2 + 0.7 * x**3

    torch.testing.assert_close(cubic(places, curve(places), at), curve(at))


def test_a_solution_moves_with_what_is_known() -> None:
    """sqrt(a) and a b at two places, a and b known."""
    known = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)
    solution = torch.tensor([[2.0**0.5, 6.0]], dtype=torch.float64)
    slopes = torch.tensor([[[0.5 / 2**0.5, 3.0]], [[0.0, 2.0]]], dtype=torch.float64)
    moving = moving_with(solution, known, slopes)
    assert moving.tolist() == solution.tolist()
    (by_known,) = torch.autograd.grad(moving[0, 1], known)
    assert by_known.tolist() == [3.0, 2.0]


def test_consumption_moves_with_what_households_know(model, somewhere) -> None:
    """Away from the nodes where a household comes to its limit, beside differences of the solution itself."""
    now, parameters = somewhere
    p = model.name_parameters(parameters)
    generator, step = torch.Generator().manual_seed(1), 1e-6
    names = ("inflation", "wage", "tax", "output", "worth")
    away = {name: torch.randn(getattr(now, name).shape, generator=generator).double() for name in names}

    def consumed(size: torch.Tensor) -> torch.Tensor:
        controls = {name: getattr(now, name) * torch.exp(size * away[name]) for name in names}
        states = {state.name: getattr(now, state.name) for state in model.states}
        return Period(model, p, states, controls).consumed

    zero = torch.zeros((), dtype=torch.float64)
    slope = torch.func.jvp(consumed, (zero,), (torch.ones_like(zero),))[1]
    difference = (consumed(zero + step) - consumed(zero - step)) / (2 * step)
    gap = (slope - difference).abs()
    assert float(gap.quantile(0.95)) < 3e-3 * float(difference.abs().mean())  # .7 to 1.5e-3 over five seeds


def test_productivity_is_the_reference_s_chain() -> None:
    np.testing.assert_allclose(rouwenhorst(5, 0.9), hank_household.rouwenhorst(5, 0.9), atol=1e-15)


def test_the_reduced_economy_moves_as_the_full_one_with_its_choices(somewhere) -> None:
    now, parameters = somewhere
    reduced, full = HankReduced(), Hank()
    p = reduced.name_parameters(parameters)
    few = reduced.of_full(now)
    here = Period(reduced, p, few)
    shocks = draw_shocks(full, 12, torch.Generator().manual_seed(2))
    full_p = full.name_parameters(parameters)
    states = full.tomorrow(now, shocks, full_p)
    then = full.period(full_p, states)
    after = columns_of(reduced.tomorrow(here, shocks, p), reduced.states)
    for name in ("interest_rate_lag", "preference", "growth", "monetary", "expected"):
        torch.testing.assert_close(after[name], getattr(then, name))


def test_the_reduced_economy_keeps_what_the_full_network_chooses(model, somewhere) -> None:
    """Its states have the moments of the full economy's distribution, so that inflation and output are the
    same to rounding, whatever the fitted network says of the moments' law.
    """
    now, parameters = somewhere
    reduced = HankReduced()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        whole = PolicyNetwork(model, (8, 8), 8)
        policy = ReducedPolicy(reduced, whole, (4,), 4)
    p = reduced.name_parameters(parameters)
    few = reduced.of_full(now)
    states = pack({each.name: few[each.name] for each in reduced.states}, reduced.states)
    chosen = columns_of(policy(states, p), reduced.controls)
    full_states = pack({state.name: getattr(now, state.name) for state in model.states}, model.states)
    expected = columns_of(whole(full_states, parameters), model.controls)
    for name in reduced.kept:
        torch.testing.assert_close(chosen[name], expected[name], rtol=1e-10, atol=0)
    assert [control.name for control in policy.moved(reduced)] == ["expected_tomorrow"]
    assert all(name.startswith("whole.") for name, _ in policy.named_buffers() if "weight" in name)
    assert not any(name.startswith("whole.") for name, _ in policy.named_parameters())
