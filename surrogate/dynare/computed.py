"""The numbers of a file that Dynare has computed, its MATLAB code included."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from ..errors import BadData
from .expressions import Expression, evaluate, names_in
from .model_file import ModelFile
from .octave import Computed

SAME = 1e-12
"""Relative difference of what a formula says from what is there, up to which it says the same."""


def parameters_of(file: ModelFile, computed: Computed) -> tuple[dict[str, float], dict[str, Expression]]:
    """Parameters as Dynare has them, and formulas of the file that say the same."""
    values = dict(computed.parameters)
    formulas = {text: formula for text, formula in file.values if names_in(formula) <= values.keys() - {text}}
    follow = {
        text: formula
        for text, formula in formulas.items()
        if names_in(formula) and np.isclose(evaluate(formula, values), values.get(text, np.nan), SAME, 0.0)
    }
    return values, _without_circles(follow)


def _without_circles(formulas: Mapping[str, Expression]) -> dict[str, Expression]:
    """Formulas in an order in which they can be computed; those that read one another are left out."""
    ordered: dict[str, Expression] = {}
    while new := [
        text
        for text, formula in formulas.items()
        if text not in ordered and not names_in(formula) & (formulas.keys() - ordered.keys())
    ]:
        ordered |= {text: formulas[text] for text in new}
    return ordered


def sizes_of(file: ModelFile, computed: Computed) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Standard deviations of active shocks, and correlations of pairs of them.

    Raises
    ------
    BadData : no shock is active.
    """
    sds = dict(zip(computed.shocks, np.sqrt(np.diag(computed.covariance)).tolist(), strict=True))
    active = {text: sds[text] for text in file.shocks if sds.get(text, 0.0) > 0}
    if not active:
        raise BadData("The file has no active shock: nothing in it is uncertain.")
    correlations = {}
    for one, two in combinations(active, 2):
        row, column = computed.shocks.index(one), computed.shocks.index(two)
        if covariance := float(computed.covariance[row, column]):
            correlations[one, two] = covariance / (sds[one] * sds[two])
    return active, correlations
