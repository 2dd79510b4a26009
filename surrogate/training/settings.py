"""What can be chosen about a training run, and the recipes of the economies that ship."""

from __future__ import annotations

from dataclasses import dataclass, field

from surrogate.errors import unknown_name

CONSTRAINTS = ("fischer_burmeister", "multipliers")
"""Complementarities as one residual each, or with multipliers as further choices of the network."""


@dataclass(frozen=True)
class Settings:
    """Settings of one training run; together with the seed and the thread count they determine its result."""

    hidden: tuple[int, ...] = (24, 24)
    """Widths of the tanh layers that see the states."""
    trunk: int = 24
    """Width of the layer that sees only the parameters."""
    nodes: int | tuple[int, ...] = 5
    """Gauss–Hermite points in each shock."""
    batch: int = 4096
    """States and parameter vectors in a step, fresh each time."""
    ergodic_share: float = 0.5
    """Share of the batch on the ergodic set of the current policy; the rest is uniform on the box."""
    adam_steps: int = 100
    steps: int = 500
    """Levenberg–Marquardt steps after the warm-up."""
    robust_quantile: float = 0.98
    """Residuals above this quantile count less, so that points without an equilibrium do not spoil the rest.
    """
    hopeless_share: float = 0.01
    """Share of the box, the hardest by far, on which no effort is spent: perhaps no equilibrium exists there.
    """
    constraints: str = "fischer_burmeister"
    """How complementarities are solved: `CONSTRAINTS` has the names."""
    seed: int = 0
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.constraints not in CONSTRAINTS:
            raise unknown_name("value of the setting constraints", self.constraints, CONSTRAINTS)


@dataclass(frozen=True)
class Recipe:
    """How a shipped surrogate is made: the settings, and the rule that certifies it."""

    settings: Settings
    test_nodes: int | tuple[int, ...] = field(default=9)
    """Gauss–Hermite points in each shock for the certificate, more than in training."""


RECIPES: dict[str, Recipe] = {
    "rbc": Recipe(Settings(batch=1024, adam_steps=20, steps=260, hopeless_share=0.0), test_nodes=11),
    "an_schorfheide": Recipe(
        Settings(nodes=(3, 2, 5), batch=2048, adam_steps=0, steps=500), test_nodes=(5, 3, 7)
    ),
    "an_schorfheide_zlb": Recipe(
        Settings(nodes=(5, 2, 5), batch=1024, adam_steps=0, steps=500, hopeless_share=0.1),
        test_nodes=(11, 3, 11),
    ),
}
"""The flagship's shocks are monetary policy, government spending and growth; the second one hardly matters
for the policy.
"""


def recipe(model: str) -> Recipe:
    """The recipe of a shipped economy, or the default one for a user's own."""
    return RECIPES.get(model, Recipe(Settings()))
