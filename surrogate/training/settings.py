"""What can be chosen about a training run, and what no run can have."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

from ..economy import Economy
from ..errors import BadConfiguration, shown, unknown_name
from ..house.records import whole_number
from ..models.interface import Markov, Model
from ..models.registry import entry_of
from .quadrature import LEAST_SHIFTED, MONOMIAL_FROM, n_normal

CHOICES = {
    "method": ("euler", "all_in_one", "bellman", "lifetime_reward", "population", "generations"),
    "optimiser": ("automatic", "levenberg_marquardt", "adam"),
    "sampling": ("mixed", "box", "simulation"),
    "constraints": ("fischer_burmeister", "multipliers"),
    "quadrature": ("fixed", "shifted"),
    "distribution": ("histogram", "finite_agents", "projection"),
    "robust_loss": ("geman_mcclure", "huber"),
}
"""Settings that are one of a few words."""

WHOLE = {
    "hidden": (1, 4096),
    "trunk": (1, 4096),
    "nodes": (1, 10_000),
    "batch": (16, 10_000_000),
    "adam_steps": (0, 100_000_000),
    "steps": (0, 100_000_000),
    "forgetting_steps": (0, 100_000_000),
    "horizon": (1, 100_000),
    "seed": (0, 2**63 - 1),
    "threads": (1, 1024),
}
MOST_LAYERS = 20
MOST_ROWS = 50_000_000
"""States at which a step evaluates the network."""
MOST_WEIGHTS = 30_000
"""Of a network whose normal equations fit into memory."""
RANGES = {
    "ergodic_share": (0.0, 1.0),
    "constrained_share": (0.0, 0.9),
    "robust_quantile": (0.5, 1.0),
    "memory": (0.0, 0.99),
    "lasting_memory": (0.0, 1.0),
    "hopeless_share": (0.0, 0.9),
    "group_weight": (0.0, 100.0),
    "projection_weight": (0.0, 1000.0),
    "adding_up_weight": (1.0, 100.0),
    "learning_rate": (1e-8, 1.0),
}
OF_HOUSEHOLDS = ("group_weight", "projection_weight")
"""Settings of one method."""
FEWER_FROM, MORE = 3, 2
"""From so many shocks on, a certificate has so many points more in each than training."""
DEVICE = re.compile(r"cpu|cuda(:\d{1,2})?")


@dataclass(frozen=True)
class Settings:
    """Settings of one training run; together with the seed and the threads of PyTorch and BLAS they
    determine its result.
    """

    hidden: tuple[int, ...] = (24, 24)
    """Widths of the tanh layers that see the states."""
    trunk: int = 24
    """Width of the layer that sees only the parameters."""
    nodes: int | tuple[int, ...] = 5
    """Points in each shock: Gauss–Hermite, or evenly spaced from 25 on and where they are shifted."""
    batch: int = 4096
    """States and parameter vectors in a step, fresh each time."""
    ergodic_share: float = 0.5
    """Share of the batch on the ergodic set of the current policy; the rest is uniform on the box."""
    constrained_share: float = 0.0
    """Share of the simulated states at which a constraint binds, as far as there are any: otherwise nearly
    all such states come from the box, where economies are unlike those that go there by themselves.
    """
    adam_steps: int = 100
    steps: int = 500
    """Steps after the warm-up: a few hundred of Levenberg–Marquardt, or thousands of Adam."""
    robust_quantile: float = 0.98
    """Residuals above this quantile count less, so that points without an equilibrium do not spoil the rest.
    """
    robust_loss: str = "geman_mcclure"
    """What becomes of these: they are given up for the moment, or (huber) count in proportion to their size.
    """
    memory: float = 0.8
    """Share that the normal equations of earlier batches keep in each step of Levenberg–Marquardt: more where
    the noise of a batch, not the network, limits the accuracy.
    """
    lasting_memory: float = 0.0
    """Share of all steps so far that one rests on, once that is more than `memory` keeps: then the noise of
    batches falls as the run goes on.
    """
    forgetting_steps: int = 450
    """Where memory lasts: steps of least squares after which one that gains much no longer drops all earlier
    batches. Weights move far in the first half of a run; a short run does better with fewer.
    """
    hopeless_share: float = 0.01
    """Share of the box, the hardest by far, on which no effort is spent: perhaps no equilibrium exists there.
    """
    group_weight: float = 0.0
    """Of the mean error of households that are alike, where there are many: errors of the same sign hardly
    show in a sum of squares, and add up in what all own.
    """
    projection_weight: float = 0.0
    """Of sums of errors over economies, in the last steps: what households in the same part of the
    distribution have in common across the box adds up over thousands of quarters.
    """
    adding_up_weight: float = 1.0
    """Of equations whose errors add up over households or over time (`adding_up` of the economy), such as a
    market that has to clear.
    """
    method: str = "euler"
    """What is made small: see docs/solution-methods.md."""
    optimiser: str = "automatic"
    """Levenberg–Marquardt for sums of squares and Adam for the rest, or one of them by name."""
    sampling: str = "mixed"
    """States from the box and by simulation in proportion to `ergodic_share`, or all by one of them."""
    constraints: str = "fischer_burmeister"
    """Complementarities as one residual each, or with multipliers as further choices of the network."""
    quadrature: str = "fixed"
    """Points at the same place throughout, or evenly spaced and moved at random in each step, so that what
    they miss at a kink averages out.
    """
    homotopy: bool = True
    """In continuous time: begin where aggregates stand still, and let them move as residuals become small."""
    distribution: str = "histogram"
    """How the distribution of households in continuous time is held: by a histogram over the whole box, or at
    the default calibration by finite_agents or a projection.
    """
    learning_rate: float = 1e-3
    """Of Adam; where Adam does everything it falls to zero."""
    horizon: int = 100
    """Periods of a simulated path in the method lifetime_reward."""
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    """Of PyTorch; the linear algebra of Levenberg–Marquardt takes every core that BLAS may use."""

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if str(getattr(self, name)) not in known:
                raise unknown_name(f"value of the setting {name}:", getattr(self, name), known)

    @property
    def simulated_share(self) -> float:
        """Share of a batch on the ergodic set of the current policy."""
        return {"mixed": self.ergodic_share, "box": 0.0, "simulation": 1.0}[self.sampling]


@dataclass(frozen=True)
class Recipe:
    """How a surrogate is made: the settings, and the rule that certifies it."""

    settings: Settings
    test_nodes: int | tuple[int, ...] = Economy.test_nodes
    """Points in each shock for the certificate, more than in training."""


def recipe(model: Model) -> Recipe:
    """The recipe of an economy's entry, or the default one if it has none."""
    economy = entry_of(model)
    if economy is None:
        settings = replace(Settings(), **dict[str, Any](model.recipe))
        return Recipe(settings, _finer(settings.nodes, n_normal(model.shocks)))
    return Recipe(Settings(**economy.settings), economy.test_nodes)


