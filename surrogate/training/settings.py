"""What can be chosen about a training run."""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.economy import Economy
from surrogate.errors import unknown_name
from surrogate.models.interface import Model
from surrogate.models.registry import entry_of

CHOICES = {
    "method": ("euler", "all_in_one", "bellman", "lifetime_reward"),
    "optimiser": ("automatic", "levenberg_marquardt", "adam"),
    "sampling": ("mixed", "box", "simulation"),
    "constraints": ("fischer_burmeister", "multipliers"),
    "quadrature": ("fixed", "shifted"),
}
"""Settings that are one of a few words."""


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
    adam_steps: int = 100
    steps: int = 500
    """Steps after the warm-up: a few hundred of Levenberg–Marquardt, or thousands of Adam."""
    robust_quantile: float = 0.98
    """Residuals above this quantile count less, so that points without an equilibrium do not spoil the rest.
    """
    memory: float = 0.8
    """Share that the normal equations of earlier batches keep in each step of Levenberg–Marquardt: more where
    the noise of a batch, not the network, limits the accuracy.
    """
    hopeless_share: float = 0.01
    """Share of the box, the hardest by far, on which no effort is spent: perhaps no equilibrium exists there.
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
    return Recipe(Settings()) if economy is None else Recipe(Settings(**economy.settings), economy.test_nodes)
