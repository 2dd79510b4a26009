"""Economies that are written in Dynare's language."""
