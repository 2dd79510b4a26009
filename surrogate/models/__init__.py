"""Economies, one a file, and the interface they are written against."""

from surrogate.models.interface import Control, Model, Named, ParameterRange, Variable, pack, unpack
from surrogate.models.registry import get, names

__all__ = ["Control", "Model", "Named", "ParameterRange", "Variable", "get", "names", "pack", "unpack"]
