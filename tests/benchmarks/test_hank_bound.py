"""The parts of the benchmark of the bound that need no trained network."""

from dataclasses import replace

import pytest
import torch

from benchmarks import hank_bound
from benchmarks.hank import SEED
from benchmarks.hank_bound import (
    EXAMPLE,
    PATHS,
    Economies,
    Solved,
    aggregates,
    at_the_bound,
    economy,
    effects,
    followed,
)
from surrogate.models.hank import BONDS
from surrogate.models.hank_zlb import HankZeroLowerBound
from surrogate.models.registry import from_file
from surrogate.policy import PolicyNetwork
from surrogate.training import checkpoint, recipe
from surrogate.training.run import Run
from surrogate.training.sampling import place_states


@pytest.fixture(scope="module")
def at() -> Economies:
    """Twelve economies around the bound, six of them deep below it, with choices to first order."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        policy = PolicyNetwork(economy(0.0105, floor=True), (4, 4), 1)
    theta = policy.model.default_parameters().expand(12, -1)
    states = place_states(policy.model, theta, torch.Generator().manual_seed(0))
    states[:6, sum(each.size for each in policy.model.states[:2])] -= 0.03
    return Economies(policy, states, theta)


@pytest.fixture(autouse=True)
def twelve(monkeypatch) -> None:
    monkeypatch.setattr(hank_bound, "ECONOMIES", 12)


def test_the_example_is_a_point_of_the_box_that_can_be_trained() -> None:
    model = from_file(EXAMPLE)
    lower, upper = model.parameter_box()
    assert lower.tolist() == upper.tolist()
    wide_lower, wide_upper = HankZeroLowerBound().parameter_box()
    assert bool(((wide_lower <= lower) & (upper <= wide_upper)).all())
    run = Run(model, recipe(model).settings)
    assert run.sampler.draw(run.policy)[0].isfinite().all()


def test_economies_differ_by_the_size_of_the_shock_and_the_floor() -> None:
    floor, free = economy(0.0105, floor=True), economy(0.0105, floor=False)
    example = from_file(EXAMPLE).default_parameters()
    expected = torch.where(example == 0.0095, 0.0105, example)
    assert floor.default_parameters().tolist() == free.default_parameters().tolist() == expected.tolist()
    assert [each.name for each in floor.constraints] == ["lower_bound"]
    assert not free.constraints


def test_some_are_at_the_bound_and_their_rate_is_zero(at) -> None:
    bound = at_the_bound(at)
    assert 0 < int(bound.sum()) < 12
    seen = followed(at, 0.0, 1, aggregates, 3)
    assert bool((seen[..., 3] >= 0).all())
    torch.testing.assert_close(seen[..., 3], seen[..., 4].clamp_min(0.0))


def test_a_shock_to_patience_lowers_consumption_of_rich_and_poor(at) -> None:
    """With the same other shocks; without one nothing moves."""
    paths = [followed(at, shock, 1, effects, 2) for shock in (0.0, 0.0, -1.0)]
    assert torch.equal(paths[0], paths[1])
    effect = paths[2] - paths[0]
    assert effect.shape == (2, 12, len(PATHS))
    assert bool((effect[0, :, [0, 3, 4]] < 0).all())


def test_fifths_eat_less_than_all(at) -> None:
    p = at.policy.model.name_parameters(at.theta)
    with torch.no_grad():
        now = at.policy.model.period(p, at.states, at.policy(at.states, p))
        seen = effects(now, p)
        total = (now.mass * now.consumed).sum((-1, -2))
    assert bool((seen[:, 3].exp() + seen[:, 4].exp() < total).all())
    assert bool((seen[:, 3] < seen[:, 4]).all())
    clearing = aggregates(now, p)[:, 5]
    torch.testing.assert_close(clearing * now.output, now.saved + p.borrowing_limit - BONDS)


def test_larger_shocks_begin_with_the_network_of_smaller_ones(at, tmp_path, monkeypatch) -> None:
    """They can be resumed, and are judged by how they would have begun without it."""
    model, path = economy(0.0122, floor=True), tmp_path / "run.pt"
    settings = replace(recipe(model).settings, hidden=(4, 4), trunk=1, batch=16)
    monkeypatch.setattr(hank_bound, "solved", lambda _: Solved(at, 0.0, ""))
    hank_bound._begin(0.0105, model, settings, path)
    content = checkpoint.read(path)
    checkpoint.require_same(content, model, settings, path)
    begun = content["state"]["policy"]
    assert all(torch.equal(begun[name], value) for name, value in at.policy.state_dict().items())
    run = Run(model, settings)
    first = run.progress().log10_error
    run.restore(content["state"])
    assert run.start == first


@pytest.mark.parametrize("name", hank_bound.SHIPPED)
def test_what_ships_is_at_the_bound_now_and_then(name: str) -> None:
    """At the first size, in 8 to 9 percent of quarters with hundreds of economies; here there are twelve."""
    bound, bias, *sd = hank_bound.shipped(name, SEED)
    assert bound.endswith(" %")
    assert 1.0 < float(bound.removesuffix(" %")) < 20.0
    assert int(bias) < 0
    assert all(0.3 < float(each) < 4.0 for each in sd)
