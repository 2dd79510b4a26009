"""Take a surrogate economy to data: likelihoods, priors, posteriors, moments, tables and plots.

from estimation import Estimation
Estimation.from_toml("examples/herbst_schorfheide.toml").run("results/herbst_schorfheide")
"""

from estimation.data import load_data
from estimation.estimation import Estimation
from estimation.moments import Moment
from estimation.posterior import Posterior
from estimation.priors import Prior, PriorSet, make_prior
from estimation.results import Results
from estimation.smm import SimulatedMoments

__all__ = [
    "Estimation",
    "Moment",
    "Posterior",
    "Prior",
    "PriorSet",
    "Results",
    "SimulatedMoments",
    "load_data",
    "make_prior",
]
