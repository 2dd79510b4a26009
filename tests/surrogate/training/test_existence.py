"""Training draws only where an equilibrium exists, as far as a classical method can tell."""

import numpy as np
import pytest
import torch

from surrogate.artifact.card import ParameterRange
from surrogate.models import get
from surrogate.models.consumption_saving import ConsumptionSaving
from surrogate.models.interface import Model
from surrogate.models.registry import entry_of, installed_name
from surrogate.training.by_equations import with_multipliers
from surrogate.training.by_reward import with_value
from surrogate.training.existence import Surface, existence_region, has_equilibrium, largest_level
from surrogate.training.sampling import HardnessTilt
from surrogate.training.settings import Recipe, Settings, recipe

SAVING = get("consumption_saving")
"""A theorem says where it has an equilibrium: beta (1 + r) < 1."""
BOUND = get("nk_zlb")
"""Time iteration says where it has one."""


def uniform(count: int, model: Model = SAVING) -> np.ndarray:
    lower, upper = (end.numpy() for end in model.parameter_box())
    return np.random.default_rng(2).uniform(lower, upper, (count, len(lower)))


def test_a_theorem_is_the_region_exactly() -> None:
    region = existence_region(SAVING)
    theta = uniform(4000)
    stationary = theta[:, 0] * (1 + theta[:, 1]) < 1
    assert 0.9 < stationary.mean() < 0.99
    assert region is not None
    np.testing.assert_array_equal(region.contains(theta), stationary)
    np.testing.assert_array_equal(has_equilibrium(SAVING, theta), stationary)


def test_the_region_is_fitted_to_what_a_classical_method_finds() -> None:
    region = existence_region(BOUND)
    theta = uniform(500, BOUND)
    exists = has_equilibrium(BOUND, theta)
    assert 0.5 < exists.mean() < 0.95
    assert region is not None
    assert np.mean(region.contains(theta) == exists) > 0.95
    assert np.mean(~exists[region.contains(theta)]) < 0.02  # half a percent of those it was fitted to


def test_where_nothing_can_tell_there_is_nothing_to_leave_out() -> None:
    model = get("rbc")
    assert existence_region(model) is None
    lower = model.parameter_box()[0].numpy()[None]
    assert has_equilibrium(model, lower).all()


@pytest.mark.parametrize("learnt", [False, True], ids=["at first", "with a surface"])
def test_draws_stay_where_an_equilibrium_exists(learnt: bool) -> None:
    tilt = HardnessTilt(SAVING, 0.0, torch.Generator().manual_seed(0))
    if learnt:  # where it is hardest there is no equilibrium
        theta = uniform(2000)
        hardness = -3 + 20 * (theta[:, 0] - 0.94) + 20 * theta[:, 1]
        tilt.surface = Surface.fit(SAVING.parameters, theta, hardness)
    drawn = tilt.draw(2000).numpy()
    assert drawn.shape == (2000, 5)
    assert (drawn[:, 0] * (1 + drawn[:, 1]) < 1).all()


def test_a_surface_finds_a_quadratic_boundary() -> None:
    ranges = tuple(ParameterRange(name, -1.0, 1.0, 0.0) for name in "abc")
    theta = np.random.default_rng(3).uniform(-1, 1, (1500, 3))
    failed = theta[:, 0] * theta[:, 1] + theta[:, 2] ** 2 > 0.3
    predicted = Surface.between(ranges, theta[:1000], failed[:1000]).predict(theta)
    assert 0.2 < failed.mean() < 0.8
    assert np.mean((predicted > 0) == failed) > 0.98


def test_a_surface_over_one_calibration_is_flat() -> None:
    """Of .96 a thousand times the standard deviation is 2e-16, of .5 it is zero."""
    ranges = tuple(ParameterRange(name, at, at, at) for name, at in (("a", 0.5), ("b", 0.96)))
    theta = np.tile([0.5, 0.96], (1000, 1))
    errors = np.random.default_rng(0).normal(-4.0, 0.1, 1000)
    predicted = Surface.fit(ranges, theta, errors).predict(theta)
    np.testing.assert_allclose(predicted, errors.mean(), rtol=1e-6)


def test_the_largest_level_tolerates_what_it_is_told_to() -> None:
    predicted = np.arange(10.0)
    failed = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    assert largest_level(predicted, failed, 0.0) == 3.0
    assert largest_level(predicted, failed, 0.125) == 7.0
    assert largest_level(predicted, ~failed[::-1], 0.0) == 1.0


class Saving(ConsumptionSaving):
    """Someone's own, with the name of the shipped one and other parameters."""

    parameters = tuple(each for each in ConsumptionSaving.parameters if each.name != "beta")


def test_an_economy_with_the_name_of_a_shipped_one_inherits_nothing_that_is_known_of_that() -> None:
    own = Saving()
    assert own.name == SAVING.name
    assert entry_of(own) is None
    assert existence_region(own) is None
    assert has_equilibrium(own, np.ones((3, 4))).all()
    assert recipe(own) == Recipe(Settings())
    assert recipe(SAVING).settings.memory == 0.95
    assert recipe(SAVING).test_nodes == 61


def test_what_is_known_of_an_economy_is_known_of_it_with_multipliers_or_a_value() -> None:
    for formulated in (with_multipliers(SAVING), with_value(get("rbc")), SAVING.given((True,))):
        assert installed_name(formulated) == formulated.name
    assert existence_region(with_multipliers(SAVING)) is existence_region(SAVING)