def nodes_of_test(model: Model, settings: Settings) -> int | tuple[int, ...]:
    """Points in each shock for the certificate of an economy that was trained with `settings`."""
    if entry_of(model) is None:
        return _finer(settings.nodes, n_normal(model.shocks))
    return recipe(model).test_nodes


def _finer(nodes: int | tuple[int, ...], n_shocks: int) -> int | tuple[int, ...]:
    """More points in each shock than in training: as many as one has for two shocks would be too many for
    more, unless they are so many that the rule is no product.
    """
    if n_shocks >= FEWER_FROM and (isinstance(nodes, tuple) or n_shocks < MONOMIAL_FROM):
        return tuple(each + MORE for each in nodes) if isinstance(nodes, tuple) else nodes + MORE
    return Economy.test_nodes


def require_sensible(settings: Settings, model: Model) -> None:
    """Refuse settings that no run can have.

    Raises:
        BadConfiguration: naming the setting, its value and what it may be.
    """
    values = asdict(settings)
    for name, (least, most) in WHOLE.items():
        numbers = values[name] if isinstance(values[name], tuple) else (values[name],)
        if not 1 <= len(numbers) <= MOST_LAYERS:
            raise BadConfiguration(
                f"The setting {name} must be 1 to {MOST_LAYERS} numbers, not {len(numbers)}."
            )
        for number in numbers:
            whole_number(f"The setting {name}", number, least, most)
    for name, (low, high) in RANGES.items():
        if not isinstance(values[name], int | float) or not low <= values[name] <= high:
            raise BadConfiguration(
                f"The setting {name} must be between {low:g} and {high:g}, not {shown(values[name])}."
            )
    if not DEVICE.fullmatch(str(settings.device)):
        raise BadConfiguration(f"The setting device must be cpu or cuda, not {shown(settings.device)}.")
    for name in OF_HOUSEHOLDS:
        if values[name] and settings.method != "population":
            raise BadConfiguration(f"The setting {name} is for method=population only: leave it out.")
    if settings.adding_up_weight != 1.0 and (settings.method != "euler" or not model.adding_up):
        raise BadConfiguration(
            "The setting adding_up_weight is for method=euler and economies whose equations add up; "
            f"{model.name} names none or is solved otherwise: leave it out."
        )
    by_regime = settings.method == "euler" and settings.constraints != "multipliers" and model.constraints
    if settings.constrained_share and not (settings.simulated_share and by_regime):
        raise BadConfiguration(
            "The setting constrained_share is for method=euler and economies with constraints, without "
            f"multipliers, of which some are simulated; {model.name} has none, is solved otherwise, or "
            "nothing is simulated: leave it out."
        )
    if settings.steps + settings.adam_steps < 1:
        raise BadConfiguration("A run needs steps or adam_steps: both are zero.")
    _require_a_rule_for_each_shock(settings, model)
    _require_memory_for(settings, model)


