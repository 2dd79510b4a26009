"""What every likelihood method has in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from estimation.measurement import PREFIX
from estimation.posterior import Posterior
from estimation.priors import PriorSet
from surrogate import Surrogate
from surrogate.errors import BadConfiguration


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


class Method(Protocol):
    """Settings of one method, a dataclass; ``method`` is the name by which ``[likelihood]`` chooses it."""

    @property
    def method(self) -> str:
        """Name of the method."""
        ...

    def posterior(self, given: Ingredients) -> Posterior:
        """The posterior of ``given`` under this method.

        Raises
        ------
        SurrogateError : in one sentence, what does not fit together.
        """
        ...

    def ingredients(self, posterior: Posterior) -> list:
        """What draws depend on beside model, data and priors, as JSON can write it."""
        ...


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


def in_blocks(evaluate: Callable[[slice], np.ndarray], rows: int, size: int) -> np.ndarray:
    """Values [rows] that `evaluate` returns for consecutive slices of at most `size` rows.

    Linear algebra refuses a whole stack for one singular matrix in it: such a slice is halved until the row
    is alone, and its value is minus infinity.
    """
    return np.concatenate(
        [_divided(evaluate, first, min(first + size, rows)) for first in range(0, rows, size)]
    )


def _divided(evaluate: Callable[[slice], np.ndarray], first: int, stop: int) -> np.ndarray:
    try:
        return evaluate(slice(first, stop))
    except np.linalg.LinAlgError:
        if stop - first == 1:
            return np.array([-np.inf])
    middle = (first + stop) // 2
    return np.concatenate([_divided(evaluate, first, middle), _divided(evaluate, middle, stop)])
