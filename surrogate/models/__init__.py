"""Economies, one a file, and the interface they are written against."""

from .interface import (
    Aid,
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
from .population import Population
from .registry import get, names

__all__ = [
    "Aid",
    "Control",
    "Markov",
    "Model",
    "Named",
    "Pairs",
    "ParameterRange",
    "Parameters",
    "Period",
    "Population",
    "Values",
    "Variable",
    "get",
    "names",
    "pack",
    "unpack",
    "where",
]
