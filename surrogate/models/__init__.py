"""Economies, one a file, and the interface they are written against."""

from .first_order import ErgodicEllipse, FirstOrderAid
from .generations import Generations
from .interface import (
    Aid,
    Constraint,
    Control,
    Markov,
    Model,
    Named,
    Pairs,
    ParameterRange,
    Parameters,
    Period,
    Values,
    Variable,
    pack,
    unpack,
    where,
)
from .population import Population, WithDistribution
from .reduced import Reduced
from .registry import get, names
from .steady_states import NumericalSteadyState

__all__ = [
    "Aid",
    "Constraint",
    "Control",
    "ErgodicEllipse",
    "FirstOrderAid",
    "Generations",
    "Markov",
    "Model",
    "Named",
    "NumericalSteadyState",
    "Pairs",
    "ParameterRange",
    "Parameters",
    "Period",
    "Population",
    "Reduced",
    "Values",
    "Variable",
    "WithDistribution",
    "get",
    "names",
    "pack",
    "unpack",
    "where",
]
