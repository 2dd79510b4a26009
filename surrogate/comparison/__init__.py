"""A surrogate beside the classical solution of the same economy at one calibration.

Both policies drive the same economy, the transition in step.onnx, with the same shocks; so whatever differs
is the policy's doing. None of this needs a training framework, but for observables under the classical
policy: see `surrogate.comparison.solutions`. In an economy of many households each solution moves its own:
see `surrogate.comparison.households`, `surrogate.comparison.continuous_time`,
`surrogate.comparison.sequence_space` and, for overlapping generations, which are held to their equations,
`surrogate.comparison.generations`.
"""

from .compare import Comparison, compare
from .continuous_time import ContinuousComparison
from .generations import GenerationsComparison
from .households import HouseholdsComparison
from .report import read_calibration
from .sequence_space import SequenceSpaceComparison
from .tables import AnyComparison

__all__ = [
    "AnyComparison",
    "Comparison",
    "ContinuousComparison",
    "GenerationsComparison",
    "HouseholdsComparison",
    "SequenceSpaceComparison",
    "compare",
    "read_calibration",
]
