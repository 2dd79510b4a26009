"""Likelihood surrogates: a log likelihood learnt from noisy calls of a filter, evaluated in microseconds."""

from ..likelihoods.learnt import LearntLikelihood, correct
from ..likelihoods.learnt_graph import LearntGraph, LikelihoodCard

__all__ = ["LearntGraph", "LearntLikelihood", "LikelihoodCard", "correct"]
