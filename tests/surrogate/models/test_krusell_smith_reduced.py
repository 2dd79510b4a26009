"""The reduced economy's accounting against that of the full one."""

from pathlib import Path

import pytest
import torch

from surrogate.models import Reduced, get
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.krusell_smith_reduced import KrusellSmithReduced
from surrogate.models.registry import installed_name, names
from surrogate.models.variables import columns_of, unpack
from surrogate.policy import PolicyNetwork, policy_of
from surrogate.training.checks import check_economy
from surrogate.training.sampling import advance, draw_parameters, draw_shocks, draw_states


@pytest.fixture(scope="module")
def model() -> KrusellSmithReduced:
    return KrusellSmithReduced()


def test_with_the_full_economy_s_consumption_it_moves_as_the_full_economy_does(model) -> None:
    """Capital, output and productivity after booms and busts, at random parameters."""
    full, generator = KrusellSmith(), torch.Generator().manual_seed(0)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        policy = policy_of(full, (8, 8), 8)
        parameters = draw_parameters(full, 40, generator)
        states = draw_states(full, parameters, generator)
        for _ in range(5):
            p, q = full.name_parameters(parameters), model.name_parameters(parameters)
            now = full.period(p, states, policy(states, p))
            seen = unpack(full.observed(now, now, p), full.observables)
            vars(seen).update(columns_of(states, full.states))
            few = model.of_full(seen)
            here = model.period(q, torch.stack([few["log_capital"], few["productivity"]], -1))
            torch.testing.assert_close(here.output, now.output)
            shocks = draw_shocks(full, 40, generator)
            states = full.tomorrow(now, shocks, p)
            then = full.period(p, states)
            here = model.period(q, torch.stack([few["log_capital"], few["productivity"]], -1))
            vars(here).update(consumption=few["consumption"])
            after = columns_of(model.tomorrow(here, shocks, q), model.states)
            torch.testing.assert_close(after["log_capital"], torch.log(then.capital))
            torch.testing.assert_close(after["productivity"], then.productivity)


def test_neither_consumption_nor_capital_can_be_negative(model) -> None:
    generator = torch.Generator().manual_seed(1)
    policy = PolicyNetwork(model, (8, 8), 8)
    with torch.no_grad():
        policy.layers[-1].get_parameter("bias").fill_(9.0)
        parameters = draw_parameters(model, 100, generator)
        states = draw_states(model, parameters, generator)
        for sign in (1, -1):
            policy.layers[-1].get_parameter("bias").mul_(sign)
            assert (policy(states, parameters) > 0).all()
            assert torch.isfinite(
                advance(policy, states, parameters, draw_shocks(model, 100, generator))
            ).all()


def test_the_anchor_is_at_rest_near_the_representative_agent_s_capital(model) -> None:
    """Over booms and busts: what moves capital in one is undone in the other up to a tenth of a percent."""
    parameters = draw_parameters(model, 50, torch.Generator().manual_seed(2))
    p = model.name_parameters(parameters)
    moved = []
    for boom in (-1, 1):
        states, _ = model.steady_state(p)
        states = torch.stack([states["log_capital"], 1 + boom * p.dz], -1)
        now = model.period(p, states)
        vars(now).update(model.anchor(now, p))
        moved.append(model.transition(now, unpack(torch.ones(50, 1), model.shocks), p)["log_capital"])
    rest = states[:, 0]
    assert ((moved[0] + moved[1]) / 2 - rest).abs().max() < 1e-3
    assert (moved[1] - moved[0]).min() > 1e-3


OWN = """
from surrogate.models.krusell_smith_reduced import KrusellSmithReduced

class Mine(KrusellSmithReduced):
    name = "mine"
"""


def test_one_of_ones_own_is_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN, encoding="utf-8")
    model = get(str(file))
    assert isinstance(model, Reduced)
    assert model.full is KrusellSmith
    assert installed_name(model) is None


def test_it_is_found_by_name_and_not_trained(model) -> None:
    assert isinstance(get("krusell_smith_reduced"), KrusellSmithReduced)
    assert "krusell_smith_reduced" not in names()
    (check,) = check_economy(model)
    assert not check.passed
    assert "fit it to krusell_smith" in check.detail
