"""Economies that are simulated along with training, where a state is too large to be drawn from a box."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from ..models.interface import Model
from ..policy import PolicyNetwork
from .sampling import advance, draw_shocks, draw_states, with_edges


class Bank:
    """Economies at parameters [n, k], with what is known of them beforehand, in states [n, n_states]."""

    def __init__(self, model: Model, parameters: Tensor, generator: torch.Generator) -> None:
        self.model, self.parameters, self.generator = model, parameters, generator
        self.states = draw_states(model, parameters, generator)

    @classmethod
    def even(cls, model: Model, size: int, generator: torch.Generator) -> Bank:
        """Economies whose parameters cover the box, and its edges, evenly (Sobol)."""
        seed = int(torch.randint(2**31, (1,), generator=generator))
        draws = SobolEngine(len(model.parameters), scramble=True, seed=seed).draw(size).double()
        theta = with_edges(model.parameter_box(), model.edge, draws)
        return cls(model, model.prepared(theta), generator)

    def shocks(self) -> Tensor:
        """What hits the economies next, [n, n_shocks]."""
        return draw_shocks(self.model, len(self.states), self.generator)

    @torch.no_grad()
    def move(self, policy: PolicyNetwork) -> None:
        """One period; economies that have gone where none should be begin anew."""
        moved = advance(policy, self.states, self.parameters, self.shocks())
        p = self.model.name_parameters(self.parameters)
        stay = self.model.settled(self.model.period(p, moved), p)
        fresh = draw_states(self.model, self.parameters, self.generator)
        self.states = torch.where(stay[:, None], moved, fresh)


class BankSampler(ABC):
    """Batches of economies near those of a bank, and some individuals in each."""

    def __init__(self, bank: Bank, economies: int) -> None:
        self.population, self.economies = bank, economies
        self.generator = bank.generator

    @abstractmethod
    def draw(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """Rows [n, k], the state of an economy and then its individuals, and parameters [n, ...]."""

    def judge(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """Another batch, by which a step is judged."""
        return self.draw(policy)

    def learn(self, batch: tuple[Tensor, Tensor], residuals: Tensor) -> None:  # noqa: B027
        """Nothing, where the bank covers the box evenly."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"population": (self.population.states, self.population.parameters)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.population.states, self.population.parameters = state["population"]

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, dtype=torch.float64)
