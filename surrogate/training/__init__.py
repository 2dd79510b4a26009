"""From an economy to a trained policy network."""

from surrogate.training.run import Progress, describe, load_policy, train
from surrogate.training.settings import Settings, recipe

__all__ = ["Progress", "Settings", "describe", "load_policy", "recipe", "train"]
