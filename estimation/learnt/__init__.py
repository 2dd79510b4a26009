"""Likelihood surrogates: a log likelihood learnt from noisy calls of a filter, evaluated in microseconds."""

from estimation.learnt.card import LikelihoodCard
from estimation.learnt.likelihood import LearntGraph, LearntLikelihood

__all__ = ["LearntGraph", "LearntLikelihood", "LikelihoodCard"]
