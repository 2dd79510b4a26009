"""The methods that ``[likelihood]`` can name: each file has its settings and the posterior they make."""

from estimation.likelihoods.exact import KalmanLikelihood, KalmanSettings
from estimation.likelihoods.filtered import FilterLikelihood, FilterSettings
from estimation.likelihoods.inverted import InversionLikelihood, InversionSettings
from estimation.likelihoods.learnt import LearntSettings
from estimation.likelihoods.method import Ingredients, Method
from estimation.likelihoods.moments import MomentSettings
from estimation.likelihoods.registry import likelihood_settings

__all__ = [
    "FilterLikelihood",
    "FilterSettings",
    "Ingredients",
    "InversionLikelihood",
    "InversionSettings",
    "KalmanLikelihood",
    "KalmanSettings",
    "LearntSettings",
    "Method",
    "MomentSettings",
    "likelihood_settings",
]
