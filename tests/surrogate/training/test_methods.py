"""The methods of solution: zero or best at a known solution, repeatable, and clear about what they need."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, exp, log
from torch.nn.utils import parameters_to_vector

from surrogate.errors import BadConfiguration, Changed, NotSolved, UnknownName
from surrogate.export import export
from surrogate.models import Model, ParameterRange, Parameters, Period, get, pack, unpack
from surrogate.models.rbc import RealBusinessCycle
from surrogate.models.utility import constant_relative_risk_aversion
from surrogate.policy import PolicyNetwork
from surrogate.training import Settings, checkpoint, load_policy, train
from surrogate.training.by_equations import AllInOne, EulerResiduals, linearised_residuals
from surrogate.training.by_reward import Bellman, LifetimeReward, relative_reward, with_value
from surrogate.training.quadrature import rule
from surrogate.training.residuals import look_ahead, regime_residuals
from surrogate.training.run import METHODS, Run, describe, formulation, optimiser
from surrogate.training.sampling import Sampler, draw_parameters, draw_states
from surrogate.training.settings import CHOICES
from tests.surrogate.training.test_constraints import Store

SMALL = Settings(hidden=(8, 8), trunk=4, nodes=3, batch=128, adam_steps=2, steps=10)


class FullDepreciation(RealBusinessCycle):
    """Brock and Mirman (1972): consumption is the share 1 - alpha beta of resources, whatever the shocks."""

    name = "full_depreciation"
    parameters = (
        ParameterRange("alpha", 0.3, 0.4, 0.36),
        ParameterRange("beta", 0.9, 0.98, 0.95),
        ParameterRange("rho", 0.5, 0.9, 0.8),
        ParameterRange("sigma", 0.01, 0.04, 0.02),
    )

    def delta(self, p):
        return torch.ones_like(p.alpha)

    def gamma(self, p):
        return torch.ones_like(p.alpha)

    def characteristics(self, p):
        return Model.characteristics(self, p)

    def anchor(self, now, p):
        steady = self.steady_state(p)[1]["consumption"]
        return {"consumption": now.resources * steady / (steady + p.alpha * p.beta * now.resources)}


class Scaled:
    """A share `factor` of the best consumption, and the value of the best; in the place of a network."""

    def __init__(self, model: Model, factor: float = 1.0) -> None:
        self.model, self.factor = model, factor

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        s, p = unpack(states, self.model.states), self.model.name_parameters(parameters)
        saved = p.alpha * p.beta
        resources = exp(s.productivity + p.alpha * log(s.capital))
        found = {"consumption": self.factor * (1 - saved) * resources}
        if len(self.model.controls) > 1:
            constant = log(1 - saved) + saved / (1 - saved) * log(saved)
            slopes = p.alpha * log(s.capital) + s.productivity / (1 - p.beta * p.rho)
            steady = log(self.model.steady_state(p)[1]["consumption"])
            found["value"] = constant + (1 - p.beta) * slopes / (1 - saved) - steady
        return pack(found, self.model.controls)

    def candidates(self, states, p):
        return {(): self(states, p)}


def network(model: Model, factor: float = 1.0) -> PolicyNetwork:
    return cast(PolicyNetwork, Scaled(model, factor))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def points(model: Model, count: int = 200) -> tuple[Tensor, Tensor]:
    drawn = draw_parameters(model, count, generator())
    return draw_states(model, drawn, generator()), drawn


def test_bellman_residuals_vanish_at_the_closed_form() -> None:
    model = with_value(FullDepreciation())
    problem = Bellman(network(model), dataclasses.replace(SMALL, nodes=5), generator())
    assert problem(*points(model)).shape == (200, 2)
    assert problem(*points(model)).abs().max() < 1e-10
    wrong = Bellman(network(model, 0.99), SMALL, generator())
    assert wrong(*points(model))[:, 1].abs().min() > 0.005


def test_bellman_puts_regimes_together() -> None:
    """The borrowing limit is then a rounded bound, and the economy's own Euler errors still fall."""
    settings = Settings(method="bellman", hidden=(12, 12), trunk=8, batch=256, adam_steps=0, steps=20)
    run = Run(get("consumption_saving"), settings)
    start = run.progress().log10_error
    for _ in range(settings.steps):
        run.advance()
    assert not run.policy.model.constraints
    assert run.progress().log10_error < min(start - 0.5, -2.0)


