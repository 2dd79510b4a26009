"""The distribution of wealth in torch, held against the classical solution's own, written apart in NumPy."""

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate.models.wealth import WealthGrid, share_of_poorest
from surrogate.reference import lottery as classical
from surrogate.reference.wealth_distribution import lorenz

GRID = WealthGrid(30, 9.0, 2.2)


@pytest.fixture
def places() -> Tensor:
    return 9 * torch.rand(4, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 2


@pytest.fixture
def mass() -> Tensor:
    drawn = torch.rand(4, 30, generator=torch.Generator().manual_seed(1), dtype=torch.float64) ** 3
    return drawn / drawn.sum(-1, keepdim=True)


def test_the_lottery_is_the_classical_one(places: Tensor) -> None:
    first, weights = GRID.lottery(places)
    other = classical.WealthGrid(30, 9.0, 2.2)
    np.testing.assert_allclose(GRID.points.numpy(), other.nodes, atol=1e-12)
    expected_first, expected = classical.lottery(other, places.numpy())
    assert (first.numpy() == expected_first).all()
    np.testing.assert_allclose(torch.stack(weights, -1).numpy(), expected, atol=1e-10)


def test_moving_keeps_mass_and_mean_and_inside_the_grid_three_moments(mass: Tensor) -> None:
    nodes = GRID.points
    places = 0.3 + 0.7 * nodes.expand_as(mass)
    moved = GRID.move(mass, places)
    for power in range(4):
        torch.testing.assert_close(
            (moved * nodes**power).sum(-1),
            (mass * places**power).sum(-1),
            rtol=0.02 if power > 1 else 1e-12,
            atol=0,
        )
    inner = torch.zeros(30, dtype=torch.float64)
    inner[10:20] = 0.1
    moved = GRID.move(inner, places[0])
    for power in range(4):
        torch.testing.assert_close((moved * nodes**power).sum(), (inner * places[0] ** power).sum())


def test_between_nodes_a_cubic_is_exact(places: Tensor) -> None:
    inside = places.clamp(float(GRID.points[1]), float(GRID.points[-2]) - 1e-9)

    def cubic(x: Tensor) -> Tensor:
        return 1 + x - 0.3 * x**2 + 0.02 * x**3

    found = GRID.interpolated(cubic(GRID.points).expand(4, -1), inside)
    torch.testing.assert_close(found, cubic(inside))


def test_one_curve_serves_many_places(places: Tensor) -> None:
    curves = torch.stack([GRID.points, GRID.points**2])
    found = GRID.interpolated(curves[:, None], places[None])
    assert found.shape == (2, 4, 50)
    torch.testing.assert_close(found[0], places)


def test_shares_of_wealth_are_those_of_lorenz_curve(mass: Tensor) -> None:
    nodes = GRID.points
    owned = mass * nodes / (mass * nodes).sum(-1, keepdim=True)
    curve = lorenz(nodes.numpy(), mass.numpy())
    for share in (0.1, 0.5, 0.9):
        found = share_of_poorest(mass, owned, share)
        np.testing.assert_allclose(found.numpy(), curve.share(0.0, share), atol=1e-12)


def test_quantiles_are_where_the_mass_is(mass: Tensor) -> None:
    u = torch.full((4, 2000), 0.5, dtype=torch.float64)
    drawn = GRID.quantiles(mass, u)
    assert (drawn.diff(dim=-1) >= 0).all()
    for row, masses in zip(drawn, mass, strict=True):
        below = torch.stack([(row <= node).double().mean() for node in GRID.points[1:]])
        torch.testing.assert_close(below, masses.cumsum(-1)[1:], rtol=0, atol=1e-3)
