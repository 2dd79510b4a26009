"""Networks and losses exchanged, on economies in which many people choose.

    OMP_NUM_THREADS=1 python -m benchmarks.exchange [--seconds 10]

trains each economy of `benchmarks.exchange_economies` with each network, loss and optimiser from scratch for
the same time of a processor, keeps every run under results/exchange (one that is there and is as long is not
repeated), and writes docs/benchmark-exchange.md with its figure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, cast

import torch
from torch import Tensor, cat, nn
from torch.func import grad

from benchmarks.exchange_economies import Agents, Analytic, Choice, Exchanged, Portfolios
from benchmarks.exchange_report import write_report
from benchmarks.filter_cases import ROOT
from benchmarks.kept import kept, read
from surrogate.training.by_equations import Method
from surrogate.training.optimisers import Adam, LevenbergMarquardt

RESULTS = ROOT / "results" / "exchange"
ECONOMIES: tuple[Callable[[], Exchanged], ...] = (Analytic, Portfolios, Agents)
NETWORKS = ("shared", "whole state")
LOSSES = {
    "Euler, Levenberg-Marquardt": ("euler", "levenberg_marquardt"),
    "value, Adam": ("value", "adam"),
    "Euler, Adam": ("euler", "adam"),
    "value, Levenberg-Marquardt": ("value", "levenberg_marquardt"),
    "all-in-one, Adam": ("all_in_one", "adam"),
}
WIDTH, PRICE_WIDTH = 32, 16
BANK, BATCH = 512, {"adam": 256, "levenberg_marquardt": 96}
RENEWED, LEARNING_RATE = 0.02, 3e-3
LOOKS = (0.0, 0.1, 0.25, 0.5, 1.0)
PERIODS, TESTED = 60, 256
SMALLEST = 1e-3
"""Marginal utility relative to today's, below which a network that is not trained does not go."""
SEED, PILOT = 0, 4


class Networks(nn.Module):
    """What choosers do and what that is worth, by networks of two layers of `WIDTH`.

    Shared: each chooser sees oneself and aggregates. Whole state: all is seen, and all choose at once where
    an economy allows it. A value is always one person's.
    """

    def __init__(self, economy: Exchanged, shared: bool) -> None:
        super().__init__()
        self.economy, self.shared = economy, shared
        start = economy.draw(2, torch.Generator().manual_seed(SEED))
        own = economy.own(start, economy.held(start)).shape[-1]
        seen = self.seen(start).shape[-1]
        self.at_once = economy.at_once and not shared
        outputs = economy.n * economy.n_raw if self.at_once else economy.n_raw
        self.choices = layers(seen if self.at_once else own + seen, WIDTH, outputs)
        self.prices = layers(seen, PRICE_WIDTH, max(economy.n_prices, 1))
        self.values = layers(own + seen, WIDTH, 1)
        self.register_buffer("at_rest", economy.values_at_rest())

    def seen(self, s: Tensor) -> Tensor:
        """Of the economy."""
        return self.economy.together(s) if self.shared else self.economy.everything(s)

    def choose(self, s: Tensor, held: Tensor, job: float | None = None) -> Choice:
        """Of choosers who own `held`."""
        seen = self.seen(s)
        if self.at_once:
            raw = self.choices(seen).unflatten(-1, (self.economy.n, -1))
        else:
            raw = self.choices(beside(self.economy.own(s, held, job), seen))
        return self.economy.choose(s, held, raw, self.prices(seen), job)

    def worth(self, s: Tensor, held: Tensor, job: float | None = None) -> Tensor:
        """Of choosers who own `held`, [..., n]."""
        return self.at_rest + self.values(beside(self.economy.own(s, held, job), self.seen(s)))[..., 0]


def layers(inputs: int, width: int, outputs: int) -> nn.Module:
    """Small at the start."""
    made = [
        nn.Linear(inputs, width),
        nn.Tanh(),
        nn.Linear(width, width),
        nn.Tanh(),
        nn.Linear(width, outputs),
    ]
    network = nn.Sequential(*made).double()
    with torch.no_grad():
        for tensor in made[-1].parameters():
            tensor.mul_(0.1)
    return network


def beside(own: Tensor, seen: Tensor) -> Tensor:
    """Of each chooser [..., n, f + g]."""
    return cat([own, seen[..., None, :].expand(*own.shape[:-1], seen.shape[-1])], -1)


