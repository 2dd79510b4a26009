"""What a certificate refuses."""

import pytest

pytest.importorskip("torch")

import torch

from surrogate.accuracy.euler import accepted_parameters
from surrogate.errors import SurrogateError
from surrogate.models import get


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
