"""Where training looks: on the box, and along paths that stay near theirs."""

import pytest
import torch

from surrogate.models import get
from surrogate.policy import PolicyNetwork
from surrogate.training import sampling
from surrogate.training.bank import Bank
from surrogate.training.sampling import (
    FAR,
    REFRESH,
    ErgodicPopulation,
    HardnessTilt,
    Sampler,
    constrained_rows,
    state_box,
)
from surrogate.training.settings import Settings

SIZE = 4000


@pytest.fixture
def population() -> ErgodicPopulation:
    model, generator = get("rbc"), torch.Generator().manual_seed(0)
    return ErgodicPopulation(model, SIZE, HardnessTilt(model, 0.0, generator))


@pytest.fixture(scope="module")
def policy() -> PolicyNetwork:
    return PolicyNetwork(get("rbc"), (4,), 2)


def half_widths(population: ErgodicPopulation) -> torch.Tensor:
    """How far each economy is from the middle of its box."""
    lower, upper = state_box(population.model, population.parameters)
    return ((2 * population.states - lower - upper) / (upper - lower)).abs().amax(-1)


@pytest.mark.parametrize("place", [20.0, float("inf"), float("nan")])
def test_paths_that_left_their_box_by_far_start_anew(
    population: ErgodicPopulation, policy: PolicyNetwork, place: float
) -> None:
    lost = slice(0, SIZE // 2)
    population.states[lost] *= place
    parameters = population.parameters.clone()
    population.move(policy)
    assert half_widths(population).max() < FAR
    assert (population.parameters[lost] != parameters[lost]).any(-1).all()


def test_a_few_of_the_others_start_anew_too(population: ErgodicPopulation, policy: PolicyNetwork) -> None:
    """A binomial number, 80 expected: five standard deviations are 44."""
    parameters = population.parameters.clone()
    population.move(policy)
    renewed = (population.parameters != parameters).any(-1).sum()
    assert abs(float(renewed) - REFRESH * SIZE) < 44


def test_the_others_move_by_the_transition(population: ErgodicPopulation, policy: PolicyNetwork) -> None:
    states, parameters = population.states.clone(), population.parameters.clone()
    drawn = population.generator.clone_state()
    population.move(policy)
    stayed = (population.parameters == parameters).all(-1)
    shocks = sampling.draw_shocks(population.model, SIZE, drawn)
    moved = sampling.advance(policy, states, parameters, shocks).detach()
    torch.testing.assert_close(population.states[stayed], moved[stayed], rtol=1e-4, atol=0)


@pytest.fixture(scope="module")
def bounded() -> tuple[ErgodicPopulation, PolicyNetwork, torch.Tensor]:
    """Economies with a bound, and at which of them the rule asks for less."""
    model, generator = get("nk_zlb"), torch.Generator().manual_seed(0)
    population = ErgodicPopulation(model, SIZE, HardnessTilt(model, 0.0, generator))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        policy = PolicyNetwork(model, (4,), 2)
    p = model.name_parameters(population.parameters)
    free = policy.candidates(population.states, p)[(False,)]
    return population, policy, policy.slack(population.states, p, free, (False,))[..., 0] < 0


def test_a_constraint_binds_where_it_is_violated_if_lifted(
    bounded: tuple[ErgodicPopulation, PolicyNetwork, torch.Tensor],
) -> None:
    population, policy, binds = bounded
    p = policy.model.name_parameters(population.parameters)
    assert 0 < binds.sum() < SIZE
    assert torch.equal(constrained_rows(policy, population.states, p), binds)


@pytest.mark.parametrize("of_those", [0.5, 1.1])
def test_constrained_economies_are_picked_up_to_their_share(
    bounded: tuple[ErgodicPopulation, PolicyNetwork, torch.Tensor], of_those: float
) -> None:
    """Where half of them are asked for, and where more than there are."""
    population, policy, binds = bounded
    wanted = round(of_those * int(binds.sum()))
    count = wanted + int((~binds).sum()) // 2
    rows = population.picked(policy, count, wanted / count)
    assert len(rows) == len(set(rows.tolist())) == count
    assert binds[rows].sum() == min(wanted, int(binds.sum()))


def test_batches_have_the_share_of_constrained_economies_and_go_on_from_a_state(
    bounded: tuple[ErgodicPopulation, PolicyNetwork, torch.Tensor],
) -> None:
    """Half of 64 rows are simulated, and a quarter of these are to be at the bound."""
    _, policy, _ = bounded
    settings = Settings(batch=64, ergodic_share=0.5, constrained_share=0.25)
    samplers = [Sampler(policy.model, settings, torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    assert len(samplers[0].population.states) == 32 * sampling.CROWD
    for _ in range(3):
        states, parameters = samplers[0].draw(policy)
    simulated = states[32:], policy.model.name_parameters(parameters[32:])
    assert int(constrained_rows(policy, *simulated).sum()) == 8
    samplers[1].restore(samplers[0].state())
    samplers[1].generator.set_state(samplers[0].generator.get_state())
    assert all(torch.equal(*each) for each in zip(*(one.draw(policy) for one in samplers), strict=True))


@pytest.mark.parametrize("edge", [0.0, 0.25])
@pytest.mark.parametrize("drawn", ["tilted", "even"])
def test_parameters_are_on_the_edges_as_often_as_an_economy_says(
    drawn: str, edge: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share edge / (1 + 2 edge) at either end of each range, 667 of 4,000 with a standard deviation of 24,
    and the others inside.
    """
    model, generator = get("rbc"), torch.Generator().manual_seed(0)
    monkeypatch.setattr(type(model), "edge", edge)
    if drawn == "tilted":
        theta = HardnessTilt(model, 0.0, generator).draw(SIZE)
    else:
        theta = Bank.even(model, SIZE, generator).parameters
    for end in model.parameter_box():
        shares = (theta == end).double().mean(0)
        torch.testing.assert_close(shares, torch.full_like(shares, edge / (1 + 2 * edge)), rtol=0, atol=0.03)
    lower, upper = model.parameter_box()
    assert ((theta >= lower) & (theta <= upper)).all()
