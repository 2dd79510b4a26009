"""How the households of a population are trained.

A batch is a few hundred economies with a few households each. Economies come from a bank that is simulated
along with training, a quarter for each batch: the shape of wealth moves over thousands of quarters, and a
network that has seen only shapes far from those that there are may err in the mean of capital, with small
residuals.

A household's residual depends on the weights directly, and because tomorrow's capital, which it takes as
given, is what all households save by the same network:

    dr_i/dw  +  dr_i/dK' dK'/dw

The second part has one gradient an economy, not one a household (or one for each number that households are
told), and makes the step one towards the equilibrium, and not towards the best answer to what others did
before. With e economies, m households in
each and n nodes a Jacobian costs O(e (m q + n)) evaluations of the network, q the outcomes of a household's
shocks.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor
from torch.func import functional_call, grad, jacrev, vmap

from ..errors import BadConfiguration
from ..models.interface import Model, pack
from ..models.population import Population
from ..policy import PolicyNetwork, PopulationPolicy
from .bank import Bank, BankSampler
from .by_equations import Method
from .distributions import with_distribution
from .generator import generator_residuals
from .projection import projections, slow_functions
from .quadrature import rule_for
from .residuals import euler_residuals
from .settings import Settings

HOUSEHOLDS = 16
"""In each economy of a batch."""
GROUP = 2
"""Households in a group: neighbours among those that are drawn."""
PROJECTED = 0.375
"""Share of the steps, the last, in which projections count: as long as single errors are large, the weight of
projections costs accuracy at the edges of the box.
"""
FEWEST = 4
"""Economies in a batch."""
ECONOMIES = 2
"""In the bank, for each one in a batch."""
ONLY = {
    "sampling": ("mixed",),
    "constraints": ("fischer_burmeister",),
    "quadrature": ("fixed",),
    "device": ("cpu",),
    "ergodic_share": (Settings.ergodic_share,),
    "hopeless_share": (0.0, Settings.hopeless_share),
    "horizon": (Settings.horizon,),
}
"""Settings that have one value here, or would make no difference: what may be said."""
LET_GO, MORE = 3e-3, 0.05
"""Root mean square of residuals a year below which aggregates in continuous time are let move further, and by
how much of how they do.
"""
ROWS, ECONOMY_ROWS = 4096, 128
"""Households, and economies with all of their nodes, whose derivatives are taken at a time."""


class HouseholdResiduals(Method):
    """Euler residuals of households in their economies, [n, HOUSEHOLDS], and what adds up in them.

    Rows of a batch are what `HouseholdSampler` draws: the state of an economy, then its households.
    """

    description = "Euler residuals of households, all aggregates exact"

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__(policy, settings, generator)
        self.instantaneous = self.population.in_continuous_time
        self.group_weight, self.projection_weight = settings.group_weight, 0.0
        self.moving = 0.0 if self.instantaneous and settings.homotopy else 1.0
        self.latest = torch.inf
        points, weights = rule_for(self.household.model.shocks, settings.nodes)
        self.points: Tensor
        self.weights: Tensor
        self.register_buffer("points", points)
        self.register_buffer("weights", weights)

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy itself.

        Raises:
            BadConfiguration: if it is none of many households, or a setting asks for what is not done here.
        """
        if not isinstance(economy, Population):
            raise BadConfiguration(
                f"method=population solves economies of many households, and {economy.name} is none: "
                "leave it out."
            )
        for name, only in ONLY.items():
            if getattr(settings, name) not in only:
                raise BadConfiguration(f"method=population takes {name}={only[0]} only: leave it out.")
        if settings.group_weight and not economy.groups:
            raise BadConfiguration(f"{economy.name} has no groups of households: leave out group_weight.")
        if settings.projection_weight and not economy.typical:
            raise BadConfiguration(
                f"{economy.name} does not say which of its households add up: leave out projection_weight."
            )
        if settings.batch < FEWEST * HOUSEHOLDS:
            raise BadConfiguration(
                f"batch={settings.batch} makes {settings.batch // HOUSEHOLDS} economies of {HOUSEHOLDS} "
                f"households: method=population takes batch={FEWEST * HOUSEHOLDS} or more."
            )
        return with_distribution(economy, settings.distribution)

    @classmethod
    def sampler(cls, economy: Model, settings: Settings, generator: torch.Generator) -> HouseholdSampler:
        """Economies and their households."""
        return HouseholdSampler(cast(Population, economy), settings, generator)

    def begin(self, step: int) -> bool:
        """In continuous time let aggregates move a little more once the residuals are small; in the last
        steps let projections count.
        """
        weight, steps = self.settings.projection_weight, self.settings.adam_steps + self.settings.steps
        first = math.ceil((1 - PROJECTED) * steps)
        self.projection_weight = weight if step >= first else 0.0
        if weight and step == first:
            return True
        if self.moving == 1.0 or self.latest > LET_GO:
            return False
        self.moving = min(1.0, self.moving + MORE)
        return True

    def state(self) -> dict[str, float]:
        """How much aggregates move."""
        return {"moving": self.moving, "latest": self.latest}

    def restore(self, state: dict[str, float]) -> None:
        """Take over what `state` gave."""
        self.moving, self.latest = state.get("moving", 1.0), state.get("latest", torch.inf)

    @property
    def population(self) -> Population:
        """The economy of all."""
        return cast(PopulationPolicy, self.policy).model

    @property
    def household(self) -> PolicyNetwork:
        """The network that all households share."""
        return cast(PopulationPolicy, self.policy).household

    def forward(self, rows: Tensor, parameters: Tensor) -> Tensor:
        """Residuals of the households at `rows` [n, k] and `parameters` [n, n_parameters], times what is at
        stake, with those of groups side by side, and their projections.
        """
        economies, households = self._parts(rows)
        households = self._told(households, self.tomorrow(economies, parameters))
        errors = self._errors(households, parameters.unsqueeze(-2))
        return self._with_sums(errors * self._stakes(parameters)[:, None], parameters)

    def jacobian(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Residuals [n, m] as `forward` gives them and their derivatives [n m, n_weights] with respect to the
        weights.
        """
        rows, parameters = batch
        economies, households = self._parts(rows)
        told, slopes_of_told = self._slopes_of_tomorrow(economies, parameters)
        flat = self._told(households, told).flatten(0, 1)
        values, slopes, by_told = self._slopes_of_errors(flat, parameters.repeat_interleave(HOUSEHOLDS, 0))
        self.latest = float(values.square().mean().sqrt())
        values, slopes, by_told = (each.unflatten(0, (-1, HOUSEHOLDS)) for each in (values, slopes, by_told))
        slopes.baddbmm_(by_told, slopes_of_told)
        stakes = self._stakes(parameters)
        errors = self._with_sums(values * stakes[:, None], parameters)
        return errors, self._with_sums(slopes.mul_(stakes[:, None, None]), parameters).flatten(0, 1)

    def _with_sums(self, values: Tensor, parameters: Tensor) -> Tensor:
        """Values [n, HOUSEHOLDS, ...], of groups in the form of `_weigh_groups`, and with their weight the
        sums over economies, [n, HOUSEHOLDS + ..., ...]. The values given are overwritten.
        """
        found = [values]
        if self.projection_weight:
            functions = slow_functions(self.population.parameter_box(), parameters)
            sums = projections(values[:, : self.population.typical], functions)
            found.append(self.projection_weight * sums)
        if self.group_weight:
            self._weigh_groups(values)
        return torch.cat(found, 1) if len(found) > 1 else values

    def _weigh_groups(self, values: Tensor) -> None:
        """Put the difference and the sum of two households, over the root of two, in the place of their
        values, and weigh the sum such that

            difference^2 + weight^2 sum^2 = value_1^2 + value_2^2 + group_weight^2 mean^2
        """
        weight = (1 + self.group_weight**2 / GROUP) ** 0.5
        for group in self.population.groups:
            one, other = values[:, GROUP * group], values[:, GROUP * group + 1]
            both = one + other
            other.sub_(one).mul_(GROUP**-0.5)
            one.copy_(both).mul_(weight * GROUP**-0.5)

    def tomorrow(self, economies: Tensor, parameters: Tensor) -> Tensor:
        """What all choices make of tomorrow [n, n_told] in `economies` [n, n_states]."""
        p = self.population.name_parameters(parameters)
        told = self.population.period(p, economies, self.policy(economies, p)).told_tomorrow
        return told.reshape(len(economies), -1)

    def _parts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        n_states = sum(state.size for state in self.population.states)
        return rows[:, :n_states], rows[:, n_states:].unflatten(-1, (HOUSEHOLDS, -1))

    @staticmethod
    def _told(households: Tensor, told: Tensor) -> Tensor:
        """Households [n, m, k] who know tomorrow [n, n_told]."""
        n_told = told.shape[-1]
        known = told[:, None].expand(*households.shape[:-1], n_told)
        return torch.cat([households[..., :-n_told], known], -1)

    def _errors(self, households: Tensor, parameters: Tensor) -> Tensor:
        if self.instantaneous:
            return generator_residuals(self.household, households, parameters, self.moving)[..., 0]
        return euler_residuals(self.household, households, parameters, self.points, self.weights)[..., 0]

    @torch.no_grad()
    def _stakes(self, parameters: Tensor) -> Tensor:
        return self.population.stakes(self.population.name_parameters(parameters))

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach() for name, value in self.named_parameters()}

    def _slopes_of_tomorrow(self, economies: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Tomorrow [n, n_told] and its derivatives [n, n_told, n_weights]."""

        def tomorrow(weights: dict[str, Tensor], economy: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
            """Of one economy [n_told], twice: to be differentiated, and as it is."""
            value = functional_call(
                _Call(self, "tomorrow"), _prefixed(weights), (economy[None], theta[None])
            )[0]
            return value, value

        derivative = vmap(jacrev(tomorrow, has_aux=True), in_dims=(None, 0, 0))
        values, slopes = [], []
        for part in zip(economies.split(ECONOMY_ROWS), parameters.split(ECONOMY_ROWS), strict=True):
            by_weight, value = derivative(self._weights(), *part)
            values.append(value)
            slopes.append(torch.cat([each.flatten(2) for each in by_weight.values()], -1))
        return torch.cat(values), torch.cat(slopes)

    def _slopes_of_errors(self, households: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Errors [n] and their derivatives by weights [n, n_weights] and by what households are told
        [n, n_told].
        """

        def error(weights: dict[str, Tensor], state: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
            value = functional_call(_Call(self, "_errors"), _prefixed(weights), (state, theta))
            return value, value

        derivative = vmap(grad(error, argnums=(0, 1), has_aux=True), in_dims=(None, 0, 0))
        weights, values, by_told = self._weights(), [], []
        slopes = households.new_empty(len(households), sum(each.numel() for each in weights.values()))
        parts = (each.split(ROWS) for each in (households, parameters, slopes))
        for household, theta, slope in zip(*parts, strict=True):
            (by_weight, by_state), value = derivative(weights, household, theta)
            torch.cat([each.flatten(1) for each in by_weight.values()], -1, out=slope)
            values.append(value)
            by_told.append(by_state[:, -self.population.n_told :])
        return torch.cat(values), slopes, torch.cat(by_told)


class _Call(torch.nn.Module):
    """A method of a module as a module, for `functional_call`."""

    def __init__(self, module: torch.nn.Module, method: str) -> None:
        super().__init__()
        self.module, self.method = module, method

    def forward(self, *arguments: Tensor) -> Tensor:
        """What the method says."""
        return getattr(self.module, self.method)(*arguments)


def _prefixed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"module.{name}": value for name, value in weights.items()}


class StirredBank(Bank):
    """Economies of households, moved by shocks that show what they do."""

    def shocks(self) -> Tensor:
        """As the economy says."""
        population = cast(Population, self.model)
        return population.stirred(super().shocks(), population.name_parameters(self.parameters))


class HouseholdSampler(BankSampler):
    """Batches for `HouseholdResiduals`: economies near those of a bank, and households in them."""

    def __init__(self, model: Population, settings: Settings, generator: torch.Generator) -> None:
        self.model, economies = model, settings.batch // HOUSEHOLDS
        super().__init__(StirredBank.even(model, ECONOMIES * economies, generator), economies)

    @torch.no_grad()
    def draw(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """Rows [n, k] and parameters [n, n_parameters]."""
        bank, model = self.population, self.model
        bank.move(policy)
        chosen = torch.randint(len(bank.states), (self.economies,), generator=self.generator)
        lower, upper = model.parameter_box()
        moved = model.jitter * (upper - lower) * (2 * self._uniform(len(chosen), len(lower)) - 1)
        parameters = (bank.parameters[chosen] + moved).clamp(lower, upper)
        p = model.name_parameters(parameters)
        near = model.spread(
            model.period(p, bank.states[chosen]), self._uniform(len(chosen), model.spread_numbers), p
        )
        economies = pack(near, model.states)
        u = self._uniform(len(chosen), HOUSEHOLDS, 3)
        households = model.draw_households(model.period(p, economies), u, p)
        return torch.cat([economies, households.flatten(1)], -1), parameters
