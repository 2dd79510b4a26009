"""The economy with heterogeneous households and the bound."""

import pytest
import torch

from surrogate.models import get
from surrogate.models.hank import Hank
from surrogate.models.hank_zlb import HankZeroLowerBound
from surrogate.models.hank_zlb_reduced import HankZeroLowerBoundReduced
from surrogate.models.interface import Period
from surrogate.training.checks import check_economy
from surrogate.training.sampling import draw_parameters, place_states


@pytest.fixture(scope="module")
def model() -> HankZeroLowerBound:
    return HankZeroLowerBound()


def test_checks_pass(model) -> None:
    assert [check for check in check_economy(model) if not check.passed] == []


def test_it_is_known_by_name() -> None:
    assert isinstance(get("hank_zlb"), HankZeroLowerBound)


@pytest.mark.parametrize("fall", [0.0, 0.04])
def test_the_rate_is_that_of_the_rule_or_zero(model, fall) -> None:
    """At rest, and where inflation is sixteen points a year lower."""
    theta = model.default_parameters()
    p, free = model.name_parameters(theta), Hank().name_parameters(theta)
    states, controls = model.steady_state(p)
    lower = {**controls, "inflation": controls["inflation"] * (1 - fall)}
    here, there = Period(model, p, states, lower), Period(Hank(), free, states, lower)
    assert float(here.notional_rate) == float(there.log_rate)
    assert float(here.log_rate) == max(0.0, float(there.log_rate))
    assert bool(here.binds("lower_bound")) == (fall > 0)
    told = Period(model.given((False,)), p, states, lower)
    assert float(told.log_rate) == float(there.log_rate)


def test_training_looks_around_the_bound(model) -> None:
    """The first-order rate of the states that it draws is where the aid says, and the network sees it."""
    generator = torch.Generator().manual_seed(0)
    parameters = draw_parameters(model, 200, generator)
    p = model.name_parameters(parameters)
    now = model.period(p, place_states(model, parameters, generator))
    assert -0.0071 < float(now.first_order_rate.min()) < -0.0065
    assert 0.0035 < float(now.first_order_rate.max()) < 0.0041
    torch.testing.assert_close(model.coordinates(now, p)["rate"], now.first_order_rate / 0.02)


def test_the_reduced_economy_has_the_same_rate_and_sees_the_same(model) -> None:
    """With moments in the place of households a period says what the network of the full economy sees."""
    reduced = HankZeroLowerBoundReduced()
    theta = model.default_parameters()
    p, q = model.name_parameters(theta), reduced.name_parameters(theta)
    states, controls = model.steady_state(p)
    low = {**controls, "inflation": controls["inflation"] * 0.96}
    states["preference"] = p.sigma_zeta
    full = Period(model, p, states, low)
    small = Period(reduced, q, {**states, "expected": full.expected}, low)
    assert float(small.log_rate) == float(full.log_rate) == 0.0
    assert float(small.notional_rate) == float(full.notional_rate) < 0.0
    seen, there = reduced.coordinates(small, q), model.coordinates(full, p)
    assert list(seen) == list(there)
    for name, value in there.items():
        torch.testing.assert_close(seen[name], value)
