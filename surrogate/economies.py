"""The economies that ship, and those that installed packages add."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from .economy import Economy, Solution
from .errors import UnknownName, unknown_name

GROUP = "dsge_surrogate.economies"

CONTINUOUS = {"method": "population", "nodes": 1, "batch": 2048, "adam_steps": 0, "steps": 420} | {
    "robust_quantile": 0.98,
    "robust_loss": "huber",
    "memory": 0.9,
    "lasting_memory": 0.1,
    "hopeless_share": 0.0,
}
"""Settings of economies of households in continuous time."""

OF_HANK = {"economies": 512, "burn_in": 200, "quarters": 200, "batch": 4096, "steps": 120} | {
    "hidden": (24, 24)
}
"""Of economies reduced to two moments of households, with the bound or without."""
SHIPPED = (
    Economy(
        "ramsey",
        "surrogate.models.ramsey:Ramsey",
        {"hidden": (12, 12), "trunk": 16, "nodes": 1, "batch": 1024}
        | {"adam_steps": 0, "steps": 80, "hopeless_share": 0.0},
        classical="surrogate.reference.growth:solve_ramsey",
    ),
    Economy(
        "rbc",
        "surrogate.models.rbc:RealBusinessCycle",
        {"batch": 1024, "adam_steps": 20, "steps": 260, "hopeless_share": 0.0},
        test_nodes=11,
        classical="surrogate.reference.growth:solve_rbc",
    ),
    Economy(
        "brock_mirman",
        "surrogate.models.brock_mirman:BrockMirman",
        {"hidden": (12, 12), "trunk": 12, "batch": 2048, "adam_steps": 0, "steps": 120}
        | {"robust_quantile": 1.0, "hopeless_share": 0.0},
        classical="surrogate.reference.growth:solve_brock_mirman",
    ),
    Economy(
        "nk_linear",
        "surrogate.models.nk_linear:LinearNewKeynesian",
        {"hidden": (4,), "nodes": 2, "batch": 1024, "adam_steps": 0, "steps": 320, "hopeless_share": 0.0},
        test_nodes=3,
        classical="surrogate.reference.new_keynesian:solve_nk_linear",
    ),
    Economy(
        "nk_zlb",
        "surrogate.models.nk_zlb:NewKeynesianZeroLowerBound",
        {"hidden": (16, 16), "nodes": 25, "batch": 1024, "adam_steps": 0, "steps": 180}
        | {"hopeless_share": 0.0},
        test_nodes=121,
        classical="surrogate.reference.new_keynesian:solve_nk_zlb",
        exists="surrogate.reference.new_keynesian:equilibrium_exists",
    ),
    Economy(
        "consumption_saving",
        "surrogate.models.consumption_saving:ConsumptionSaving",
        {"hidden": (28, 28), "trunk": 16, "nodes": 11, "quadrature": "shifted", "batch": 2048}
        | {"ergodic_share": 0.25, "adam_steps": 0, "steps": 1000, "robust_quantile": 1.0, "memory": 0.95},
        test_nodes=61,
        classical="surrogate.reference.households:solve_consumption_saving",
        region="surrogate.reference.households:stationary_region",
    ),
    Economy(
        "olg_analytic",
        "surrogate.models.olg_analytic:AnalyticOverlappingGenerations",
        {"hidden": (8, 8), "trunk": 8, "nodes": 2, "batch": 512, "adam_steps": 0, "steps": 60}
        | {"robust_quantile": 1.0, "hopeless_share": 0.0},
        test_nodes=4,
        classical="surrogate.reference.households:solve_olg_analytic",
    ),
    Economy(
        "an_schorfheide",
        "surrogate.models.an_schorfheide:AnSchorfheide",
        # shocks: monetary policy, government spending, which hardly matters for the policy, and growth
        {"trunk": 32, "nodes": (3, 2, 5), "batch": 2048, "adam_steps": 0, "steps": 1000}
        | {"hopeless_share": 0.08},
        test_nodes=(5, 3, 7),
        classical="surrogate.reference.an_schorfheide_projection:solve_an_schorfheide",
    ),
    Economy(
        "an_schorfheide_zlb",
        "surrogate.models.an_schorfheide_zlb:AnSchorfheideZeroLowerBound",
        {"trunk": 32, "nodes": (5, 2, 5), "batch": 1024, "adam_steps": 0, "steps": 800}
        | {"hopeless_share": 0.1},
        test_nodes=(11, 3, 11),
        classical="surrogate.reference.an_schorfheide_projection:solve_an_schorfheide_zlb",
    ),
    Economy(
        "irbc",
        "surrogate.models.irbc:MultiCountryRealBusinessCycle",
        {"hidden": (16, 16), "trunk": 16, "nodes": 2, "batch": 512, "adam_steps": 0, "steps": 400}
        | {"ergodic_share": 0.75, "robust_quantile": 1.0, "memory": 0.9, "lasting_memory": 0.25}
        | {"hopeless_share": 0.0},
        test_nodes=3,
        classical="surrogate.reference.irbc:solve_irbc",
    ),
    Economy(
        "krusell_smith",
        "surrogate.models.krusell_smith:KrusellSmith",
        {"method": "population", "nodes": 1, "batch": 4096, "adam_steps": 0, "steps": 640}
        | {"robust_quantile": 0.9, "robust_loss": "huber", "memory": 0.93, "lasting_memory": 0.25}
        | {"hopeless_share": 0.0, "group_weight": 4.0, "projection_weight": 30.0},
        test_nodes=1,
        classical="surrogate.reference.krusell_smith_population:solve_population",
        comparison="surrogate.comparison.households:compare_households",
    ),
    Economy(
        "krusell_smith_ar1",
        "surrogate.models.krusell_smith_ar1:KrusellSmithAr1",
        {"method": "population", "nodes": 3, "batch": 4096, "adam_steps": 0, "steps": 400}
        | {"robust_quantile": 0.9, "robust_loss": "huber", "memory": 0.93, "lasting_memory": 0.25}
        | {"hopeless_share": 0.0},
        test_nodes=5,
    ),
    Economy(
        "olg",
        "surrogate.models.olg:OverlappingGenerations",
        {"method": "generations", "trunk": 12, "nodes": 1, "batch": 2560, "adam_steps": 0, "hidden": (32, 32)}
        | {"steps": 600, "robust_quantile": 0.995, "robust_loss": "huber", "memory": 0.9}
        | {"lasting_memory": 0.05, "hopeless_share": 0.0},
        test_nodes=1,
        comparison="surrogate.comparison.generations:compare_generations",
    ),
    Economy(
        "krusell_smith_continuous",
        "surrogate.models.krusell_smith_continuous:KrusellSmithContinuous",
        CONTINUOUS,
        test_nodes=1,
        classical="surrogate.reference.continuous_time_linear:solve_linear_economy",
        comparison="surrogate.comparison.continuous_time:compare_continuous",
    ),
    Economy(
        "krusell_smith_continuous_reduced",
        "surrogate.models.krusell_smith_continuous_reduced:KrusellSmithContinuousReduced",
        full="krusell_smith_continuous",
        reduction={"economies": 256, "burn_in": 400, "quarters": 150, "batch": 4096, "steps": 60},
    ),
    Economy(
        "krusell_smith_continuous_risky",
        "surrogate.models.krusell_smith_continuous_risky:KrusellSmithRiskyWealth",
        CONTINUOUS,
        test_nodes=1,
        classical="surrogate.reference.continuous_time_linear:solve_linear_economy",
        comparison="surrogate.comparison.continuous_time:compare_continuous",
    ),
    Economy(
        "krusell_smith_reduced",
        "surrogate.models.krusell_smith_reduced:KrusellSmithReduced",
        classical="surrogate.reference.krusell_smith_aggregate:solve_krusell_smith_law",
        full="krusell_smith",
        # what the shape of wealth makes of capital lasts for a thousand quarters
        reduction={"burn_in": 2500, "quarters": 2000, "steps": 200},
    ),
    Economy(
        "hank",
        "surrogate.models.hank:Hank",
        {"hidden": (16, 16), "nodes": 2, "batch": 256, "sampling": "simulation", "adam_steps": 0}
        | {"steps": 140, "robust_quantile": 1.0, "memory": 0.95, "hopeless_share": 0.0},
        test_nodes=3,
        comparison="surrogate.comparison.sequence_space:compare_in_sequence_space",
    ),
    Economy(
        "hank_zlb",
        "surrogate.models.hank_zlb:HankZeroLowerBound",
        {"hidden": (24, 24), "trunk": 32, "nodes": (5, 2, 2), "batch": 128, "ergodic_share": 0.85}
        | {"constrained_share": 0.4, "adam_steps": 0, "steps": 400, "robust_quantile": 1.0}
        | {"lasting_memory": 0.25, "forgetting_steps": 150, "adding_up_weight": 4.0, "hopeless_share": 0.3},
        test_nodes=(9, 3, 3),
    ),
    Economy(
        "hank_reduced",
        "surrogate.models.hank_reduced:HankReduced",
        full="hank",
        reduction=OF_HANK,
    ),
    Economy(
        "hank_zlb_reduced",
        "surrogate.models.hank_zlb_reduced:HankZeroLowerBoundReduced",
        full="hank_zlb",
        reduction=OF_HANK | {"steps": 360, "memory": 0.99},  # the bound bends the law of moments
    ),
)
"""In the order in which they are listed."""


@cache
def known() -> dict[str, Economy]:
    """Economies by name: those that ship, then those of installed packages.

    A package's entry that cannot be read, or whose name is taken, is left out with a warning.
    """
    economies = {economy.name: economy for economy in SHIPPED}
    for point in entry_points(group=GROUP):
        economy = _read(point)
        if isinstance(economy, Economy) and economies.setdefault(economy.name, economy) is economy:
            continue
        why = f"its name {economy.name!r} is taken" if isinstance(economy, Economy) else economy
        warnings.warn(f"The economy of {point.value} is left out: {why}.", stacklevel=2)
    return economies


def find(name: str) -> Economy:
    """The economy called `name`; raises UnknownName with close matches."""
    if name not in known():
        raise unknown_name("economy", name, list(known()))
    return known()[name]


def solve(name: str, parameters: Mapping[str, float]) -> Solution:
    """Solve the economy called `name` at `parameters` (by name, natural units), without its surrogate.

    Raises
    ------
    UnknownName : the economy has no classical solution here; the message names those that have one.
    SurrogateError : no solution is found at `parameters`.
    """
    if name not in with_classical_solution():
        raise UnknownName(
            f"There is no classical solution of {name!r} here; there is one of: "
            f"{', '.join(with_classical_solution())}."
        )
    return known()[name].solve(parameters)


def with_classical_solution() -> list[str]:
    """Names of those with a classical solution, sorted."""
    return sorted(name for name, economy in known().items() if economy.classical is not None)


def _read(point: EntryPoint) -> Economy | str:
    """The entry, or why there is none."""
    try:
        economy = point.load()
    except Exception as error:  # whatever another package's code raises
        return f"{type(error).__name__}: {error}"
    return economy if isinstance(economy, Economy) else "it is no surrogate.economy.Economy"