def test_bellman_finds_a_constrained_choice(tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, method="bellman", hidden=(12, 12), batch=256, steps=60)
    for constraints in CHOICES["constraints"]:
        path = tmp_path / f"{constraints}.pt"
        policy = train(PricedStore(), dataclasses.replace(settings, constraints=constraints), path)
        states, parameters = points(policy.model)
        found = unpack(policy(states, parameters).detach(), policy.model.controls)
        assert (found.order - states[:, 0].clamp(min=1)).abs().mean() < 0.02


class PricedStore(Store):
    """Best is what customers ask for today, but no less than one is delivered: order = max(1, demand)."""

    def steady_state(self, p):
        return {"demand": 1 + 0 * p.rho}, {"order": 1 + 0 * p.rho}

    def state_bounds(self, p):
        return {"demand": (0 * p.rho, 0 * p.rho + 2)}

    def transition(self, now, e, p):
        return {"demand": 1 + p.rho * (now.demand - 1) + p.sigma * e.news}

    def reward(self, now, p):
        return now.demand * now.order - now.order**2 / 2

    def discount(self, p):
        return 0.9 + 0 * p.rho

    def complementarities(self, now, expected, p):
        return {"no_return": (now.order - 1, now.order - now.demand)}


def test_all_in_one_is_unbiased_for_the_squared_expected_residual() -> None:
    """Residuals of the store's deliveries are linear in the expectation once multipliers are there."""
    settings = dataclasses.replace(SMALL, method="all_in_one", constraints="multipliers", nodes=5)
    model = formulation(Store(), settings)
    torch.manual_seed(0)
    policy = PolicyNetwork(model, (4,), 2)
    states, parameters = (t[:1].expand(40_000, -1) for t in points(model))
    squares = EulerResiduals(policy, settings, generator())(states[:1], parameters[:1]) ** 2
    method = AllInOne(policy, settings, generator())
    drawn = method(states, parameters, *method.draw(states))
    error = (drawn.mean(0) - squares[0]).abs()
    assert torch.all(error < 4 * drawn.std(0) / 200 + 1e-12)
    assert drawn.std(0).max() > 0.01


def test_linearising_costs_all_in_one_little_where_residuals_bend() -> None:
    """The mean over the draws, by quadrature, against the residual of the mean."""
    model = FullDepreciation()
    policy = PolicyNetwork(model, (4,), 2)
    states, parameters = points(model)
    nodes, weights = rule(1, 7)
    x = policy(states, parameters)
    p = model.name_parameters(parameters[:, None])
    exact = regime_residuals(policy, model, states, x, p, nodes, weights)
    ahead = look_ahead(policy, model, states, x, p, torch.cat([torch.zeros(1, 1), nodes]), torch.ones(1))
    linearised = (linearised_residuals(model, ahead) * weights[:, None]).sum(1)
    assert exact.abs().median() > 0.01
    assert (linearised - exact).abs().max() < 1e-5


@pytest.mark.parametrize("horizon", [20, 60])
def test_nothing_earns_more_than_the_closed_form(horizon: int) -> None:
    model, settings = FullDepreciation(), dataclasses.replace(SMALL, horizon=horizon)
    batch = points(model, 500)
    factors = (1.0, 0.97, 0.99, 1.01, 1.03)
    methods = [LifetimeReward(network(model, factor), settings, generator()) for factor in factors]
    best, *others = (-each(*batch, *each.draw(batch[0])).mean() for each in methods)
    assert all(other < best for other in others)


class Collapsing(FullDepreciation):
    """A first guess under which low capital is eaten up."""

    def anchor(self, now, p):
        steady = self.steady_state(p)[1]["consumption"]
        return {"consumption": now.resources * steady / (steady + now.capital)}


def test_paths_into_nothing_do_not_stop_the_others() -> None:
    settings = dataclasses.replace(SMALL, method="lifetime_reward", horizon=60, steps=20, batch=64)
    run = Run(Collapsing(), settings)
    states, parameters = run.sampler.draw(run.policy)
    earned = run.method(states, parameters, *run.method.draw(states))
    assert 0 < (~earned.isfinite()).double().mean() < 0.9
    before = parameters_to_vector(run.policy.parameters()).detach().clone()
    run.advance()
    assert not torch.equal(parameters_to_vector(run.policy.parameters()), before)


def test_a_relative_reward_is_zero_at_the_steady_state_and_free_of_units() -> None:
    model = get("rbc")
    p = model.name_parameters(points(model)[1])
    states, choices = model.steady_state(p)
    assert relative_reward(model, model.at_rest(p), p).abs().max() < 1e-12
    more = Period(model, p, states, {"consumption": 1.001 * choices["consumption"]})
    gain = relative_reward(model, more, p) * p.gamma
    torch.testing.assert_close(gain, torch.full_like(gain, 0.001), rtol=0.01, atol=0)


