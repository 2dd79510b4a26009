"""How the savers of overlapping generations are trained.

A batch is some economies with a few of their ages each. The errors r of a saver depend on the weights w
directly, through the own numbers n of today, and through what all savers of the economy share, the price and
aggregates g(n_1, ..., n_S) of tomorrow:

    dr/dw + dr/dn dn/dw + dr/dg sum_s dg/dn_s dn_s/dw

The first two terms are local to a saver, and the last has a handful of gradients an economy. With e
economies, m ages in each of S and q outcomes of the shocks a Jacobian costs O(e (m q + S)) evaluations of the
network with their derivatives, where differentiating whole economies would cost O(e m q S). Which ages these
are is seen from the errors of all, e q S evaluations without derivatives.

Market clearing is one more residual of each economy, since networks that clear markets by themselves are
moved less when markets are cleared.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.func import functional_call, jacrev, vmap

from ..errors import BadConfiguration
from ..generations_policy import GenerationsPolicy
from ..models.generations import Generations, Seen
from ..models.interface import Model, Parameters, pack
from ..policy import PolicyNetwork
from .ages import AGES, draw_ages
from .bank import Bank, BankSampler
from .by_equations import Method
from .sampling import HardnessTilt, advance, draw_shocks, draw_states
from .settings import Settings

FEWEST = 4
"""Economies in a batch."""
ECONOMIES = 7
"""In the bank, for each one in a batch."""
RENEWED = 0.02
"""Share of the bank that starts anew each period."""
CLEARING = 5.0
"""Weight of market clearing."""
AT_A_TIME = 80
"""Economies whose derivatives are taken together."""
ONLY = {"sampling": "mixed", "constraints": "fischer_burmeister", "quadrature": "fixed", "device": "cpu"}
"""Settings that have one value here."""

Weights = dict[str, Tensor]


class SaverResiduals(Method):
    """Errors of savers and of market clearing, [n, n_numbers m + 1] for m ages in each economy.

    Rows of a batch are what `GenerationsSampler` draws: the state of an economy, then the ages.
    """

    description = "Euler residuals of savers, all aggregates exact"

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy itself.

        Raises:
            BadConfiguration: if it is none of generations, or a setting asks for what is not done here.
        """
        if not isinstance(economy, Generations):
            raise BadConfiguration(
                "method=generations solves economies of overlapping generations with their own networks, and "
                f"{economy.name} is none: leave it out."
            )
        for name, only in ONLY.items():
            if getattr(settings, name) != only:
                raise BadConfiguration(f"method=generations takes {name}={only} only: leave it out.")
        if settings.batch < FEWEST * AGES:
            raise BadConfiguration(
                f"batch={settings.batch} makes {settings.batch // AGES} economies of {AGES} ages: "
                f"method=generations takes batch={FEWEST * AGES} or more."
            )
        return economy

    @classmethod
    def sampler(cls, economy: Model, settings: Settings, generator: torch.Generator) -> GenerationsSampler:
        """Economies and some of their savers."""
        return GenerationsSampler(cast(Generations, economy), settings, generator)

    @property
    def model(self) -> Generations:
        """The economy."""
        return self.networks.model

    @property
    def networks(self) -> GenerationsPolicy:
        """Of savers, and of the price."""
        return cast(GenerationsPolicy, self.policy)

    def forward(self, rows: Tensor, parameters: Tensor) -> Tensor:
        """Residuals [n, k] at `rows` [n, n_states + m] and `parameters` [n, n_parameters]."""
        errors, off = errors_of_savers(self.networks, *self._parts(rows), parameters)
        return torch.cat([errors.flatten(1), CLEARING * off[:, None]], -1)

    def jacobian(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Residuals [n, k] and their derivatives [n k, n_weights] with respect to the weights."""
        weights = {name: value.detach() for name, value in self.networks.named_parameters()}
        n_residuals = self.model.n_numbers * (batch[0].shape[1] - self._n_states) + 1
        slopes = batch[0].new_empty(
            len(batch[0]), n_residuals, sum(each.numel() for each in weights.values())
        )
        parts = zip(*(each.split(AT_A_TIME) for each in (*batch, slopes)), strict=True)
        with torch.no_grad():
            values = [self._fill_slopes(weights, *part) for part in parts]
        return torch.cat(values), slopes.flatten(0, 1)

    @property
    def _n_states(self) -> int:
        return sum(state.size for state in self.model.states)

    def _parts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return rows[:, : self._n_states], rows[:, self._n_states :].long()

    def _fill_slopes(self, weights: Weights, rows: Tensor, parameters: Tensor, slopes: Tensor) -> Tensor:
        """Residuals [e, k] in a few economies, whose derivatives are put into `slopes` [e, k, n_weights]."""
        states, ages = self._parts(rows)
        p = self.model.name_parameters(parameters)
        now = self.model.period(p, states)
        seen = self.model.seen(now, p)
        price, of_price = self._slopes_of_price(weights, seen, p)
        shared, of_shared = self._slopes_of_shared(weights, seen, parameters)
        saver = _chosen(self.model, self.model.standing(now, p), ages)
        errors, own, by_price, by_told = self._slopes_of_errors(
            weights, saver, _chosen(self.model, seen, ages), ages, price, shared[:, :-1]
        )
        by_both = torch.cat([by_price[..., None], by_told], -1).flatten(1, 2)
        slopes[:, :-1] = own.baddbmm_(by_both, torch.cat([of_price[:, None], of_shared[:, :-1]], 1))
        slopes[:, -1] = CLEARING * of_shared[:, -1]
        return torch.cat([errors.flatten(1), CLEARING * shared[:, -1:]], -1)

    def _slopes_of_price(self, weights: Weights, seen: Seen, p: Parameters) -> tuple[Tensor, Tensor]:
        """The price [e] and its derivatives [e, n_weights]."""

        def log_price(weights: Weights, parameters: Tensor, together: Tensor) -> tuple[Tensor, Tensor]:
            """Of one economy, twice: to be differentiated, and as it is."""
            value = _Called(self.networks, weights).price(parameters, together)
            return value, value

        together = seen.together[:, 0]
        slopes, values = vmap(jacrev(log_price, has_aux=True), (None, 0, 0))(
            weights, p.standardised, together
        )
        price = self.model.price_of(values, p)
        by_log = torch.func.grad(lambda log: self.model.price_of(log, p).sum())(values)
        return price, by_log[:, None] * _side_by_side(slopes, values)

    def _slopes_of_shared(self, weights: Weights, seen: Seen, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Aggregates of tomorrow and what is not cleared [e, g + 1], and derivatives [e, g + 1, n_weights],
        which add up over savers as they are taken.
        """

        def shared(weights: Weights, seen: Seen, theta: Tensor) -> tuple[Tensor, Tensor]:
            """Of one economy [g + 1], twice: to be differentiated, and as they are."""
            numbers = _Called(self.networks, weights).numbers(seen, weights["codes"])
            told, off = self.model.told(numbers, self.model.name_parameters(theta))
            value = torch.cat([told, off[None]])
            return value, value

        rows = Seen(*(part.expand(len(parameters), *part.shape[1:]) for part in seen))
        by_weight, values = vmap(jacrev(shared, has_aux=True), (None, 0, 0))(weights, rows, parameters)
        return values, _side_by_side(by_weight, values)

    def _slopes_of_errors(
        self, weights: Weights, saver: Any, seen: Seen, ages: Tensor, price: Tensor, told: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Errors [e, m, k] of savers and their derivatives with respect to weights, through own numbers, too,
        [e, m k, n_weights], to the price and to `told`.
        """

        def errors(
            weights: Weights, price: Tensor, told: Tensor, saver: Any, seen: Seen, hot: Tensor
        ) -> tuple[Tensor, Tensor]:
            """Of one saver [k], twice: to be differentiated, and as they are."""
            networks, (code, later) = _Called(self.networks, weights), hot @ weights["codes"]
            own = networks.numbers(seen, code)
            value = self.model.ahead(saver, own, price, told, later, networks)
            return value, value

        m = ages.shape[1]
        rows, looks = (type(all_)(*(part.flatten(0, 1) for part in all_)) for all_ in (saver, seen))
        hot = torch.eye(self.model.n_savers).to(price)[
            torch.stack([ages, _next(self.model, ages)], -1).flatten(0, 1)
        ]
        shared = (price.repeat_interleave(m), told.repeat_interleave(m, 0))
        derivative = vmap(jacrev(errors, argnums=(0, 1, 2), has_aux=True), (None, 0, 0, 0, 0, 0))
        (by_weight, *others), values = derivative(weights, *shared, rows, looks, hot)
        found, *others = (part.unflatten(0, ages.shape) for part in (values, *others))
        slopes = _side_by_side(by_weight, values).unflatten(0, ages.shape).flatten(1, 2)
        return cast(Any, (found, slopes, *others))


def errors_of_savers(
    networks: GenerationsPolicy, states: Tensor, ages: Tensor, parameters: Tensor
) -> tuple[Tensor, Tensor]:
    """Errors [n, m, k] of savers of `ages` [n, m] at `states` [n, n_states], and what is not cleared [n]."""
    model = networks.model
    p = model.name_parameters(parameters)
    numbers, price = networks.raw(states, p)
    told, off = model.told(numbers, p)
    saver = _chosen(model, model.standing(model.period(p, states), p), ages)
    own = numbers.gather(1, ages[..., None].expand(*ages.shape, numbers.shape[-1]))
    shared = (price[:, None].expand_as(ages), told[:, None].expand(*ages.shape, told.shape[-1]))
    called = _Called(networks, dict(networks.named_parameters()))
    return model.ahead(saver, own, *shared, networks.codes[_next(model, ages)], called), off


def _next(model: Generations, ages: Tensor) -> Tensor:
    """The age whose code a saver's next choice has; the oldest choose nothing, whatever theirs is."""
    return (ages + 1).clamp(max=model.n_savers - 1)


def _chosen(model: Generations, savers: Any, ages: Tensor) -> Any:
    """Rows of those `ages` [n, m]: tensors [n, m, ...]."""
    economy, of_all = torch.arange(len(ages))[:, None], (len(ages), model.n_savers)
    return type(savers)(*(part.expand(*of_all, *part.shape[2:])[economy, ages] for part in savers))


class _Called:
    """Networks with other weights than their own."""

    def __init__(self, networks: GenerationsPolicy, weights: Weights) -> None:
        self.networks, self.weights = networks, weights

    def numbers(self, seen: Seen, code: Tensor) -> Tensor:
        """Of savers."""
        return functional_call(self.networks.saver, self._of("saver."), (seen, code))

    def price(self, parameters: Tensor, together: Tensor) -> Tensor:
        """Log of the price relative to its first approximation."""
        return functional_call(self.networks.price, self._of("price."), (parameters, together))

    def _of(self, prefix: str) -> Weights:
        return {
            name.removeprefix(prefix): value
            for name, value in self.weights.items()
            if name.startswith(prefix)
        }


def _side_by_side(by_weight: Weights, values: Tensor) -> Tensor:
    """Derivatives of `values` [...] with respect to all weights in their order, [..., n_weights]."""
    return torch.cat([each.flatten(values.dim()) for each in by_weight.values()], -1)


class TiltedBank(Bank):
    """Economies of which there are more where parameters make them hard."""

    def __init__(self, model: Generations, size: int, tilt: HardnessTilt) -> None:
        super().__init__(model, tilt.draw(size), tilt.generator)
        self.tilt = tilt

    @torch.no_grad()
    def move(self, policy: PolicyNetwork) -> None:
        """One period; a few economies, and those that have gone where none should be, begin anew with other
        parameters.
        """
        shocks = draw_shocks(self.model, len(self.states), self.generator)
        self.states = advance(policy, self.states, self.parameters, shocks)
        p = self.model.name_parameters(self.parameters)
        u = torch.rand(len(self.states), generator=self.generator, dtype=torch.float64)
        anew = ~self.model.settled(self.model.period(p, self.states), p) | (u < RENEWED)
        self.parameters = self.parameters.index_put((anew,), self.tilt.draw(int(anew.sum())))
        self.states[anew] = draw_states(self.model, self.parameters[anew], self.generator)


class GenerationsSampler(BankSampler):
    """Batches for `SaverResiduals`: economies near those of a bank, and some of their ages."""

    def __init__(self, model: Generations, settings: Settings, generator: torch.Generator) -> None:
        self.model, economies = model, settings.batch // AGES
        self.tilt = HardnessTilt(model, settings.hopeless_share, generator)
        super().__init__(TiltedBank(model, ECONOMIES * economies, self.tilt), economies)

    @torch.no_grad()
    def draw(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """Rows [n, n_states + m] and parameters [n, k], after the bank has moved."""
        self.population.move(policy)
        return self.judge(policy)

    @torch.no_grad()
    def judge(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """Rows and parameters near the bank as it is: to move it takes longer than to judge a step."""
        states, parameters = self._nearby()
        everybody = torch.arange(self.model.n_savers).expand(len(states), -1)
        errors, _ = errors_of_savers(cast(GenerationsPolicy, policy), states, everybody, parameters)
        ages = draw_ages(errors.square().mean(-1).sqrt(), self.generator)
        return torch.cat([states, ages.double()], -1), parameters

    def _nearby(self) -> tuple[Tensor, Tensor]:
        """States [n, n_states] near those of the bank, and parameters [n, k]."""
        bank, model = self.population, self.model
        p = model.name_parameters(bank.parameters)
        weights = model.weight(model.period(p, bank.states))
        chosen = torch.multinomial(weights, self.economies, generator=self.generator)
        parameters = bank.parameters[chosen]
        p = model.name_parameters(parameters)
        level = torch.rand(len(chosen), 1, 1, generator=self.generator, dtype=torch.float64)
        shape = (len(chosen), model.n_savers, 2)
        noise = level * torch.randn(shape, generator=self.generator, dtype=torch.float64)
        return pack(model.near(model.period(p, bank.states[chosen]), noise, p), model.states), parameters

    def learn(self, batch: tuple[Tensor, Tensor], residuals: Tensor) -> None:
        """Take note of `residuals` [n, n_residuals] of a batch."""
        self.tilt.learn(batch[1], residuals)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {**super().state(), "tilt": self.tilt.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        super().restore(state)
        self.tilt.restore(state["tilt"])
