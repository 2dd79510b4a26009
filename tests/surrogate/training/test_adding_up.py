"""Equations whose errors add up weigh more in training, and no more in what training shows."""

from dataclasses import replace

import pytest
import torch

from surrogate.errors import BadConfiguration, UnknownName
from surrogate.models import get
from surrogate.models.rbc import RealBusinessCycle
from surrogate.training import recipe
from surrogate.training.by_equations import EulerResiduals
from surrogate.training.checks import require_sound
from surrogate.training.run import Run
from surrogate.training.settings import Settings, require_sensible

SMALL = {"hidden": (4, 4), "trunk": 2, "batch": 16}


def run_with(weight: float) -> Run:
    model = get("hank_zlb")
    return Run(model, replace(recipe(model).settings, adding_up_weight=weight, **SMALL))


def test_they_weigh_more_in_every_regime_and_nothing_else_does() -> None:
    run, plain = run_with(4.0), run_with(1.0)
    batch = run.sampler.draw(run.policy)
    assert isinstance(run.method, EulerResiduals)
    assert isinstance(plain.method, EulerResiduals)
    plain.policy.load_state_dict(run.policy.state_dict())
    names = [e.name for e in run.model.equations for _ in range(e.size)]
    heavy = ("hours", "budget", "bonds", "euler_mean")
    weights = torch.tensor([4.0 if name in heavy else 1.0 for name in names]).double()
    assert weights.sum() == len(names) + 12
    with torch.no_grad():
        weighted, own = run.method(*batch), plain.method(*batch)
        torch.testing.assert_close(weighted, own * weights.repeat(2))
        torch.testing.assert_close(run.method.unweighted(*batch), own)
        parts = torch.cat([part(*batch) for part in run.method.parts()], -1)
    torch.testing.assert_close(parts, weighted)


def test_progress_shows_the_economy_s_own_errors() -> None:
    assert run_with(4.0).progress().log10_error == run_with(1.0).progress().log10_error


@pytest.mark.parametrize(("name", "method"), [("rbc", "euler"), ("hank_zlb", "all_in_one")])
def test_a_weight_of_nothing_is_refused(name: str, method: str) -> None:
    with pytest.raises(BadConfiguration, match="leave it out"):
        require_sensible(Settings(adding_up_weight=4.0, method=method), get(name))


class Misspelt(RealBusinessCycle):
    """An economy that names an equation which it has not."""

    adding_up = ("eulr",)


def test_a_name_that_is_no_equation_is_refused() -> None:
    with pytest.raises(UnknownName, match="eulr"):
        require_sound(Misspelt())
