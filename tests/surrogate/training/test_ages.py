"""Ages with large errors are drawn more often, and a run that is resumed draws the same ones."""

import torch

from surrogate.models.olg import overlapping_generations
from surrogate.training.ages import FORGETTING, MOST_OFTEN, RAREST, AgeTilt, ages_in_batch

MODEL = overlapping_generations(generations=41)
ECONOMIES = 4_000


def tilt(seed: int = 1) -> AgeTilt:
    return AgeTilt(MODEL, torch.Generator().manual_seed(seed))


def everybody(errors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors [S] as those of one economy's savers of every age, of both equations."""
    return torch.arange(len(errors))[None], errors[None, :, None].expand(1, -1, 2)


def shares(drawn: torch.Tensor) -> torch.Tensor:
    """How often each age is drawn, relative to the mean."""
    counts = torch.bincount(drawn.flatten(), minlength=MODEL.n_savers).double()
    return counts / counts.mean()


def test_ages_of_an_economy_differ_and_are_even_at_first() -> None:
    drawn = tilt().draw(ECONOMIES)
    assert drawn.shape == (ECONOMIES, ages_in_batch(MODEL)) == (ECONOMIES, 16)
    assert all(len(set(row)) == 16 for row in drawn[:50].tolist())
    assert (shares(drawn) - 1).abs().max() < 0.15  # more than seven standard deviations of a share


def test_large_errors_are_looked_at_more_often_and_none_is_forgotten() -> None:
    ages, errors = tilt(), torch.ones(MODEL.n_savers, dtype=torch.float64)
    errors[3], errors[7] = 20.0, 0.0
    ages.learn(*everybody(errors))
    drawn = shares(ages.draw(ECONOMIES))
    assert drawn.argmax() == 3
    assert drawn[3] > 2.0
    assert drawn.argmin() == 7
    assert 0.5 * RAREST < drawn[7] < 0.9
    assert drawn.max() < MOST_OFTEN


def test_what_is_no_number_and_who_is_not_drawn_teach_nothing() -> None:
    ages, errors = tilt(), torch.full((MODEL.n_savers,), 2.0, dtype=torch.float64)
    ages.learn(*everybody(errors))
    ages.learn(torch.tensor([[5, 6]]), torch.tensor([[[torch.nan, torch.nan], [4.0, 4.0]]]).double())
    assert ages.squares is not None
    expected = torch.full_like(errors, 4.0)
    expected[6] = 4.0 * (1 - FORGETTING) + 16.0 * FORGETTING
    torch.testing.assert_close(ages.squares, expected)


def test_errors_that_are_all_zero_or_no_numbers_leave_ages_to_draw() -> None:
    for value, learnt in ((0.0, 1), (torch.nan, 0)):
        ages = tilt()
        ages.learn(*everybody(torch.full((MODEL.n_savers,), value, dtype=torch.float64)))
        assert len(ages.state()) == learnt
        assert (shares(ages.draw(ECONOMIES)) - 1).abs().max() < 0.15


def test_it_goes_on_where_it_was() -> None:
    first, second = tilt(), tilt()
    assert second.state() == []
    first.learn(*everybody(torch.linspace(0.1, 3.0, MODEL.n_savers, dtype=torch.float64)))
    second.restore(first.state())
    assert torch.equal(first.draw(5), second.draw(5))
