"""Economies solved over a box of structural parameters, run from ONNX files.

    from surrogate import load
    economy = load("rbc")
    controls = economy.policy({"capital": 10.0, "productivity": 0.0}, {"alpha": 0.33})

Importing this package loads no training framework; solving and exporting live in `surrogate.training` and
`surrogate.export`.
"""

from surrogate._version import __version__
from surrogate.card import Card, ParameterRange, Variable
from surrogate.errors import SurrogateError
from surrogate.listener import Display, Listener, listening
from surrogate.region import Region
from surrogate.runtime import Simulation, SteadyState, Surrogate, Transition, load

__all__ = [
    "Card",
    "Display",
    "Listener",
    "ParameterRange",
    "Region",
    "Simulation",
    "SteadyState",
    "Surrogate",
    "SurrogateError",
    "Transition",
    "Variable",
    "__version__",
    "listening",
    "load",
]
