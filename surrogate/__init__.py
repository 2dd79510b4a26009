"""Economies solved over a box of structural parameters, run from ONNX files.

    from surrogate import load
    economy = load("rbc")
    controls = economy.policy({"capital": 10.0, "productivity": 0.0}, {"alpha": 0.33})

Importing this package loads no training framework; solving and exporting live in `surrogate.training` and
`surrogate.export`.
"""

from .artifact.card import Card, ParameterRange, Variable
from .artifact.region import Region
from .artifact.runtime import Simulation, SteadyState, Surrogate, Transition
from .catalogue import load
from .errors import SurrogateError
from .house import __version__
from .house.listener import Display, Listener, listening

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
