"""From an economy to a trained policy network."""

from .run import Progress, describe, load_policy, train
from .settings import Settings, recipe

__all__ = ["Progress", "Settings", "describe", "load_policy", "recipe", "train"]
