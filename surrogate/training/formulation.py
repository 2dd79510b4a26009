"""The economy in the form in which a run's settings ask to solve it."""

from __future__ import annotations

from surrogate.models.interface import Model
from surrogate.models.multipliers import with_multipliers
from surrogate.training.settings import Settings


def formulation(economy: Model, settings: Settings) -> Model:
    """The economy itself, or with multipliers as further choices.

    Raises:
        BadConfiguration: if it has nothing to find multipliers for.
    """
    return with_multipliers(economy) if settings.constraints == "multipliers" else economy
