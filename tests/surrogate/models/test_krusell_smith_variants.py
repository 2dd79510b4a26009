"""What households may see, and how many there may be: accounting, and derivatives against differences."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from surrogate.errors import BadConfiguration
from surrogate.models import pack
from surrogate.models.krusell_smith import NODES, KrusellSmith
from surrogate.models.krusell_smith_agents import KrusellSmithAgents
from surrogate.models.krusell_smith_ar1 import KrusellSmithAr1
from surrogate.models.krusell_smith_histories import KrusellSmithHistory, averages, lags
from surrogate.models.krusell_smith_moments import KrusellSmithMoments, bumps, fixed_shapes
from surrogate.training import Settings
from surrogate.training.checks import check_economy
from surrogate.training.population import HOUSEHOLDS, HouseholdResiduals
from surrogate.training.run import Run
from surrogate.training.sampling import draw_parameters, draw_shocks, draw_states

VARIANTS = {
    "moments": KrusellSmithMoments,
    "learnt moments": lambda: KrusellSmithMoments(bumps),
    "lags": lambda: KrusellSmithHistory(lags(5)),
    "averages": lambda: KrusellSmithHistory(averages(0.5, 0.9)),
    "agents": lambda: KrusellSmithAgents(40),
    "ar1": KrusellSmithAr1,
}
SMALL = Settings(
    method="population", hidden=(6, 6), trunk=4, nodes=1, batch=6 * HOUSEHOLDS, adam_steps=0, steps=2
)
SMALL = replace(SMALL, robust_quantile=0.9, robust_loss="huber", hopeless_share=0.0)
Variant = Callable[[], KrusellSmith]


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def run(request: pytest.FixtureRequest) -> Run:
    return Run(request.param(), SMALL)


def moved(run: Run, direction: list[Tensor], step: float) -> None:
    with torch.no_grad():
        for weight, way in zip(run.method.policy.parameters(), direction, strict=True):
            weight.add_(step * way)


def test_derivatives_go_through_all_that_households_are_told(run: Run) -> None:
    assert isinstance(run.method, HouseholdResiduals)
    batch = run.sampler.draw(run.policy)
    generator = torch.Generator().manual_seed(0)
    weights = list(run.method.policy.parameters())
    direction = [torch.randn(each.shape, generator=generator, dtype=each.dtype) for each in weights]
    _, jacobian = run.method.jacobian(batch)
    step = 1e-6
    moved(run, direction, step)
    above = run.method(*batch).detach()
    moved(run, direction, -2 * step)
    below = run.method(*batch).detach()
    slope = jacobian @ torch.cat([each.flatten() for each in direction])
    torch.testing.assert_close(((above - below) / (2 * step)).flatten(), slope, rtol=1e-5, atol=1e-7)


def test_what_is_told_of_tomorrow_is_true_tomorrow(run: Run) -> None:
    """Capital, and of the moments what the lottery of four nodes leaves of them; whatever happens."""
    model = run.model
    assert isinstance(model, KrusellSmith)
    generator = torch.Generator().manual_seed(1)
    parameters = draw_parameters(model, 5, generator)
    p = model.name_parameters(parameters)
    states = draw_states(model, parameters, generator)
    now = model.period(p, states, run.policy(states, p).detach())
    then = model.period(p, model.tomorrow(now, draw_shocks(model, 5, generator), p))
    told = now.told_tomorrow.reshape(5, -1)
    torch.testing.assert_close(then.capital, told[:, 0])
    torch.testing.assert_close(then.mass.sum(-1), torch.ones(5, dtype=torch.float64))
    if isinstance(model, KrusellSmithMoments):
        torch.testing.assert_close(then.in_common["moments"][:, 0], told[:, 1:], rtol=1e-3, atol=0)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_variants_pass_the_check_of_an_author_s_economy(variant: Variant) -> None:
    failed = [check for check in check_economy(variant()) if not check.passed]
    assert not failed


@pytest.mark.parametrize("variant", [lambda: KrusellSmithAgents(1), lambda: KrusellSmithAgents(10_000)])
def test_so_few_or_many_households_are_refused(variant: Variant) -> None:
    with pytest.raises(BadConfiguration, match="give 2 to 5,000"):
        variant()


def test_a_history_of_one_number_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="two or more"):
        KrusellSmithHistory(averages(0.9))


def test_lags_are_the_quarters_before() -> None:
    memory = lags(3)
    history = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    after = memory.after(history, torch.tensor(0.0, dtype=torch.float64))
    torch.testing.assert_close(after, torch.tensor([-1.0, 1.0, -1.0], dtype=torch.float64))


def test_averages_forget_at_their_own_pace() -> None:
    memory = averages(0.5, 0.9)
    history = torch.zeros(2, dtype=torch.float64)
    for _ in range(4):
        history = memory.after(history, torch.tensor(1.0, dtype=torch.float64))
    torch.testing.assert_close(history, torch.tensor([1 - 0.5**4, 1 - 0.9**4], dtype=torch.float64))


def test_shapes_are_means_over_households() -> None:
    """Half own nothing and half twice the mean."""
    model = KrusellSmithMoments(fixed_shapes)
    p = model.name_parameters(model.default_parameters()[None])
    wealth = torch.zeros(1, 2 * NODES, dtype=torch.float64)
    wealth[0, 0], wealth[0, NODES + 30] = 0.5, 0.5
    states = pack({"wealth": wealth, "productivity": 1 + p.dz}, model.states)
    moments = model.period(p, states).in_common["moments"][0, 0]
    values = fixed_shapes(torch.tensor([0.0, 2.0], dtype=torch.float64)).mean(0)
    torch.testing.assert_close(moments, values)


def test_households_who_see_moments_are_trained_on_more_and_less_equal_distributions() -> None:
    """Nobody is lost, and half way nothing happens; the variance of wealth follows the number."""
    model = KrusellSmithMoments(bumps)
    p = model.name_parameters(model.default_parameters().expand(3, -1))
    states = pack(model.start(p), model.states)
    u = torch.tensor([[0.5, 0.0], [0.5, 0.5], [0.5, 1.0]], dtype=torch.float64)
    near = model.period(p, pack(model.spread(model.period(p, states), u, p), model.states))
    torch.testing.assert_close(near.mass.sum(-1), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(near.mass[1], model.period(p, states).mass[1])
    mass, wealth = near.holdings
    relative = wealth / (mass * wealth).sum(-1, keepdim=True)
    variance = (mass * (relative - 1) ** 2).sum(-1)
    assert variance[0] < 0.9 * variance[1] < 0.8 * variance[2]


def test_jobs_of_agents_follow_their_chances() -> None:
    """Of 5,000 in a boom that ends or lasts: the standard deviation is .4 % in a bust and .3 in a boom."""
    model = KrusellSmithAgents(5_000)
    p = model.name_parameters(model.default_parameters()[None])
    states, controls = model.steady_state(p)
    now = model.period(p, pack(states, model.states), pack(controls, model.controls))
    generator = torch.Generator().manual_seed(2)
    for switch, rate in ((-3.0, 0.10), (3.0, 0.04)):
        shocks = draw_shocks(model, 1, generator)
        shocks[:, 0] = switch
        then = model.period(p, model.tomorrow(now, shocks, p))
        assert float(1 - then.employed.mean()) == pytest.approx(rate, abs=0.02)


def test_many_agents_consume_as_the_histogram_does() -> None:
    """The same wealth on the grid and household by household: what all save and consume is the same."""
    many, agents = KrusellSmith(), KrusellSmithAgents(60 * 25)
    p, own = (model.name_parameters(model.default_parameters()[None]) for model in (many, agents))
    wealth = torch.zeros(1, 2 * NODES, dtype=torch.float64)
    wealth[0, 10:35], wealth[0, 70:95] = 0.1 / 25, 0.9 / 25
    nodes = agents.levels.new_tensor([float(x) for x in many.at_rest(p).assets[0, 10:35] / p.unit[0, 0]])
    held = nodes.repeat(60)[None]
    employed = (torch.arange(60) >= 6).double().repeat_interleave(25)[None]
    policy = Run(many, SMALL).policy
    by_grid = pack({"wealth": wealth, "productivity": 1 + p.dz}, many.states)
    by_head = pack({"wealth": held, "employed": employed, "productivity": 1 + p.dz}, agents.states)
    of_agents = Run(agents, SMALL).policy
    of_agents.load_state_dict(policy.state_dict())
    first = many.period(p, by_grid, policy(by_grid, p))
    second = agents.period(own, by_head, of_agents(by_head, own))
    torch.testing.assert_close(first.told_tomorrow, second.told_tomorrow)
    torch.testing.assert_close(first.consumption_of_all, second.consumption_of_all)
