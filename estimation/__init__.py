"""Take a surrogate economy to data: likelihoods, priors, posteriors, moments, tables and plots.

    from estimation import Estimation
    Estimation.from_toml("examples/herbst_schorfheide.toml").run("results/herbst_schorfheide")

None of this needs a training framework.
"""

from .data import load_data
from .estimation import Estimation, read_results
from .moments import Moment, MomentsResult, SimulatedMoments, estimate_msm
from .priors import Prior, PriorSet, make_prior
from .results import Results
from .sampling.posterior import Posterior

__all__ = [
    "Estimation",
    "Moment",
    "MomentsResult",
    "Posterior",
    "Prior",
    "PriorSet",
    "Results",
    "SimulatedMoments",
    "estimate_msm",
    "load_data",
    "make_prior",
    "read_results",
]