def test_utility_is_smooth_through_logarithmic() -> None:
    c = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    for gamma, expected in ((1.0, log(c)), (1.0 + 1e-9, log(c)), (3.0, (1 - c**-2) / 2)):
        aversion = torch.tensor(gamma, dtype=torch.float64, requires_grad=True)
        utility = constant_relative_risk_aversion(c, aversion)
        torch.testing.assert_close(utility, expected, rtol=1e-8, atol=1e-8)
        utility.sum().backward()
        assert aversion.grad is not None
        assert torch.isfinite(aversion.grad)


RUNS = {
    "euler": {},
    "euler_shifted": {"quadrature": "shifted", "nodes": 8},
    "euler_adam": {"optimiser": "adam", "sampling": "simulation", "batch": 512, "steps": 300},
    "all_in_one": {"method": "all_in_one", "batch": 512, "steps": 300, "learning_rate": 3e-3},
    "bellman": {"method": "bellman", "steps": 80, "batch": 256},
    "lifetime_reward": {"method": "lifetime_reward", "horizon": 15, "steps": 100, "learning_rate": 3e-3},
}


@pytest.mark.parametrize("name", RUNS)
def test_every_method_comes_closer_to_the_closed_form(name: str, tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, **RUNS[name])
    model = FullDepreciation()
    train(model, settings, tmp_path / "run.pt")
    policy, _ = load_policy(tmp_path / "run.pt", model)
    batch = points(model)
    exact = network(model)(*batch)[:, 0]
    error = (policy(*batch)[:, 0] / exact - 1).abs().mean()
    p = model.name_parameters(batch[1])
    start = model.anchor(model.period(p, batch[0]), p)["consumption"]
    assert error < 0.5 * (start / exact - 1).abs().mean()


def weights(path: Path) -> Tensor:
    return parameters_to_vector(load_policy(path, FullDepreciation())[0].parameters()).detach()


