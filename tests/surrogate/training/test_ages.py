"""Savers whose errors are large are drawn more often, each economy by its own."""

import torch

from surrogate.training.ages import AGES, MOST_OFTEN, RAREST, draw_ages

SAVERS, ECONOMIES = 40, 4_000


def drawn_ages(errors: torch.Tensor) -> torch.Tensor:
    return draw_ages(errors, torch.Generator().manual_seed(1))


def alike(errors: torch.Tensor) -> torch.Tensor:
    """Errors [S] in each of many economies."""
    return errors.expand(ECONOMIES, -1)


def shares(drawn: torch.Tensor) -> torch.Tensor:
    """How often each age is drawn, relative to the mean."""
    counts = torch.bincount(drawn.flatten(), minlength=SAVERS).double()
    return counts / counts.mean()


def test_ages_of_an_economy_differ_and_are_even_where_errors_are() -> None:
    drawn = drawn_ages(alike(torch.full((SAVERS,), 1e-4, dtype=torch.float64)))
    assert drawn.shape == (ECONOMIES, AGES)
    assert all(len(set(row)) == AGES for row in drawn[:50].tolist())
    assert (shares(drawn) - 1).abs().max() < 0.15  # more than seven standard deviations of a share


def test_all_ages_are_looked_at_where_there_are_few() -> None:
    drawn = drawn_ages(torch.rand(5, AGES - 3, dtype=torch.float64))
    assert drawn.sort(1).values.tolist() == [list(range(AGES - 3))] * 5


def test_large_errors_are_looked_at_more_often_and_small_ones_are_not_left_out() -> None:
    errors = torch.ones(SAVERS, dtype=torch.float64)
    errors[3], errors[7] = 20.0, 0.0
    drawn = shares(drawn_ages(alike(errors)))
    assert drawn.argmax() == 3
    assert drawn[3] > 2.0
    assert drawn.argmin() == 7
    assert 0.5 * RAREST < drawn[7] < 0.9
    assert drawn.max() < MOST_OFTEN


def test_each_economy_has_its_own_large_errors() -> None:
    errors = torch.ones(2, ECONOMIES // 2, SAVERS, dtype=torch.float64)
    errors[0, :, 3], errors[1, :, 30] = 20.0, 20.0
    first, second = (shares(each) for each in drawn_ages(errors.flatten(0, 1)).chunk(2))
    assert first.argmax() == 3
    assert second.argmax() == 30


def test_errors_that_are_all_zero_or_no_numbers_leave_ages_to_draw() -> None:
    for value in (0.0, torch.nan):
        drawn = drawn_ages(alike(torch.full((SAVERS,), value, dtype=torch.float64)))
        assert (shares(drawn) - 1).abs().max() < 0.15


def test_what_is_no_number_is_drawn_least_and_moves_no_other() -> None:
    errors = torch.ones(SAVERS, dtype=torch.float64)
    plain = shares(drawn_ages(alike(errors)))
    errors[5], errors[6] = torch.nan, torch.inf
    drawn = shares(drawn_ages(alike(errors)))
    assert set(drawn.argsort()[:2].tolist()) == {5, 6}
    others = [age for age in range(SAVERS) if age not in (5, 6)]
    assert (drawn[others] / drawn[others].mean() - plain[others]).abs().max() < 0.2
