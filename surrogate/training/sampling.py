"""Where an economy is trained: on its box, and on the ergodic set of the policy; and whether it stays."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..house.listener import track
from ..models.interface import Model, Named, Parameters, pack, unpack
from ..policy import PolicyNetwork
from .existence import Surface, existence_region
from .settings import Settings

REFRESH = 0.02
"""Share of the ergodic population that is replaced by fresh draws each period."""
LEARN_EVERY = 10
"""Batches between two looks at where the economy is hard."""
CANDIDATES = 8
"""Uniform draws among which each tilted one is chosen."""
CROWD = 8
"""Simulated economies for each one in a batch, where those that a constraint binds are picked from them."""
FAR = 3.0
"""A path further than so many half-widths from the middle of its box has left the economy and starts anew."""

PERIODS = 400
AWAY = 10.0
"""A path further than so many half-widths from the middle of its box runs away; paths that come back, with
wide boxes or narrow ones, stay within four.
"""


def draw_parameters(model: Model, count: int, generator: torch.Generator) -> Tensor:
    """Parameters [count, n_parameters], uniform on the box."""
    lower, upper = model.parameter_box()
    return lower + (upper - lower) * _uniform((count, len(lower)), generator)


def with_edges(box: tuple[Tensor, Tensor], edge: float, u: Tensor) -> Tensor:
    """Parameters [n, n_parameters] in a box, from numbers `u` of the same shape between zero and one: draws
    reach a share `edge` of the range beyond either end, and those outside are moved to it.
    """
    lower, upper = box
    return lower + (upper - lower) * ((1 + 2 * edge) * u - edge).clamp(0.0, 1.0)


def draw_corners(model: Model, count: int, generator: torch.Generator) -> Tensor:
    """Different corners of the box [n, n_parameters], no more than `count`."""
    lower, upper = model.parameter_box()
    choices = torch.rand(count, len(lower), generator=generator) < 0.5
    return torch.where(choices, lower, upper).unique(dim=0)


def state_box(model: Model, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Lower and upper states, each [n, n_states], at `parameters` [n, n_parameters]."""
    bounds = model.state_bounds(model.name_parameters(parameters))
    ends = ({name: pair[k] for name, pair in bounds.items()} for k in (0, 1))
    lower, upper = (pack(end, model.states) for end in ends)
    return lower, upper