@pytest.mark.parametrize("name", RUNS)
def test_every_method_resumes_to_the_same_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from surrogate.training import run

    monkeypatch.setattr(run, "SAVE_EVERY", 3)
    monkeypatch.setattr(run, "ADAM_STEPS", 1)
    settings = dataclasses.replace(SMALL, **{**RUNS[name], "steps": 8, "batch": 64})

    def interrupt(progress: run.Progress) -> None:
        if progress.step == 6:
            raise KeyboardInterrupt

    solved_or_not = contextlib.suppress(NotSolved)  # in eight steps
    with solved_or_not:
        train(FullDepreciation(), settings, tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        train(FullDepreciation(), settings, tmp_path / "parts.pt", progress=interrupt)
    with solved_or_not:
        train(FullDepreciation(), settings, tmp_path / "parts.pt", resume=True)
    assert torch.equal(weights(tmp_path / "whole.pt"), weights(tmp_path / "parts.pt"))


@pytest.mark.parametrize(
    ("model", "changes", "told"),
    [
        ("an_schorfheide", {"method": "bellman"}, "no `reward` and no `discount`"),
        ("an_schorfheide_zlb", {"method": "lifetime_reward"}, "Take method=euler"),
        ("rbc", {"method": "lifetime_reward", "constraints": "multipliers"}, "leave out constraints"),
        ("rbc", {"method": "all_in_one", "optimiser": "levenberg_marquardt"}, "Adam is taken"),
        ("store", {"method": "all_in_one"}, "add constraints=multipliers"),
        ("store", {"method": "bellman"}, "no `reward`"),
    ],
)
def test_what_a_method_cannot_solve_is_said_before_anything_is_written(
    model: str, changes: dict[str, str], told: str, tmp_path: Path
) -> None:
    economy = Store() if model == "store" else get(model)
    with pytest.raises(BadConfiguration, match=told):
        train(economy, dataclasses.replace(SMALL, **changes), tmp_path / "run.pt")
    assert not list(tmp_path.iterdir())


def test_the_names_of_methods_are_the_choices() -> None:
    assert tuple(METHODS) == CHOICES["method"]
    for setting in CHOICES:
        with pytest.raises(UnknownName, match=f"setting {setting}"):
            dataclasses.replace(SMALL, **{setting: "none"})


def test_the_card_names_method_and_optimiser() -> None:
    assert describe(Settings()) == "Euler residuals by quadrature, Adam then Levenberg-Marquardt"
    assert describe(Settings(adam_steps=0)) == "Euler residuals by quadrature, Levenberg-Marquardt"
    assert describe(Settings(steps=0)) == "Euler residuals by quadrature, Adam"
    assert describe(Settings(method="all_in_one")).endswith("two draws of the shocks, Adam")
    assert describe(Settings(method="all_in_one", adam_steps=0)).endswith("two draws of the shocks, Adam")
    assert optimiser(Settings(method="bellman")) == "levenberg_marquardt"


@pytest.mark.parametrize(("sampling", "simulated"), [("mixed", 64), ("box", 0), ("simulation", 128)])
def test_sampling_says_where_states_come_from(sampling: str, simulated: int) -> None:
    model = FullDepreciation()
    sampler = Sampler(model, dataclasses.replace(SMALL, sampling=sampling), generator())
    assert len(sampler.population.states) == simulated
    states, parameters = sampler.draw(PolicyNetwork(model, (4,), 2))
    assert len(states) == len(parameters) == 128


MYOPIC = {"method": "lifetime_reward", "horizon": 1, "learning_rate": 0.3, "steps": 60}
DIVERGING = dataclasses.replace(SMALL, **MYOPIC)


def test_a_diverging_run_says_what_to_try_and_is_not_exported(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    with pytest.raises(NotSolved, match=r"try .* a longer horizon"):
        train(FullDepreciation(), DIVERGING, path)
    with pytest.raises(NotSolved, match="holds no solution"):
        export(path, tmp_path / "artifact", FullDepreciation())
    assert [found.name for found in tmp_path.iterdir()] == ["run.pt"]
    with pytest.raises(NotSolved, match="try"):
        train(FullDepreciation(), DIVERGING, path, resume=True)


def test_a_run_that_ends_no_better_than_it_began_is_no_solution() -> None:
    from surrogate.training.failures import failure_at_end

    assert "from 1e-05" in failure_at_end("rbc", -2.5, -5.0, Settings())
    assert "from 0.0016" in failure_at_end("rbc", -2.5, -2.8, Settings())
    assert failure_at_end("rbc", -2.9, -2.8, Settings()) == ""
    assert failure_at_end("rbc", -4.5, -12.0, Settings()) == ""
    assert failure_at_end("rbc", float("nan"), -2.8, Settings())
    assert "0.01 or less" in failure_at_end("rbc", -1.11, -0.75, Settings())
    assert failure_at_end("rbc", -2.01, -0.75, Settings()) == ""


@pytest.mark.parametrize("method", ["population", "generations"])
def test_economies_of_many_are_not_told_to_take_a_method_that_they_have_not(method: str) -> None:
    from surrogate.training.failures import failure_in_simulation

    said = failure_in_simulation("olg", 0.8, Settings(method=method))
    assert "80% of the simulated economies of 'olg' run away: try more steps" in said
    assert "method=" not in said


def test_checkpoints_from_before_there_were_methods_are_read_and_resumed(tmp_path: Path) -> None:
    path = tmp_path / "old.pt"
    train(FullDepreciation(), SMALL, path)
    content = checkpoint.read(path)
    for name in (*CHOICES, "learning_rate", "horizon"):
        del content["settings"][name]
    del content["state"]["start"], content["state"]["memory"]
    torch.save(content, path)
    assert load_policy(path, FullDepreciation())[1]["settings"].get("method") is None
    train(FullDepreciation(), SMALL, path, resume=True)
    with pytest.raises(Changed, match="method was 'euler', is 'bellman'"):
        train(FullDepreciation(), dataclasses.replace(SMALL, method="bellman"), path, resume=True)


class Known(FullDepreciation):
    """The same, from the closed form on."""

    def anchor(self, now, p):
        return {"consumption": (1 - p.alpha * p.beta) * now.resources}


@pytest.mark.slow
def test_a_value_function_is_exported_as_a_control(tmp_path: Path) -> None:
    from surrogate import load

    settings = dataclasses.replace(SMALL, method="bellman", hidden=(12, 12), batch=512, steps=100)
    train(Known(), settings, tmp_path / "run.pt")
    artifact = load(export(tmp_path / "run.pt", tmp_path / "artifact", Known()))
    assert [control.name for control in artifact.card.controls] == ["consumption", "value"]
    assert set(artifact.card.accuracy["box"]) == {"euler", "bellman"}
    assert artifact.card.training["method"].startswith("Bellman")
