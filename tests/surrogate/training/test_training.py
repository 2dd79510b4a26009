"""Training: least squares that converges, runs that repeat and resume, and clear refusals."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from surrogate.accuracy import certify, euler_errors
from surrogate.accuracy.errors import ergodic_states
from surrogate.errors import BrokenArtifact, Changed, NotSolved, SurrogateError, UnknownName
from surrogate.export import export
from surrogate.models import Control, Model, ParameterRange, Variable, get
from surrogate.policy import PolicyNetwork
from surrogate.training import Settings, checkpoint, load_policy, train
from surrogate.training.by_equations import EulerResiduals
from surrogate.training.existence import Surface
from surrogate.training.optimisers import LevenbergMarquardt, per_sample_jacobian
from surrogate.training.sampling import draw_parameters, draw_states, share_that_runs_away

SMALL = Settings(hidden=(8, 8), trunk=6, nodes=3, batch=512, adam_steps=2, steps=16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("training") / "rbc.ckpt"
    train(get("rbc"), SMALL, path)
    return path


def weights(path: Path) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(load_policy(path)[0].parameters()).detach()


def test_a_few_steps_beat_the_log_linear_start(trained: Path) -> None:
    start = PolicyNetwork(get("rbc"), SMALL.hidden, SMALL.trunk)
    policy, _ = load_policy(trained)
    generator = torch.Generator().manual_seed(1)
    parameters = draw_parameters(policy.model, 400, generator)
    states = draw_states(policy.model, parameters, generator)
    before, after = (euler_errors(p, states, parameters, 7).mean() for p in (start, policy))
    assert after < before - 0.5


def test_the_same_seed_gives_the_same_network(trained: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.ckpt"
    train(get("rbc"), SMALL, again)
    assert torch.equal(weights(again), weights(trained))
    other = tmp_path / "other.ckpt"
    train(get("rbc"), dataclasses.replace(SMALL, seed=1), other)
    assert not torch.equal(weights(other), weights(trained))


def test_an_interrupted_run_resumes_to_the_same_answer(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from surrogate.training import run

    monkeypatch.setattr(run, "SAVE_EVERY", 5)

    def interrupt(progress: run.Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    path = tmp_path / "interrupted.ckpt"
    with pytest.raises(KeyboardInterrupt):
        train(get("rbc"), SMALL, path, progress=interrupt)
    train(get("rbc"), SMALL, path, resume=True)
    assert torch.equal(weights(path), weights(trained))


def test_a_run_gives_the_threads_that_it_asks_for_back(tmp_path: Path) -> None:
    before, during = torch.get_num_threads(), []

    def look(progress: object) -> None:
        during.append(torch.get_num_threads())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            get("rbc"), dataclasses.replace(SMALL, threads=before + 1), tmp_path / "one.ckpt", progress=look
        )
    assert (during, torch.get_num_threads()) == ([before + 1], before)


def test_resume_refuses_other_settings(trained: Path) -> None:
    with pytest.raises(Changed, match=r"batch was 512, is 256"):
        train(get("rbc"), dataclasses.replace(SMALL, batch=256), trained, resume=True)


def test_resume_refuses_a_changed_model(trained: Path) -> None:
    with pytest.raises(Changed, match="has changed"):
        train(get("an_schorfheide"), SMALL, trained, resume=True)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken"])
def test_a_broken_checkpoint_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.ckpt"
    path.write_bytes(content)
    with pytest.raises(BrokenArtifact, match="train again"):
        load_policy(path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("model",), 5),
        (("source",), None),
        (("settings",), [1, 2]),
        (("settings", "hidden"), "wide"),
        (("settings", "hidden"), ("a", "b")),
        (("settings", "steps"), {}),
        (("settings", "method"), 3),
        (("state",), 7),
        (("state", "policy"), [1.0]),
    ],
)
def test_a_checkpoint_with_something_else_in_its_place_is_one_clear_error(
    trained: Path, tmp_path: Path, place: tuple[str, ...], value: object
) -> None:
    content = checkpoint.read(trained)
    part = content
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    torch.save(content, tmp_path / "odd.pt")
    with pytest.raises(BrokenArtifact, match="train again"):
        load_policy(tmp_path / "odd.pt")


def test_any_flipped_bit_of_a_checkpoint_is_noticed(trained: Path, tmp_path: Path) -> None:
    content, generator = trained.read_bytes(), torch.Generator().manual_seed(1)
    places = torch.randint(len(content), (300,), generator=generator).tolist()
    for place in [*range(120), *places]:  # the line with the hash, and anywhere
        (tmp_path / "flipped.pt").write_bytes(
            content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]
        )
        with pytest.raises(BrokenArtifact, match="damaged"):
            checkpoint.read(tmp_path / "flipped.pt")


def test_a_missing_checkpoint_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BrokenArtifact, match="dsge-surrogate train"):
        load_policy(tmp_path / "none.ckpt")


def test_an_unknown_economy_suggests_a_close_one() -> None:
    with pytest.raises(UnknownName, match="an_schorfheide"):
        get("an_shorfheide")


def test_the_jacobian_is_the_derivative_of_the_residuals() -> None:
    model = get("an_schorfheide")
    torch.manual_seed(0)
    policy = PolicyNetwork(model, (3,), 2)
    problem = EulerResiduals(policy, Settings(nodes=2), torch.Generator())
    generator = torch.Generator().manual_seed(0)
    parameters = draw_parameters(model, 5, generator)
    states = draw_states(model, parameters, generator)
    _, jacobian = per_sample_jacobian(problem, (states, parameters))
    first = next(iter(policy.parameters())).view(-1)
    with torch.no_grad():
        first[3] += 1e-5
        above = problem(states, parameters)
        first[3] -= 2e-5
        below = problem(states, parameters)
    change = ((above - below) / 2e-5).flatten()
    assert torch.allclose(change, jacobian[:, 3], rtol=1e-5, atol=1e-6)


class Line(torch.nn.Module):
    """Residuals of a line through noisy data: states are its two inputs, the parameter column its output."""

    def __init__(self) -> None:
        super().__init__()
        self.line = torch.nn.Linear(2, 1, dtype=torch.float64)

    def forward(self, states: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
        return self.line(states) - parameters[..., :1]


SLOPES = torch.tensor([[2.0, -1.0]], dtype=torch.float64)


def noisy_line(count: int, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(count, 2, dtype=torch.float64)
    return x, x @ SLOPES.T + 0.5 + noise * torch.randn(count, 1, dtype=torch.float64)


def test_levenberg_marquardt_solves_a_linear_least_squares_problem() -> None:
    torch.manual_seed(0)
    problem, batch = Line(), noisy_line(200, noise=0.0)
    optimiser = LevenbergMarquardt(problem, robust_quantile=1.0)
    for _ in range(20):
        optimiser.step(batch, batch)
    assert torch.allclose(problem.line.weight, SLOPES, atol=1e-6)


def test_one_hopeless_point_does_not_move_the_robust_fit() -> None:
    model = get("rbc")
    torch.manual_seed(0)
    problem = EulerResiduals(PolicyNetwork(model, (4,), 3), Settings(nodes=3), torch.Generator())
    generator = torch.Generator().manual_seed(0)
    parameters = draw_parameters(model, 64, generator)
    states = draw_states(model, parameters, generator)
    states[0, 0] = torch.nan
    optimiser = LevenbergMarquardt(problem, robust_quantile=0.95)
    before = optimiser.loss((states[1:], parameters[1:]), 0.01)
    optimiser.step((states, parameters), (states, parameters))
    assert optimiser.loss((states[1:], parameters[1:]), 0.01) < before


def test_a_surface_finds_a_quadratic_hardness() -> None:
    ranges = (ParameterRange("a", 0.5, 2.0, 1.0), ParameterRange("b", -1.0, 1.0, 0.0))
    theta = np.random.default_rng(0).uniform([0.5, -1.0], [2.0, 1.0], (500, 2))
    errors = np.log(theta[:, 0]) + theta[:, 1] ** 2
    surface = Surface.fit(ranges, theta, errors)
    np.testing.assert_allclose(surface.predict(theta), errors, atol=1e-9)
    region = surface.below(0.1, "easy")
    assert np.array_equal(region.contains(theta), errors <= 0.1)


def test_the_ergodic_set_stays_near_the_steady_state(trained: Path) -> None:
    policy, _ = load_policy(trained)
    generator = torch.Generator().manual_seed(2)
    parameters = draw_parameters(policy.model, 200, generator)
    states = ergodic_states(policy, parameters, generator)
    capital = policy.model.steady_state(policy.model.name_parameters(parameters))[0]["capital"]
    assert torch.log(states[:, 0] / capital).abs().quantile(0.9) < 0.5


def test_a_certificate_reports_each_law_and_the_worst_places(trained: Path) -> None:
    policy, _ = load_policy(trained)
    accuracy = certify(policy, 7, points=200, vectors=100).accuracy
    for law in ("box", "ergodic"):
        figures = accuracy[law]["euler"]
        assert figures["p50"] <= figures["p90"] <= figures["p99"] <= figures["max"] <= 0
    assert set(accuracy["worst"][0]["parameters"]) == {p.name for p in policy.model.parameters}


class Explosive(Model):
    """Residuals of order one whatever the policy."""

    name = "explosive"
    parameters = (ParameterRange("a", 0.0, 1.0, 0.5),)
    states = (Variable("k"),)
    controls = (Control("x"),)
    shocks = (Variable("e"),)
    observables = (Variable("y"),)
    equations = (Variable("impossible"),)

    def steady_state(self, p):
        return {"k": 0 * p.a}, {"x": 0 * p.a}

    def state_bounds(self, p):
        return {"k": (0 * p.a - 1, 0 * p.a + 1)}

    def transition(self, now, e, p):
        return {"k": 0.5 * now.k + e.e}

    def inside(self, now, then, p):
        return {"g": then.x}

    def residuals(self, now, expected, p):
        return {"impossible": 1 + now.x**2 + expected.g**2}

    def observe(self, now, then, p):
        return {"y": then.k}


def test_a_run_that_does_not_solve_the_economy_says_what_to_try(tmp_path: Path) -> None:
    path = tmp_path / "explosive.ckpt"
    with pytest.raises(SurrogateError, match="narrow the box"):
        train(Explosive(), SMALL, path)
    assert not path.exists()


class Stuck(Explosive):
    """Residuals that fall from 10^-0.6 to 10^-1.1 and no further."""

    name = "stuck"

    def anchor(self, now, p):
        return {"x": 0 * now.k + 0.3}

    def residuals(self, now, expected, p):
        return {"impossible": 0.08 + now.x**2 + expected.g**2}


class Unstable(Explosive):
    """A policy that is found exactly, x = k, with which capital grows by three percent a period."""

    name = "unstable"

    def anchor(self, now, p):
        return {"x": now.k + 0 * p.a}

    def transition(self, now, e, p):
        return {"k": 1.03 * now.x + 0.1 * e.e}

    def residuals(self, now, expected, p):
        return {"impossible": now.x - now.k + 0 * expected.g}


def test_a_run_that_stays_inaccurate_is_refused_by_train_and_by_export(tmp_path: Path) -> None:
    path = tmp_path / "stuck.pt"
    with pytest.raises(NotSolved, match=r"0\.08\d* on average, from 0\.\d+ before .* has 0\.01 or less"):
        train(Stuck(), SMALL, path)
    with pytest.raises(NotSolved, match=r"0\.01 or less"):
        export(path, tmp_path / "out", Stuck())


def test_an_exact_policy_with_which_economies_run_away_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unstable.pt"
    with pytest.raises(NotSolved, match="100% of the simulated economies of 'unstable' run away"):
        train(Unstable(), SMALL, path)
    with pytest.raises(NotSolved, match="run away"):
        export(path, tmp_path / "out", Unstable())


@pytest.mark.slow
@pytest.mark.parametrize(("model", "words"), [(Stuck, "hardly anywhere"), (Unstable, "hardly anywhere")])
def test_the_certificate_refuses_what_training_did_not(
    model: type[Model], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.pt"
    with pytest.raises(NotSolved):
        train(model(), SMALL, path)
    content = checkpoint.read(path)
    torch.save({**content, "state": {**content["state"], "failure": ""}}, path)
    with pytest.raises(NotSolved, match=words):
        export(path, tmp_path / "out", model())
    assert not (tmp_path / "out").exists()


def test_economies_that_stay_are_told_from_those_that_run_away(trained: Path) -> None:
    policy, _ = load_policy(trained)
    for each, share in ((policy, 0.0), (PolicyNetwork(Unstable(), (4,), 2), 1.0)):
        draws = torch.Generator().manual_seed(3)
        parameters = draw_parameters(each.model, 50, draws)
        states = draw_states(each.model, parameters, draws)
        assert share_that_runs_away(each, states, parameters, draws) == share


def test_the_fingerprint_covers_the_economy_that_is_extended() -> None:
    modules = [module.__name__.rpartition(".")[2] for module in checkpoint._modules(get("brock_mirman"))]
    assert modules == ["brock_mirman", "rbc", "rbc_aid"]
