"""Krusell and Smith's economy at one calibration, solved in a minute:

dsge-surrogate train examples/krusell_smith_at_one_calibration.py --output here.pt
dsge-surrogate export here.pt here --model examples/krusell_smith_at_one_calibration.py
dsge-surrogate compare here --periods 10000 --model examples/krusell_smith_at_one_calibration.py
"""

from dataclasses import replace

from surrogate.economy import Economy
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.krusell_smith_household import PARAMETERS, Household

CALIBRATION = {"beta": 0.99, "gamma": 1.0, "alpha": 0.36, "delta": 0.025, "mu": 0.15, "dz": 0.01}
BOX = tuple(
    replace(each, lower=value, upper=value, default=value)
    for each, value in zip(PARAMETERS, CALIBRATION.values(), strict=True)
)


class HouseholdHere(Household):
    """A household of this economy."""

    parameters = BOX


class KrusellSmithHere(KrusellSmith):
    """The economy over a box that is a point."""

    name = "krusell_smith_here"
    parameters = BOX
    household = HouseholdHere()


HERE = Economy(
    "krusell_smith_here",
    settings={"method": "population", "nodes": 1, "hidden": (16, 16), "trunk": 1, "batch": 1024}
    | {"adam_steps": 0, "steps": 400, "robust_quantile": 0.9, "robust_loss": "huber", "memory": 0.93}
    | {"lasting_memory": 0.25, "forgetting_steps": 200, "hopeless_share": 0.0, "group_weight": 4.0},
    test_nodes=1,
    classical="surrogate.reference.krusell_smith_population:solve_population",
    comparison="surrogate.comparison.households:compare_households",
)