def draw_states(model: Model, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """States [n, n_states], uniform on the box that belongs to each row of `parameters` [n, n_parameters]."""
    u = _uniform_states(model, len(parameters), generator)
    return pack(model.somewhere(u, model.name_parameters(parameters)), model.states)


def place_states(model: Model, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """States [n, n_states] where the model wants training to look, one for each row of `parameters`
    [n, n_parameters].
    """
    u = _uniform_states(model, len(parameters), generator)
    return pack(model.place(u, model.name_parameters(parameters)), model.states)


def draw_shocks(model: Model, count: int, generator: torch.Generator) -> Tensor:
    """Standard normal shocks [count, n_shocks]."""
    columns = sum(shock.size for shock in model.shocks)
    return torch.randn(count, columns, generator=generator, dtype=torch.float64)


def advance(policy: PolicyNetwork, states: Tensor, parameters: Tensor, shocks: Tensor) -> Tensor:
    """Tomorrow's states [n, n_states] under the policy; `shocks` is [n, n_shocks]."""
    p = policy.model.name_parameters(parameters)
    now = policy.model.period(p, states, policy(states, p))
    return policy.model.tomorrow(now, shocks, p)


def mover(policy: PolicyNetwork, parameters: Tensor) -> tuple[PolicyNetwork, Tensor]:
    """What moves economies for long at `parameters` [n, n_parameters], and these: the network that files were
    exported from, where they know it, with what is known of parameters beforehand.
    """
    network = getattr(policy, "network", None)
    return (policy, parameters) if network is None else (network, network.model.prepared(parameters))


class HardnessTilt:
    """Draws more parameter vectors where the economy is hard to solve, and none where it seems to have no
    equilibrium.

    Learns from the residuals that training computes anyway: every `LEARN_EVERY` batches a quadratic surface
    is fitted to the log10 of the largest one of each point. Densities are then proportional to 10^(surface
    / 2), the root of the predicted error.
    """

    def __init__(self, model: Model, hopeless: float, generator: torch.Generator) -> None:
        self.model, self.hopeless, self.generator = model, hopeless, generator
        self.region = existence_region(model)
        self.surface: Surface | None = None
        self.seen: list[tuple[Tensor, Tensor]] = []

    def draw(self, count: int) -> Tensor:
        """Parameters [count, n_parameters], with what the model knows of them beforehand."""
        return self.model.prepared(self._drawn(count))

    def _drawn(self, count: int) -> Tensor:
        if self.surface is None or count == 0:
            return self._candidates(count)
        candidates = self._candidates(CANDIDATES * count)
        predicted = torch.from_numpy(self.surface.predict(candidates.numpy()))
        weights = torch.where(
            predicted <= predicted.quantile(1 - self.hopeless), 10 ** (predicted.clamp(-6, 0) / 2), 0.0
        )
        return candidates[torch.multinomial(weights, count, generator=self.generator)]

    def _candidates(self, count: int) -> Tensor:
        """Uniform on the part of the box where an equilibrium is known to exist, and on its edges,
        [count, n_parameters].
        """
        parameters = self._anywhere(count)
        while self.region is not None:
            parameters = parameters[torch.from_numpy(self.region.contains(parameters.numpy()))]
            if len(parameters) >= count:
                break
            parameters = torch.cat([parameters, self._anywhere(count)])
        return parameters[:count]

    def _anywhere(self, count: int) -> Tensor:
        u = _uniform((count, len(self.model.parameters)), self.generator)
        return with_edges(self.model.parameter_box(), self.model.edge, u)

    def learn(self, parameters: Tensor, residuals: Tensor) -> None:
        """Take note of `residuals` [n, n_residuals] at `parameters` [n, n_parameters], prepared or not."""
        errors = residuals.abs().amax(-1).nan_to_num(1.0).clamp(1e-8, 1.0).log10()
        self.seen.append((parameters[:, : len(self.model.parameters)], errors))
        if len(self.seen) == LEARN_EVERY:
            theta, values = (torch.cat(parts).numpy() for parts in zip(*self.seen, strict=True))
            self.surface, self.seen = Surface.fit(self.model.parameters, theta, values), []

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        surface = self.surface
        arrays = (surface.centre, surface.scale, surface.coefficients) if surface is not None else ()
        return {"surface": [torch.from_numpy(array) for array in arrays], "seen": list(self.seen)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        arrays = [tensor.numpy() for tensor in state["surface"]]
        self.surface = Surface.of(self.model.parameters, *arrays) if arrays else None
        self.seen = list(state["seen"])


class ErgodicPopulation:
    """One simulated economy for each of `size` parameter vectors, moved one period at a time."""

    def __init__(self, model: Model, size: int, tilt: HardnessTilt) -> None:
        self.model, self.generator, self.tilt = model, tilt.generator, tilt
        generator = self.generator
        self.parameters = tilt.draw(size)
        self.states = place_states(model, self.parameters, generator)

    @torch.no_grad()
    def move(self, policy: PolicyNetwork) -> None:
        """One period with fresh shocks; some economies, and all that left their box by far, start anew."""
        size = len(self.states)
        shocks = draw_shocks(self.model, size, self.generator)
        device = next(policy.parameters()).device
        moved = advance(policy, *(t.to(device) for t in (self.states, self.parameters, shocks))).cpu()
        lower, upper = state_box(self.model, self.parameters)
        place = ((2 * moved - lower - upper) / (upper - lower)).abs().amax(-1)
        renewed = ~(place < FAR) | (_uniform((size,), self.generator) < REFRESH)
        parameters = self.tilt.draw(size)
        states = place_states(self.model, parameters, self.generator)
        self.parameters = torch.where(renewed[:, None], parameters, self.parameters)
        self.states = torch.where(renewed[:, None], states, moved)

    @torch.no_grad()
    def picked(self, policy: PolicyNetwork, count: int, share: float) -> Tensor:
        """Rows of `count` different economies, drawn at random: a `share` of them that a constraint binds, as
        far as there are so many, and others, as far as these suffice.
        """
        device = next(policy.parameters()).device
        p = policy.model.name_parameters(self.parameters.to(device))
        binds = constrained_rows(policy, self.states.to(device), p).cpu()
        order = torch.randperm(len(binds), generator=self.generator)
        bound, others = order[binds[order]], order[~binds[order]]
        wanted = round(share * count)
        return torch.cat([bound[:wanted], others, bound[wanted:]])[:count]


def constrained_rows(policy: PolicyNetwork, states: Tensor, p: Parameters) -> Tensor:
    """Whether any constraint binds at `states` [n, n_states], bool [n]: whether one is violated where all are
    lifted.
    """
    regime, free = next(each for each in policy.candidates(states, p).items() if not any(each[0]))
    return (policy.slack(states, p, free, regime) < 0).any(-1)


class Sampler:
    """Batches of (states, parameters), part on the box and part on the ergodic set."""

    def __init__(self, model: Model, settings: Settings, generator: torch.Generator) -> None:
        self.model, self.generator = model, generator
        self.tilt = HardnessTilt(model, settings.hopeless_share, generator)
        self.share, simulated = settings.constrained_share, round(settings.batch * settings.simulated_share)
        self.population = ErgodicPopulation(model, simulated * (CROWD if self.share else 1), self.tilt)
        self.n_simulated, self.n_box = simulated, settings.batch - simulated

    def draw(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """States [batch, n_states] and parameters [batch, n_parameters]."""
        population = self.population
        population.move(policy)
        rows = population.picked(policy, self.n_simulated, self.share) if self.share else slice(None)
        parameters = self.tilt.draw(self.n_box)
        states = place_states(self.model, parameters, self.generator)
        simulated = population.states[rows], population.parameters[rows]
        return torch.cat([states, simulated[0]]), torch.cat([parameters, simulated[1]])

    def judge(self, policy: PolicyNetwork) -> tuple[Tensor, Tensor]:
        """Another batch, by which a step is judged."""
        return self.draw(policy)

    def learn(self, batch: tuple[Tensor, Tensor], residuals: Tensor) -> None:
        """Take note of `residuals` [n, n_residuals] of a batch."""
        self.tilt.learn(batch[1], residuals)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "population": (self.population.states, self.population.parameters),
            "tilt": self.tilt.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.population.states, self.population.parameters = state["population"]
        self.tilt.restore(state["tilt"])


def share_that_runs_away(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, generator: torch.Generator
) -> float:
    """Share of the economies of `run_away` that do."""
    return float(run_away(policy, states, parameters, generator).double().mean())


@torch.no_grad()
def run_away(policy: PolicyNetwork, states: Tensor, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """Whether economies, one a row of `states` [n, n_states] and `parameters` [n, n_parameters], are at some
    time in `PERIODS` far outside their box or no number, or, where they have many households, away from
    where aggregates can be: bool [n].
    """
    policy, parameters = mover(policy, parameters)
    model = policy.model
    (lower, upper), p = state_box(model, parameters), model.name_parameters(parameters)
    stays = torch.ones(len(states), dtype=torch.bool)
    for _ in track(range(PERIODS), "simulating for long"):
        states = advance(policy, states, parameters, draw_shocks(policy.model, len(states), generator))
        stays &= ((2 * states - lower - upper).abs() <= AWAY * (upper - lower)).all(-1)
        stays &= model.settled(model.period(p, states), p)
        states = torch.where(stays[:, None], states, (lower + upper) / 2)
    return ~stays


def _uniform_states(model: Model, count: int, generator: torch.Generator) -> Named:
    columns = sum(state.size for state in model.states)
    return unpack(_uniform((count, columns), generator), model.states)


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64)
