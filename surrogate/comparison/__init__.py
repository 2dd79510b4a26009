"""A surrogate beside the classical solution of the same economy at one calibration.

Both policies drive the same economy, the transition in step.onnx, with the same shocks; so whatever differs
is the policy's doing. None of this needs a training framework, but for observables under the classical
policy: see `surrogate.comparison.solutions`. In an economy of many households each solution moves its own:
see `surrogate.comparison.households`; overlapping generations are held to their equations: see
`surrogate.comparison.generations`.
"""

from .compare import Comparison, compare
from .generations import GenerationsComparison
from .households import HouseholdsComparison
from .report import read_calibration

__all__ = ["Comparison", "GenerationsComparison", "HouseholdsComparison", "compare", "read_calibration"]
