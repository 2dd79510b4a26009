"""What a certificate refuses."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from surrogate import load
from surrogate.accuracy.euler import accepted_parameters
from surrogate.errors import SurrogateError
from surrogate.models import get
from surrogate.training.existence import has_equilibrium


def test_a_box_that_is_solved_hardly_anywhere_is_not_certified() -> None:
    generator = torch.Generator().manual_seed(0)

    def corner(parameters: torch.Tensor) -> torch.Tensor:
        return (parameters[:, :4] < parameters.new_tensor([0.251, 0.9501, 0.0101, 1.01])).all(dim=-1)

    with pytest.raises(SurrogateError, match="solves 'rbc' hardly anywhere in its box: train longer"):
        accepted_parameters(get("rbc"), 20, generator, corner)


def test_drawing_goes_on_until_enough_lies_in_a_small_region() -> None:
    found = accepted_parameters(
        get("rbc"), 20, torch.Generator().manual_seed(0), lambda parameters: parameters[:, 0] < 0.26
    )
    assert found.shape == (20, 6)
    assert bool((found[:, 0] < 0.26).all())


@pytest.mark.parametrize("name", ["consumption_saving", "nk_zlb"])
def test_what_ships_is_certified_hardly_anywhere_without_an_equilibrium(name: str) -> None:
    """And nearly everywhere with one, beyond what network and surface miss."""
    surrogate = load(name)
    theta = np.random.default_rng(6).uniform(surrogate.lower, surrogate.upper, (3000, surrogate.n_parameters))
    inside, exists = surrogate.inside(theta), has_equilibrium(name, surrogate.card.parameters, theta)
    assert np.mean(~exists[inside]) < 0.01
    assert np.mean(inside[exists]) > 0.95