def _require_a_rule_for_each_shock(settings: Settings, model: Model) -> None:
    n_shocks = n_normal(model.shocks)
    if isinstance(settings.nodes, tuple) and len(settings.nodes) != n_shocks:
        raise BadConfiguration(
            f"The setting nodes is {_plain(settings.nodes)}, but {model.name} has {n_shocks} shocks that are "
            "normal: give one number, or one for each."
        )
    counts = settings.nodes if isinstance(settings.nodes, tuple) else (settings.nodes,)
    if settings.quadrature == "shifted" and (min(counts) < LEAST_SHIFTED or n_shocks >= MONOMIAL_FROM):
        raise BadConfiguration(
            f"quadrature=shifted takes {LEAST_SHIFTED} or more points in each of up to {MONOMIAL_FROM - 1} "
            f"shocks, not {_plain(settings.nodes)} in {n_shocks}: take quadrature=fixed or other nodes."
        )


def _require_memory_for(settings: Settings, model: Model) -> None:
    n_shocks, nodes = n_normal(model.shocks), settings.nodes
    dimensions = 1 if n_shocks >= MONOMIAL_FROM else n_shocks
    points = prod(nodes) if isinstance(nodes, tuple) else nodes**dimensions
    points *= prod(shock.outcomes for shock in model.shocks if isinstance(shock, Markov))
    if settings.batch * points > MOST_ROWS:
        raise BadConfiguration(
            f"batch={settings.batch} with {points:,} combinations of nodes is more than memory holds: take "
            "fewer of either."
        )
    weights = sum(a * b for a, b in pairwise((settings.trunk, *settings.hidden)))
    if settings.optimiser != "adam" and weights > MOST_WEIGHTS:
        raise BadConfiguration(
            f"hidden={_plain(settings.hidden)} has {weights:,} weights, more than Levenberg-Marquardt has "
            "memory for: take narrower layers or optimiser=adam."
        )


def _plain(value: Any) -> str:
    return ",".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}"
