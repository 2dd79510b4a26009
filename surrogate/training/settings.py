"""What can be chosen about a training run, and the recipes of the economies that ship."""

from __future__ import annotations

from dataclasses import dataclass, field

from surrogate.errors import unknown_name
from surrogate.models.interface import Model
from surrogate.models.registry import shipped_name

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
    """How a shipped surrogate is made: the settings, and the rule that certifies it."""

    settings: Settings
    test_nodes: int | tuple[int, ...] = field(default=9)
    """Points in each shock for the certificate, more than in training."""


RECIPES: dict[str, Recipe] = {
    "rbc": Recipe(Settings(batch=1024, adam_steps=20, steps=260, hopeless_share=0.0), test_nodes=11),
    "an_schorfheide": Recipe(
        Settings(trunk=32, nodes=(3, 2, 5), batch=2048, adam_steps=0, steps=1000, hopeless_share=0.08),
        test_nodes=(5, 3, 7),
    ),
    "an_schorfheide_zlb": Recipe(
        Settings(trunk=32, nodes=(5, 2, 5), batch=1024, adam_steps=0, steps=800, hopeless_share=0.1),
        test_nodes=(11, 3, 11),
    ),
    "ramsey": Recipe(
        Settings(hidden=(12, 12), trunk=16, nodes=1, batch=1024, adam_steps=0, steps=80, hopeless_share=0.0)
    ),
    "brock_mirman": Recipe(
        Settings(
            hidden=(12, 12),
            trunk=12,
            batch=2048,
            adam_steps=0,
            steps=120,
            robust_quantile=1.0,
            hopeless_share=0.0,
        )
    ),
    "nk_linear": Recipe(
        Settings(hidden=(4,), nodes=2, batch=1024, adam_steps=0, steps=320, hopeless_share=0.0), test_nodes=3
    ),
    "olg_analytic": Recipe(
        Settings(
            hidden=(8, 8),
            trunk=8,
            nodes=2,
            batch=512,
            adam_steps=0,
            steps=60,
            robust_quantile=1.0,
            hopeless_share=0.0,
        ),
        test_nodes=4,
    ),
    "nk_zlb": Recipe(
        Settings(hidden=(16, 16), nodes=25, batch=1024, adam_steps=0, steps=180, hopeless_share=0.0),
        test_nodes=121,
    ),
    "consumption_saving": Recipe(
        Settings(
            hidden=(28, 28),
            trunk=16,
            nodes=11,
            quadrature="shifted",
            batch=2048,
            ergodic_share=0.25,
            adam_steps=0,
            steps=1000,
            robust_quantile=1.0,
            memory=0.95,
        ),
        test_nodes=61,
    ),
}
"""The flagship's shocks are monetary policy, government spending and growth; the second one hardly matters
for the policy.
"""


def recipe(model: Model) -> Recipe:
    """The recipe of a shipped economy, or the default one for anyone's own."""
    name = shipped_name(model)
    return Recipe(Settings()) if name is None else RECIPES[name]