class Loss(nn.Module):
    """A way to train: terms at states [n, s] and luck [n, 2, people + 1]."""

    sum_of_squares = True

    def __init__(self, networks: Networks) -> None:
        super().__init__()
        self.policy, self.economy = networks, networks.economy

    def draw(self, states: Tensor) -> tuple[Tensor, ...]:
        """Luck is part of a batch."""
        return ()

    def outcome(self, s: Tensor, choice: Choice, number: int, luck: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What a unit of each asset is worth, in marginal utility of today, after an outcome [..., n, k], the
        state then, and what next selves own.
        """
        economy = self.economy
        then = economy.tomorrow(s, choice.saved, number, luck)
        chosen = self.policy.choose(then, economy.next_held(choice.saved), economy.job(number))
        eaten, payoff = economy.later(then, chosen, choice.saved)
        growth = (eaten / choice.consumption).clamp_min(SMALLEST)
        return economy.beta * growth[..., None] ** -economy.gamma * payoff, then, choice.saved

    def expected(self, s: Tensor, choice: Choice, luck: Tensor) -> Tensor:
        """Over all outcomes."""
        chances = self.economy.chances(s)
        return sum_of(
            chances[..., k, None] * self.outcome(s, choice, k, luck)[0] for k in range(chances.shape[-1])
        )

    def shortfall(self, expected: Tensor, choice: Choice) -> Tensor:
        """Of consumption, as a share [..., n, k]."""
        ratio = (expected + choice.multiplier) / choice.cost
        return ratio.clamp_min(SMALLEST) ** (-1 / self.economy.gamma) - 1


class Euler(Loss):
    """Relative errors of consumption, what is complementary, and market clearing."""

    def forward(self, s: Tensor, luck: Tensor) -> Tensor:
        """Residuals."""
        choice = self.policy.choose(s, self.economy.held(s))
        errors = self.shortfall(self.expected(s, choice, luck[..., 0, 1:]), choice)
        return cat([errors.flatten(-2), choice.rest], -1)


class AllInOne(Loss):
    """Products of errors after two independent outcomes; squares of what has no expectation."""

    sum_of_squares = False

    def forward(self, s: Tensor, luck: Tensor) -> Tensor:
        """Terms."""
        choice = self.policy.choose(s, self.economy.held(s))
        chances = self.economy.chances(s)
        worths = torch.stack(
            [
                torch.stack(
                    [self.outcome(s, choice, k, luck[..., draw, 1:])[0] for k in range(chances.shape[-1])], -1
                )
                for draw in range(2)
            ]
        )
        below = luck[..., :1].movedim(-2, 0)[..., None] > chances.cumsum(-1)[None]
        picked = torch.nn.functional.one_hot(
            below.sum(-1).clamp(max=chances.shape[-1] - 1), chances.shape[-1]
        )
        drawn = (worths * picked[..., None, :]).sum(-1)
        errors = (drawn + choice.multiplier) / choice.cost - 1
        return cat([errors.prod(0).flatten(-2), choice.rest**2], -1)


class Value(Loss):
    """Bellman errors, in consumption, and first-order conditions with derivatives of the value's network."""

    def forward(self, s: Tensor, luck: Tensor) -> Tensor:
        """Residuals."""
        economy, held = self.economy, self.economy.held(s)
        choice = self.policy.choose(s, held)
        chances = economy.chances(s)
        value, slope = torch.zeros_like(choice.consumption), torch.zeros_like(choice.saved)
        for k in range(chances.shape[-1]):
            then = economy.tomorrow(s, choice.saved, k, luck[..., 0, 1:])
            worth, by_held = self.next_worth(then, choice.saved, economy.job(k))
            value, slope = value + chances[..., k] * worth, slope + chances[..., k, None] * by_held
        marginal = choice.consumption.clamp_min(SMALLEST) ** -economy.gamma
        utility = economy.utility(choice.consumption.clamp_min(SMALLEST))
        bellman = (self.policy.worth(s, held) - utility - economy.beta * value) / (
            marginal * choice.consumption
        )
        errors = self.shortfall(economy.beta * slope / marginal[..., None], choice)
        return cat([bellman, errors.flatten(-2), choice.rest], -1)

    def next_worth(self, then: Tensor, held: Tensor, job: float | None) -> tuple[Tensor, Tensor]:
        """Of next selves [..., n], and its derivatives by what they own [..., n, k], others' fixed."""

        def total(held: Tensor) -> tuple[Tensor, Tensor]:
            values = self.policy.worth(then, self.economy.next_held(held), job)
            worth = self.economy.next_values(then, held, values)
            return worth.sum(), worth

        slope, worth = grad(total, has_aux=True)(held)
        return worth, slope


LOSS_CLASSES: dict[str, type[Loss]] = {"euler": Euler, "all_in_one": AllInOne, "value": Value}


def sum_of(terms: Any) -> Tensor:
    """Of tensors."""
    total = next(terms)
    for term in terms:
        total = total + term
    return total


class Cell:
    """A network, a loss and an optimiser on an economy."""

    def __init__(self, economy: Exchanged, network: str, loss: str, optimiser: str, steps: int) -> None:
        torch.manual_seed(SEED)
        self.economy, self.optimiser = economy, optimiser
        self.networks = Networks(economy, network == "shared")
        self.loss = LOSS_CLASSES[loss](self.networks)
        self.generator = torch.Generator().manual_seed(SEED)
        self.states = economy.draw(BANK, self.generator)
        self.adam = Adam(cast(Method, self.loss), LEARNING_RATE, steps)
        self.squares = LevenbergMarquardt(self.loss, 1.0, robust_loss="huber")
        self.step = 0

    @torch.no_grad()
    def move(self, states: Tensor) -> Tensor:
        """Economies one period later; a few, and those that have left, anew."""
        economy, count = self.economy, len(states)
        luck = self.luck(count)[:, 0]
        choice = self.networks.choose(states, economy.held(states))
        chances = economy.chances(states)[:, 0].cumsum(-1)
        number = (luck[:, :1] > chances).sum(-1).clamp(max=chances.shape[-1] - 1)
        moved = states
        for k in range(chances.shape[-1]):
            after = economy.tomorrow(states, choice.saved, k, luck[:, 1:])
            moved = torch.where((number == k)[:, None], after, moved)
        return moved

    def luck(self, count: int) -> Tensor:
        """Uniform."""
        return torch.rand(count, 2, self.economy.n + 1, generator=self.generator, dtype=torch.float64)

    def advance(self) -> None:
        """One step."""
        moved = self.move(self.states)
        anew = torch.rand(len(moved), generator=self.generator) < RENEWED
        fresh = self.economy.draw(len(moved), self.generator)
        self.states = torch.where((self.economy.settled(moved) & ~anew)[:, None], moved, fresh)
        if self.optimiser == "adam":
            self.adam.step(self.batch(), self.step)
        else:
            self.squares.step(self.batch(), self.batch())
        self.step += 1

    def batch(self) -> tuple[Tensor, Tensor]:
        """States and luck."""
        count = BATCH[self.optimiser]
        chosen = torch.randint(len(self.states), (count,), generator=self.generator)
        return self.states[chosen], self.luck(count)

    @torch.no_grad()
    def accuracy(self) -> dict[str, float]:
        """Along simulations from the start: log10 of Euler errors and of what else must be zero, and the
        share of economies that stay.
        """
        before = self.generator.get_state()
        self.generator.manual_seed(SEED + 1)
        states = self.economy.draw(TESTED, self.generator)
        stays = torch.ones(TESTED, dtype=torch.bool)
        for _ in range(PERIODS):
            states = self.move(states)
            stays &= self.economy.settled(states)
        states = states[stays]
        found = {"stays": float(stays.double().mean())}
        if len(states):
            euler = Euler(self.networks)
            choice = self.networks.choose(states, self.economy.held(states))
            n = choice.saved[0].numel()
            errors = euler(states, self.luck(len(states))).abs().nan_to_num(1.0).clamp(1e-12, 1.0).log10()
            found |= {"euler": float(errors[:, :n].mean()), "p99": float(errors[:, :n].quantile(0.99))}
            if errors.shape[1] > n:
                found["rest"] = float(errors[:, n:].mean())
            if isinstance(self.economy, Analytic):
                rate = choice.saved[..., 0] / self.economy.income(states, self.economy.held(states))
                found["exact"] = float((rate / self.economy.exact - 1).abs().max())
        self.generator.set_state(before)
        return found


def measured(make: Callable[[], Exchanged], network: str, loss: str, seconds: float) -> dict[str, Any]:
    """One run of so many seconds of a processor."""
    economy, (kind, optimiser) = make(), LOSSES[loss]
    pilot = Cell(economy, network, kind, optimiser, PILOT + 1)
    pilot.advance()
    started = time.process_time()
    for _ in range(PILOT):
        pilot.advance()
    steps = max(1, round(seconds * PILOT / (time.process_time() - started)))
    cell, looks, spent = Cell(economy, network, kind, optimiser, steps), [], 0.0
    waiting = [share * seconds for share in LOOKS]
    while True:
        while waiting and (spent >= waiting[0] or cell.step >= steps):
            looks.append({"seconds": waiting.pop(0), "step": cell.step, **cell.accuracy()})
        if not waiting:
            break
        started = time.process_time()
        cell.advance()
        spent += time.process_time() - started
    weights = sum(each.numel() for each in cell.networks.parameters())
    return {"economy": economy.name, "network": network, "loss": loss, "weights": weights, "looks": looks}


def main() -> None:
    """Run what is missing, and write the report."""
    arguments = argparse.ArgumentParser(description="Exchange networks and losses.")
    arguments.add_argument("--seconds", type=float, default=10.0, help="processor time of a run (default 10)")
    seconds = arguments.parse_args().seconds
    torch.set_num_threads(1)
    for loss, make, network in product(LOSSES, ECONOMIES, NETWORKS):
        name = "-".join((make.__name__, network, loss)).replace(" ", "_").replace(",", "").lower()
        path = RESULTS / f"{name}.json"
        if path.exists() and read(path)["looks"][-1]["seconds"] < seconds:
            path.unlink()
        found = kept(path, partial(measured, make, network, loss, seconds))
        print(name, found["looks"][-1], flush=True)
    write_report([read(path) for path in sorted(RESULTS.glob("*.json"))])


if __name__ == "__main__":
    main()
