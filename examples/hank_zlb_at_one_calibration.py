"""Kase, Melosi and Rottner's households with the bound, at one calibration, solved in a quarter of an hour:

dsge-surrogate train examples/hank_zlb_at_one_calibration.py --output here.pt

The calibration is the published posterior median but for the preference shocks, whose standard deviation is
.95 percent and not 1.22: no equilibrium is found there (docs/hank.md).
"""

from dataclasses import replace

from surrogate.economy import Economy
from surrogate.models.hank import Hank
from surrogate.models.hank_zlb import HankZeroLowerBound

CALIBRATION = {
    "sigma_s": 0.0704,
    "borrowing_limit": -0.5,
    "phi": 101.0,
    "theta_pi": 2.43,
    "theta_y": 0.96,
    "rho_z": 0.43,
    "rho_m": 0.91,
    "sigma_zeta": 0.0095,
    "sigma_z": 0.0047,
    "sigma_m": 0.0015,
}


class HankHere(HankZeroLowerBound):
    """The economy over a box that is a point."""

    name = "hank_zlb_here"
    parameters = tuple(
        replace(each, lower=value, upper=value, default=value)
        for each, value in zip(HankZeroLowerBound.parameters, CALIBRATION.values(), strict=True)
    )
    adding_up = Hank.adding_up  # with more of them a run that begins here does not get far


HERE = Economy(
    "hank_zlb_here",
    settings={"hidden": (24, 24), "trunk": 1, "nodes": (5, 2, 2), "batch": 128, "ergodic_share": 0.7}
    | {"adam_steps": 0, "steps": 160, "robust_quantile": 1.0, "lasting_memory": 0.25, "forgetting_steps": 80}
    | {"hopeless_share": 0.0, "adding_up_weight": 4.0},
    test_nodes=(9, 3, 3),
)
