"""Take a surrogate economy to data: likelihoods, priors, posteriors, moments, tables and plots.

from estimation import Estimation
Estimation.from_toml("examples/herbst_schorfheide.toml").run("results/herbst_schorfheide")
"""

from estimation.data import load_data
from estimation.estimation import Estimation, read_results
from estimation.moments import Moment, MomentsResult, SimulatedMoments, estimate_msm
from estimation.priors import Prior, PriorSet, make_prior
from estimation.results import Results
from estimation.sampling.posterior import Posterior

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
