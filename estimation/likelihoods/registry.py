"""From the name of a likelihood method to its settings."""

from collections.abc import Mapping
from typing import Any

from estimation.likelihoods.exact import KALMAN, KalmanSettings
from estimation.likelihoods.filtered import FILTERS, PARTICLES, FilterSettings
from estimation.likelihoods.inverted import INVERSION, InversionSettings
from estimation.likelihoods.learnt import LEARNT, LearntSettings
from estimation.likelihoods.method import Method
from estimation.likelihoods.moments import MOMENTS, MomentSettings
from estimation.settings import read_settings, require_mapping
from surrogate.errors import unknown_name

METHODS: dict[str, type[Method]] = {
    **dict.fromkeys(FILTERS, FilterSettings),
    KALMAN: KalmanSettings,
    INVERSION: InversionSettings,
    MOMENTS: MomentSettings,
    LEARNT: LearntSettings,
}
DEFAULT = "twisted"


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
    usual = {"particles": PARTICLES[method]} if method in FILTERS else {}
    return read_settings(METHODS[method], {**usual, **values}, "likelihood")
