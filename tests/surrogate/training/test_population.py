"""Training households: exact derivatives through what all of them save, and runs that go on."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from surrogate.errors import BadConfiguration
from surrogate.models import Model
from surrogate.models.krusell_smith import GRID, NODES, SEARCH, KrusellSmith
from surrogate.models.krusell_smith_agents import KrusellSmithAgents
from surrogate.models.rbc import RealBusinessCycle
from surrogate.models.registry import from_file
from surrogate.models.variables import columns_of
from surrogate.models.wealth import WealthGrid
from surrogate.training import Settings
from surrogate.training.bank import Bank
from surrogate.training.checkpoint import fingerprint
from surrogate.training.optimisers import GemanMcClure, Huber
from surrogate.training.population import HOUSEHOLDS, HouseholdResiduals
from surrogate.training.projection import projections, slow_functions
from surrogate.training.run import Run, formulation, load_policy, train
from surrogate.training.sampling import run_away
from surrogate.training.watching import failure_of_population

SMALL = Settings(
    method="population",
    hidden=(8, 8),
    trunk=8,
    nodes=1,
    batch=16 * HOUSEHOLDS,
    adam_steps=0,
    steps=4,
    robust_quantile=0.9,
    robust_loss="huber",
    hopeless_share=0.0,
)


def moved(run: Run, direction: list[Tensor], step: float) -> None:
    with torch.no_grad():
        for weight, way in zip(run.method.policy.parameters(), direction, strict=True):
            weight.add_(step * way)


@pytest.mark.parametrize(("group_weight", "projection_weight"), [(0.0, 0.0), (4.0, 0.0), (4.0, 9.0)])
def test_the_jacobian_goes_through_tomorrow_s_capital(group_weight: float, projection_weight: float) -> None:
    weights = {"group_weight": group_weight, "projection_weight": projection_weight}
    run = Run(KrusellSmith(), replace(SMALL, batch=30 * HOUSEHOLDS, **weights))
    assert isinstance(run.method, HouseholdResiduals)
    run.method.begin(SMALL.steps - 1)
    batch = run.sampler.draw(run.policy)
    values, jacobian = run.method.jacobian(batch)
    torch.testing.assert_close(values, run.method(*batch))
    generator = torch.Generator().manual_seed(0)
    weights = list(run.method.policy.parameters())
    direction = [torch.randn(each.shape, generator=generator, dtype=each.dtype) for each in weights]
    step = 1e-6
    moved(run, direction, step)
    above = run.method(*batch).detach()
    moved(run, direction, -2 * step)
    below = run.method(*batch).detach()
    slope = jacobian @ torch.cat([each.flatten() for each in direction])
    torch.testing.assert_close(((above - below) / (2 * step)).flatten(), slope, rtol=1e-5, atol=1e-7)


def test_means_of_groups_count_beside_the_errors_of_their_households() -> None:
    run, alone = Run(KrusellSmith(), replace(SMALL, group_weight=5.0)), Run(KrusellSmith(), SMALL)
    batch = run.sampler.draw(run.policy)
    each = alone.method(*batch).detach()
    means = each.unflatten(1, (8, 2)).mean(2)[:, 2:6]
    found = run.method(*batch).detach()
    squares = each.square().sum(1) + 25 * means.square().sum(1)
    torch.testing.assert_close(found.square().sum(1), squares)
    torch.testing.assert_close(found[:, [0, 1, 2, 3, 12, 13, 14, 15]], each[:, [0, 1, 2, 3, 12, 13, 14, 15]])
    sums = found[:, 4:12:2] * 2**0.5 / (1 + 25 / 2) ** 0.5
    torch.testing.assert_close(sums, 2 * means)
    assert float(means.abs().max()) > 0


def test_in_the_last_steps_sums_over_economies_are_added() -> None:
    settings = replace(SMALL, batch=40 * HOUSEHOLDS)
    run = Run(KrusellSmith(), replace(settings, projection_weight=5.0))
    assert isinstance(run.method, HouseholdResiduals)
    batch = run.sampler.draw(run.policy)
    each = Run(KrusellSmith(), settings).method(*batch).detach()
    assert not run.method.begin(SMALL.steps // 2)
    torch.testing.assert_close(run.method(*batch).detach(), each)
    assert run.method.begin(SMALL.steps - 1), "what was remembered is of another problem"
    sums = projections(each[:, : KrusellSmith.typical], slow_functions(run.model.parameter_box(), batch[1]))
    torch.testing.assert_close(run.method(*batch).detach(), torch.cat([each, 5 * sums], 1))
    assert float(sums.abs().max()) > 0


def test_a_run_that_goes_on_among_the_last_steps_ends_where_the_other_does() -> None:
    settings = replace(SMALL, projection_weight=5.0, steps=6)
    run, again = Run(KrusellSmith(), settings), Run(KrusellSmith(), settings)
    for step in range(6):
        run.advance()
        if step == 4:
            again.restore(deepcopy(run.state()))
    again.advance()
    for ours, theirs in zip(run.policy.parameters(), again.policy.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_groups_are_the_poorer_and_the_richer_half_of_those_who_work() -> None:
    run = Run(KrusellSmith(), replace(SMALL, group_weight=4.0))
    rows, _ = run.sampler.draw(run.policy)
    n_states = sum(state.size for state in run.model.states)
    drawn = columns_of(rows[:, n_states:].unflatten(-1, (HOUSEHOLDS, -1)), KrusellSmith.household.states)
    assert bool((drawn["employed"][:, 4:12] == 1).all())
    poorer, richer, *owners = drawn["assets"][:, 4:12].unflatten(1, (4, 2)).mean(2).unbind(1)
    assert bool((poorer < richer).all())
    assert bool((owners[0] < owners[1]).all())
    assert float((owners[0] > poorer).double().mean()) > 0.9


def test_one_household_is_anywhere_on_the_grid() -> None:
    run = Run(KrusellSmith(), replace(SMALL, batch=40 * HOUSEHOLDS))
    rows, parameters = run.sampler.draw(run.policy)
    n_states = sum(state.size for state in run.model.states)
    drawn = columns_of(rows[:, n_states:].unflatten(-1, (HOUSEHOLDS, -1)), KrusellSmith.household.states)
    unit = KrusellSmith.household.name_parameters(parameters).steady_capital
    poor, anyone = (drawn["assets"] / unit[:, None])[:, 12:].split([3, 1], 1)
    assert float(poor.max()) <= SEARCH
    assert 0.3 * GRID.top < float(anyone.mean()) < 0.7 * GRID.top


def test_what_all_save_matters_for_the_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(KrusellSmith(), SMALL)
    assert isinstance(run.method, HouseholdResiduals)
    batch = run.sampler.draw(run.policy)
    _, whole = run.method.jacobian(batch)
    slopes_of_tomorrow = HouseholdResiduals._slopes_of_tomorrow

    def as_if_given(method: HouseholdResiduals, *economy: Tensor) -> tuple[Tensor, Tensor]:
        told, slopes = slopes_of_tomorrow(method, *economy)
        return told, 0 * slopes

    monkeypatch.setattr(HouseholdResiduals, "_slopes_of_tomorrow", as_if_given)
    _, partial = run.method.jacobian(batch)
    assert (whole - partial).norm() > 0.1 * whole.norm()


def test_memory_lasts_as_long_as_the_share_says() -> None:
    run = Run(KrusellSmith(), replace(SMALL, memory=0.8, lasting_memory=0.25))
    remembered = []
    for run.step in (0, 10, 40, 400):  # a quarter of 40 steps are ten
        remembered.append(run._memory())
    assert remembered == pytest.approx([0.8, 0.8, 0.9, 0.99])


@pytest.mark.parametrize(("lasting", "late"), [(0.25, False), (0.0, True)])
def test_a_memory_that_lasts_is_kept_late_in_a_run(lasting: float, late: bool) -> None:
    run = Run(KrusellSmith(), replace(SMALL, lasting_memory=lasting, forgetting_steps=200))
    run.step = 199
    assert run._forgets()
    run.step = 200
    assert run._forgets() == late


def test_a_few_steps_make_residuals_smaller() -> None:
    """On a batch that no step was computed from; over eight seeds to .54 to .68 of what they were."""
    run = Run(KrusellSmith(), replace(SMALL, batch=64 * HOUSEHOLDS, steps=6))
    batch = run.sampler.draw(run.policy)

    def size() -> float:
        return float(run.method(*batch).detach().abs().clamp(max=0.05).square().mean() ** 0.5)

    start = size()
    for _ in range(6):
        run.advance()
    assert size() < 0.85 * start


def test_a_resumed_run_ends_at_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surrogate.training.run.SAVE_EVERY", 2)
    model, whole, parts = KrusellSmith(), tmp_path / "whole.ckpt", tmp_path / "parts.ckpt"
    expected = train(model, SMALL, whole).state_dict()

    class Interrupted(Exception):
        pass

    def interrupt(progress) -> None:
        if progress.step == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(model, SMALL, parts, progress=interrupt)
    found = train(model, SMALL, parts, resume=True).state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    loaded, _ = load_policy(whole, model)
    assert all(torch.equal(loaded.state_dict()[name], value) for name, value in expected.items())


def test_economies_of_the_bank_that_leave_begin_anew() -> None:
    run = Run(KrusellSmith(), SMALL)
    bank = run.sampler.population
    bank.states[0, :-1] = 0.0
    bank.states[0, 59] = bank.states[0, 119] = 0.5
    bank.move(run.policy)
    p = bank.model.name_parameters(bank.parameters)
    relative = bank.model.period(p, bank.states).capital / p.unit[..., 0]
    assert relative.max() < 1.5


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        (RealBusinessCycle(), {}, "rbc is none"),
        (KrusellSmith(), {"method": "euler"}, "take method=population"),
        (KrusellSmith(), {"sampling": "box"}, "sampling=mixed only"),
        (KrusellSmith(), {"constraints": "multipliers"}, "constraints=fischer_burmeister only"),
        (KrusellSmith(), {"device": "cuda"}, "device=cpu only"),
        (KrusellSmith(), {"ergodic_share": 0.3}, "ergodic_share=0.5 only"),
        (KrusellSmith(), {"hopeless_share": 0.2}, "hopeless_share=0.0 only"),
        (KrusellSmith(), {"horizon": 20}, "horizon=100 only"),
        (KrusellSmithAgents(), {"group_weight": 4.0}, "leave out group_weight"),
        (KrusellSmithAgents(), {"projection_weight": 4.0}, "leave out projection_weight"),
        (KrusellSmith(), {"batch": 48}, "makes 3 economies of 16 households"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(
    model: Model, changes: dict[str, str | float], words: str
) -> None:
    with pytest.raises(BadConfiguration, match=words):
        formulation(model, replace(SMALL, **changes))


def test_a_run_on_the_wrong_side_of_the_saddle_is_refused() -> None:
    """Everybody consumes a quarter less than they should, and capital goes where it never is."""
    run = Run(KrusellSmith(), SMALL)
    bank = run.sampler.population
    assert isinstance(bank, Bank)
    assert failure_of_population(bank, run.policy, 1) == ""
    with torch.no_grad():
        dict(run.policy.named_parameters())["household.layers.1.bias"].sub_(0.3)
    assert "wrong one" in failure_of_population(bank, run.policy, 1)


def test_a_grid_that_is_too_small_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at three times the mean of wealth, not at nine times."""
    monkeypatch.setattr("surrogate.models.krusell_smith.GRID", WealthGrid(NODES, top=3.0, power=2.2))
    run = Run(KrusellSmith(), SMALL)
    bank = run.sampler.population
    assert isinstance(bank, Bank)
    said = failure_of_population(bank, run.policy, 1)
    assert "of the households of 'krusell_smith' are at the end of the grid: it is too small" in said


