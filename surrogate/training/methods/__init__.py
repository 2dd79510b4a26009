"""The methods of solution, one a file, chosen by name in the settings of a run."""

from __future__ import annotations

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Model
from surrogate.models.multipliers import with_multipliers
from surrogate.training.methods.all_in_one import AllInOne
from surrogate.training.methods.bellman import Bellman
from surrogate.training.methods.euler import EulerResiduals
from surrogate.training.methods.lifetime_reward import LifetimeReward
from surrogate.training.methods.method import Method
from surrogate.training.settings import Settings

METHODS: dict[str, type[Method]] = {
    "euler": EulerResiduals,
    "all_in_one": AllInOne,
    "bellman": Bellman,
    "lifetime_reward": LifetimeReward,
}

__all__ = ["METHODS", "EulerResiduals", "Method", "describe", "formulation", "optimiser"]


def formulation(economy: Model, settings: Settings) -> Model:
    """The economy in the form in which the settings ask to solve it: perhaps with multipliers or its value as
    further controls.

    Raises:
        BadConfiguration: if the method cannot solve it, or it has nothing to find multipliers for.
    """
    formulated = METHODS[settings.method].formulate(economy, settings)
    return with_multipliers(formulated) if settings.constraints == "multipliers" else formulated


def optimiser(settings: Settings) -> str:
    """ "levenberg_marquardt" or "adam".

    Raises:
        BadConfiguration: if least squares are asked for where nothing is squared.
    """
    squares = METHODS[settings.method].sum_of_squares
    if settings.optimiser == "levenberg_marquardt" and not squares:
        raise BadConfiguration(
            f"method={settings.method} does not minimise a sum of squares, which Levenberg-Marquardt needs: "
            "leave out optimiser=levenberg_marquardt, and Adam is taken."
        )
    if settings.optimiser == "automatic":
        return "levenberg_marquardt" if squares else "adam"
    return settings.optimiser


def describe(settings: Settings) -> str:
    """Method and the optimisers that take steps in words, for cards and people."""
    main = "Adam" if optimiser(settings) == "adam" else "Levenberg-Marquardt"
    steps = {"Adam": settings.adam_steps}
    steps[main] = steps.get(main, 0) + settings.steps
    return f"{METHODS[settings.method].description}, {' then '.join(name for name in steps if steps[name])}"
