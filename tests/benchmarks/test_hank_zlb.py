"""The parts of the figures with the bound that take no minutes."""

import numpy as np
import pytest
import torch

from benchmarks import hank_zlb
from benchmarks.hank_bound import Economies
from surrogate import load


@pytest.mark.parametrize("name", ["hank", "hank_zlb"])
def test_a_reduced_economy_is_held_beside_all_households(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured at these and other vectors: .0002 to .001, and .01 to .03 log points."""
    for setting, value in (("LIKELIHOODS", 2), ("FREE", 100), ("PERIODS", 40)):
        monkeypatch.setattr(hank_zlb, setting, value)
    found = hank_zlb.beside(load(f"{name}_reduced"), load(name))
    assert found.free.shape == (2, 3)
    assert (found.free > 0).all()
    assert found.free.max() < 0.01
    assert len(found.likelihoods) >= 1
    assert (np.abs(found.likelihoods) < 0.2).all()


@pytest.fixture(scope="module")
def at() -> Economies:
    """Twelve economies of the box."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hank_zlb, "ECONOMIES", 12)
        return hank_zlb.of_the_box(load("hank_zlb"))


@pytest.fixture(autouse=True)
def twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hank_zlb, "BOUND_QUARTERS", 20)


def test_errors_at_the_bound_are_those_of_economies_that_are_there(at: Economies) -> None:
    """Mean sizes are 1e-5 to 2e-4 over three draws; of a network that is not trained up to 1.6e-2."""
    theta, errors = hank_zlb.errors_where_it_binds(at)
    assert 0 < len(theta) == len(errors) < 12 * 20
    assert (errors.abs().mean(0) < 1e-3).all()


def test_errors_at_the_bound_are_shown_by_room(at: Economies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quarters of all classes add up, and each column is its equation's, of a group the first's."""
    model = at.policy.model
    columns = torch.cat([torch.arange(each.size) + 10 * k for k, each in enumerate(model.equations)])
    errors = 1e-6 * columns.double().expand(len(at.theta), -1)
    monkeypatch.setattr(hank_zlb, "errors_where_it_binds", lambda _: (at.theta, errors))
    header, _, *lines = (line.strip("| ").split(" | ") for line in hank_zlb.where_it_binds(at).splitlines())
    assert header == ["room", "quarters", *(each.name for each in model.equations)]
    *classes, everywhere = (int(row[1]) for row in lines)
    assert sum(classes) == everywhere == len(at.theta)
    assert all(row[2:] == [str(10 * k) for k in range(len(model.equations))] for row in lines)