def test_a_bank_that_has_not_settled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """All economies begin with equal wealth: after hundreds of quarters they still become less equal."""
    run = Run(KrusellSmith(), replace(SMALL, batch=64 * HOUSEHOLDS))
    bank = run.sampler.population
    assert isinstance(bank, Bank)
    equal = torch.zeros_like(bank.states)
    equal[:, 20:22], equal[:, 80:82] = 0.02, 0.48
    equal[:, -1] = 1 + bank.parameters[:, -1]
    bank.states = equal
    assert "has not settled" in failure_of_population(bank, run.policy, 1)
    monkeypatch.setattr("surrogate.training.watching.MOST_MOVES", 100.0)
    assert failure_of_population(bank, run.policy, 1) == ""


OWN = """
from surrogate.models.krusell_smith import NODES, KrusellSmith
from surrogate.models.krusell_smith_household import Household

class MyHousehold(Household):
    name = "my_household"

class Mine(KrusellSmith):
    name = "mine"
    household = MyHousehold()
"""


def test_a_population_and_its_household_live_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN, encoding="utf-8")
    assert from_file(file).name == "mine"


def test_an_economy_on_the_wrong_side_runs_away_for_the_certificate_too() -> None:
    run, generator = Run(KrusellSmith(), SMALL), torch.Generator().manual_seed(0)
    bank = run.sampler.population
    assert not run_away(run.policy, bank.states, bank.parameters, generator).any()
    with torch.no_grad():
        dict(run.policy.named_parameters())["household.layers.1.bias"].sub_(0.3)
    assert run_away(run.policy, bank.states, bank.parameters, generator).all()


def test_the_household_s_file_belongs_to_the_economy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint is refused if the household has changed."""
    before = fingerprint(KrusellSmith())
    monkeypatch.setattr(KrusellSmith, "household", RealBusinessCycle())
    assert fingerprint(KrusellSmith()) != before


@pytest.mark.parametrize("loss", [GemanMcClure, Huber])
def test_robust_losses_are_least_squares_for_small_residuals_and_less_beyond(loss) -> None:
    small, large = torch.tensor([1e-4], dtype=torch.float64), torch.tensor([3.0], dtype=torch.float64)
    torch.testing.assert_close(loss.value(small, 1.0), small**2, rtol=1e-7, atol=0)
    assert float(loss.value(large, 1.0)) < 9.0
    residuals = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    loss.value(residuals, 1.0).sum().backward()
    slope = 2 * loss.root_weight(residuals.detach(), 1.0) ** 2 * residuals.detach()
    torch.testing.assert_close(residuals.grad, slope)
