"""Kase, Melosi and Rottner's households with the zero lower bound, reduced: the aggregate state and two
moments of their distribution, as in `hank_reduced`, and R = max(1, rule).
"""

from __future__ import annotations

from surrogate.models.hank_reduced import HankReduced
from surrogate.models.hank_zlb import HankZeroLowerBound, RateFloor
from surrogate.models.hank_zlb_aid import HankZeroLowerBoundAid


class HankZeroLowerBoundReduced(RateFloor, HankZeroLowerBoundAid, HankReduced):
    """The aggregate state and two moments of the distribution of bonds, with the bound."""

    name = "hank_zlb_reduced"
    description = f"{HankReduced.description}, with the bound"
    full = HankZeroLowerBound
    parameters = HankZeroLowerBound.parameters
