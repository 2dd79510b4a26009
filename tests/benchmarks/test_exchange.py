"""What the exchange of networks and losses rests on: every loss is zero at the closed form of six
generations, and at no other saving rates.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.exchange import LOSS_CLASSES, LOSSES, NETWORKS, Cell
from benchmarks.exchange_economies import Analytic, Choice

ECONOMIES, OUTCOMES, LATEST = 4, 4, 4
"""How many, outcomes of a period, and periods until the newborn choose for the last time."""


class ClosedForm:
    """Saving rates of the closed form times 1 + `error`, and the value to each chooser of going on like that:
    the exact sum over all that may happen in a life.
    """

    def __init__(self, error: float) -> None:
        self.economy = Analytic()
        self.raw = torch.logit(self.economy.exact * (1 + error))[:, None]

    def choose(self, s: Tensor, held: Tensor, job: float | None = None) -> Choice:
        return self.economy.choose(s, held, self.raw.expand(*held.shape[:-1], 1), s[..., :0], job)

    def worth(self, s: Tensor, held: Tensor, job: float | None = None, period: int = 0) -> Tensor:
        economy, own = self.economy, self.choose(s, held)
        of_all = self.choose(s, economy.held(s)).saved
        later = []
        for outcome in range(OUTCOMES):
            then, values = economy.tomorrow(s, of_all, outcome, s[..., :0]), torch.zeros_like(own.consumption)
            if period < LATEST:  # later on nobody chooses who was alive in the first period
                values = self.worth(then, economy.next_held(own.saved), job, period + 1)
            later.append(economy.next_values(then, own.saved, values))
        return economy.utility(own.consumption) + economy.beta * torch.stack(later, -1).mean(-1)


def residuals(loss: str, error: float) -> Tensor:
    policy: Any = ClosedForm(error)
    generator = torch.Generator().manual_seed(0)
    states = policy.economy.draw(ECONOMIES, generator)
    luck = torch.rand(ECONOMIES, 2, policy.economy.n + 1, generator=generator, dtype=torch.float64)
    return LOSS_CLASSES[loss](policy)(states, luck)


@pytest.mark.parametrize("loss", LOSS_CLASSES)
def test_the_closed_form_makes_all_losses_zero(loss: str) -> None:
    assert float(residuals(loss, 0.0).abs().max()) < 1e-12


@pytest.mark.parametrize(("loss", "least"), [("euler", 1e-3), ("all_in_one", 1e-6), ("value", 1e-3)])
def test_other_saving_rates_do_not(loss: str, least: float) -> None:
    """Half a percent of saving; products of two errors are small as their squares are."""
    errors = residuals(loss, 0.005)[:, -Analytic.n :]
    assert float(errors.abs().amin(0).max()) > least


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_few_steps_lower_every_loss(network: str, loss: str) -> None:
    """On a batch of its own; of products of errors, which are of either sign, the mean. Over three seeds to
    .68 of what it was at most.
    """
    kind, optimiser = LOSSES[loss]
    cell = Cell(Analytic(), network, kind, optimiser, 40)
    batch = cell.batch()

    def size() -> float:
        terms = cell.loss(*batch).detach()
        return float((terms**2 if cell.loss.sum_of_squares else terms).mean())

    before = size()
    for _ in range(40 if optimiser == "adam" else 6):
        cell.advance()
    assert size() < 0.9 * before
