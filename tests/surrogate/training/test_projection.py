"""Errors projected on slow functions of the parameters."""

import pytest
import torch

from surrogate.training.projection import projections, slow_functions

LOWER, UPPER = torch.tensor([0.0, 1.0, 2.0]).double(), torch.tensor([1.0, 1.0, 4.0]).double()


def parameters(n: int) -> torch.Tensor:
    """In the box, with a number behind them that was prepared from them."""
    u = torch.rand(n, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat([LOWER + (UPPER - LOWER) * u[:, :3], u[:, 3:]], 1)


def test_functions_are_orthonormal_and_span_quadratics_of_what_has_a_range() -> None:
    theta = parameters(50)
    q = slow_functions((LOWER, UPPER), theta)
    assert q.shape == (50, 6)
    torch.testing.assert_close(q.T @ q, torch.eye(6).double())
    x, y = theta[:, 0], theta[:, 2]
    quadratic = 1 + x - 2 * y + x * y + 3 * y**2
    torch.testing.assert_close(q @ (q.T @ quadratic), quadratic)
    cubic = x**3
    assert float((q @ (q.T @ cubic) - cubic).abs().max()) > 1e-3


@pytest.mark.parametrize("n", [1, 4])
def test_there_are_no_more_functions_than_economies(n: int) -> None:
    assert slow_functions((LOWER, UPPER), parameters(n)).shape == (n, n)


def test_at_one_calibration_it_is_the_mean() -> None:
    q = slow_functions((LOWER, LOWER), LOWER.expand(9, -1))
    torch.testing.assert_close(q.abs(), torch.full((9, 1), 1 / 3).double())


def test_projections_keep_what_is_slow_and_average_out_what_is_not() -> None:
    theta = parameters(200)
    q = slow_functions((LOWER, UPPER), theta)
    slow = torch.stack([theta[:, 0], 1 + theta[:, 2] ** 2], 1)
    kept = projections(slow, q)
    assert kept.shape == (200, 1)
    torch.testing.assert_close(kept.square().sum(), slow.square().sum())
    noise = torch.randn(200, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert float(projections(noise, q).square().sum()) < 0.1 * float(noise.square().sum()), "6 of 200"
    errors = slow.clone()
    errors[3] = torch.nan
    without = slow.clone()
    without[3] = 0
    assert torch.equal(projections(errors, q), projections(without, q)), "what is no number does not count"


def test_projections_are_linear_whatever_the_shape() -> None:
    """So derivatives of errors are projected as errors are."""
    q = slow_functions((LOWER, UPPER), parameters(20))
    errors = torch.randn(20, 8, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    whole = projections(errors, q)
    assert whole.shape == (20, 3, 3)
    assert whole.flatten(0, 1)[:48].abs().min() > 0
    assert not whole.flatten(0, 1)[48:].any(), "six functions, eight households"
    for part in range(3):
        torch.testing.assert_close(whole[..., part], projections(errors[..., part], q))
