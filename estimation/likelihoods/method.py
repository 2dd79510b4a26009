"""What every likelihood method has in common, and how ``[likelihood] method`` finds its settings."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import pandas as pd

from estimation.measurement import PREFIX
from estimation.moments import MomentsResult
from estimation.posterior import Posterior
from estimation.priors import PriorSet
from estimation.settings import read_settings, require_mapping
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, unknown_name

DEFAULT = "twisted"


@dataclass(frozen=True)
class Ingredients:
    """What a posterior is made of, apart from the likelihood's own settings.

    Attributes
    ----------
    surrogate : the solved economy.
    data : observations [T, n_y] by quarter.
    priors : of the free parameters.
    fixed : values of parameters that do not move.
    measurement_error : ``sd``, ``share_of_sd`` or ``share_of_variance``, as the user wrote them.
    seed : of whatever is random but common to all evaluations.
    """

    surrogate: Surrogate
    data: pd.DataFrame
    priors: PriorSet
    fixed: Mapping[str, float]
    measurement_error: Mapping[str, Any]
    seed: int


class Method(ABC):
    """Settings of one method, a dataclass; ``method`` is the name by which ``[likelihood]`` chooses it.

    Attributes
    ----------
    files : stems of the files in which the findings of its likelihood are saved.
    """

    method: str
    files: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def usual(cls, method: str) -> Mapping[str, Any]:
        """Values, for one name of the method, of settings that the user leaves out."""
        return {}

    @abstractmethod
    def posterior(self, given: Ingredients) -> Posterior:
        """The posterior of ``given`` under this method.

        Raises
        ------
        SurrogateError : in one sentence, what does not fit together.
        """

    def ingredients(self, posterior: Posterior) -> list:
        """What draws of its posterior depend on beside model, data and priors, as JSON can write it."""
        sd = None if posterior.measurement is None else [str(value) for value in posterior.measurement.sd]
        return [vars(self), sd]

    def point_estimate(self, posterior: Posterior, seed: int) -> MomentsResult:
        """The parameters whose moments are closest to those of the data.

        Raises
        ------
        BadConfiguration : the likelihood is not made of moments.
        """
        raise BadConfiguration('A point estimate needs [likelihood] method = "moments".')


METHODS: dict[str, type[Method]] = {}
"""By the names that ``[likelihood] method`` can have."""
Settings = TypeVar("Settings", bound=type[Method])


def register(*names: str) -> Callable[[Settings], Settings]:
    """Let ``[likelihood] method`` choose the decorated settings by any of ``names``."""

    def known(settings: Settings) -> Settings:
        METHODS.update(dict.fromkeys(names, settings))
        return settings

    return known


def likelihood_settings(values: Mapping[str, Any]) -> Method:
    """Read the settings of a likelihood; ``method`` decides which others make sense.

    Raises
    ------
    UnknownName : an unknown method or setting.
    BadConfiguration : a value of the wrong type.
    """
    method = require_mapping("likelihood", values).get("method", DEFAULT)
    if not isinstance(method, str) or method not in METHODS:
        raise unknown_name("likelihood method", method, METHODS)
    return read_settings(METHODS[method], {**METHODS[method].usual(method), **values}, "likelihood")


def require_no_measurement_error(given: Ingredients, who: str, instead: str) -> None:
    """Raise ``BadConfiguration`` if measurement errors are given or have priors.

    Parameters
    ----------
    who : the method and its verb, such as "The inversion filter has".
    instead : what else to do about it.
    """
    if given.measurement_error or any(name.startswith(PREFIX) for name in given.priors):
        raise BadConfiguration(
            f"{who} no measurement error: leave [measurement_error] and priors on {PREFIX}... out{instead}."
        )
