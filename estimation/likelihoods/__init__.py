"""The methods that ``[likelihood]`` can name, a file each: their settings, likelihood and the posterior."""

from .hamilton import HamiltonLikelihood, HamiltonSettings
from .inversion import InversionLikelihood, InversionSettings
from .kalman import KalmanLikelihood, KalmanSettings
from .learnt import LearntLikelihood, LearntSettings
from .method import METHODS, Ingredients, Method, likelihood_settings
from .moments import MomentLikelihood, MomentSettings
from .particle import FilterLikelihood, FilterSettings

__all__ = [
    "METHODS",
    "FilterLikelihood",
    "FilterSettings",
    "HamiltonLikelihood",
    "HamiltonSettings",
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
