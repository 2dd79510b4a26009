"""Where a household in continuous time errs: residuals over wealth and productivity, by income.

Of the ONNX files at the default parameters, in the economy that has come to rest: what stands in the columns
`saving` and `euler` of a certificate, household by household. Matplotlib, which only the figure needs, comes
with the extra ``plot``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ..artifact.runtime import Surrogate
from ..house.figures import panels, styled
from ..models.continuous_time import InstantaneousPopulation
from ..policy import PolicyNetwork
from ..training.quadrature import rule_for
from ..training.residuals import look_ahead
from .errors import ArtifactPolicy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
QUARTERS, LEVELS, REACH = 800, 41, 3.0
"""Until rest, and of productivity, up to so many standard deviations."""
INCOMES = ("low income", "high income")
LEAST = 1e-6


class ResidualMaps(NamedTuple):
    """Wealth [n] in units of K*, productivity [k] in standard deviations, and errors of consumption growth a
    year [k, 2, n], the low income first; NaN at the limit, where no difference between nodes exists.
    """

    wealth: Array
    productivity: Array
    errors: Array

    def table(self) -> pd.DataFrame:
        """A row for each place: income, wealth, productivity and error."""
        places = pd.MultiIndex.from_product(
            [self.productivity, INCOMES, self.wealth], names=["productivity", "income", "wealth"]
        )
        return pd.DataFrame({"error": self.errors.ravel()}, places)


@torch.no_grad()
def residual_maps(artifact: Surrogate, model: InstantaneousPopulation) -> ResidualMaps:
    """Residuals of the files at their default parameters."""
    theta = artifact.default[None]
    rest = artifact.simulate(theta, np.zeros((QUARTERS, artifact.n_shocks))).states[-1, 0].astype(float)
    p = model.name_parameters(torch.from_numpy(theta))
    sd = float(p.sig / (2 * p.eta) ** 0.5)
    deviations = np.linspace(-REACH, REACH, LEVELS)
    states = np.repeat(rest[None], LEVELS, axis=0)
    states[:, -1] = deviations * sd
    policy = cast(PolicyNetwork, ArtifactPolicy(artifact, model))
    rows = torch.from_numpy(states)
    wide = model.name_parameters(torch.from_numpy(theta).expand(LEVELS, -1).unsqueeze(-2))
    nodes, weights = rule_for(model.shocks, 1)
    ahead = look_ahead(policy, model, rows, policy(rows, p), wide, nodes, weights)
    errors = model.growth_errors(ahead.now, ahead.expected, wide).squeeze(-2)
    errors = errors.unflatten(-1, (2, -1)).numpy()
    errors[..., 0] = np.nan
    wealth = (ahead.now.assets / wide.of_household.representative_capital)[0, 0].unflatten(-1, (2, -1))[0]
    return ResidualMaps(wealth.numpy(), deviations, errors)


def residual_map_figure(maps: ResidualMaps) -> Figure:
    """A panel for each income.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, len(INCOMES), 4.2, 3.0, sharey=True)
    sizes = np.log10(np.maximum(np.abs(maps.errors), LEAST))
    with styled():
        for column, (panel, who) in enumerate(zip(rows[0], INCOMES, strict=True)):
            drawn = panel.pcolormesh(
                maps.wealth,
                maps.productivity,
                sizes[:, column],
                shading="nearest",
                cmap="cividis",
                vmin=-5.0,
                vmax=-2.5,
            )
            panel.set_title(f"{who}: log10 of the error, a year", loc="left")
            panel.set_xlabel("wealth, relative to the representative agent's")
        rows[0, 0].set_ylabel("productivity, standard deviations")
        figure.colorbar(drawn, ax=list(rows[0]), extend="both")
    return figure
