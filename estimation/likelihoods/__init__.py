"""The methods that ``[likelihood]`` can name, a file each: their settings, likelihood and the posterior."""

from estimation.likelihoods.inversion import InversionLikelihood, InversionSettings
from estimation.likelihoods.kalman import KalmanLikelihood, KalmanSettings
from estimation.likelihoods.learnt import LearntLikelihood, LearntSettings
from estimation.likelihoods.method import METHODS, Ingredients, Method, likelihood_settings
from estimation.likelihoods.moments import MomentLikelihood, MomentSettings
from estimation.likelihoods.particle import FilterLikelihood, FilterSettings

__all__ = [
    "METHODS",
    "FilterLikelihood",
    "FilterSettings",
    "Ingredients",
    "InversionLikelihood",
    "InversionSettings",
    "KalmanLikelihood",
    "KalmanSettings",
    "LearntLikelihood",
    "LearntSettings",
    "Method",
    "MomentLikelihood",
    "MomentSettings",
    "likelihood_settings",
]
