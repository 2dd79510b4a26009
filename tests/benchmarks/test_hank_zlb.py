"""The parts of the figures with the bound that take no minutes."""

import numpy as np
import pytest

from benchmarks import hank_zlb
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


def test_errors_at_the_bound_are_shown_by_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quarters of all classes add up, and no equation is off by as much as a hundredth."""
    for setting, value in (("ECONOMIES", 12), ("BOUND_QUARTERS", 20)):
        monkeypatch.setattr(hank_zlb, setting, value)
    at = hank_zlb.of_the_box(load("hank_zlb"))
    header, _, *lines = (line.strip("| ").split(" | ") for line in hank_zlb.where_it_binds(at).splitlines())
    assert header == ["room", "quarters", *(each.name for each in at.policy.model.equations)]
    *classes, everywhere = (int(row[1]) for row in lines)
    assert sum(classes) == everywhere > 0
    assert all(abs(int(error)) < 10_000 for row in lines for error in row[2:])
