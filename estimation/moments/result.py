"""A point estimate by simulated moments and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from estimation.moments import sensitivity
from estimation.moments.series import Array
from estimation.moments.weights import NOTICEABLE, inverse
from surrogate.errors import BadConfiguration, BadData, shown, unknown_name

METHODS = ("robust", "optimal")
UNNOTICED = 0.01
"""Standard errors of the moments, when a parameter goes from one bound to the other."""


class JTest(NamedTuple):
    """Hansen's test of the overidentifying restrictions; without any, the p value is NaN."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True)
class MomentsResult:
    """Parameters at which simulated and observed moments are closest.

    Attributes
    ----------
    params : free parameter -> estimate.
    distance : g' W g there.
    fit : the table of :meth:`estimation.SimulatedMoments.fit`.
    jacobian : derivatives of the simulated moments [n_moments, n_free].
    weights, moments_cov : W and the covariance of the data's moments [n_moments, n_moments].
    replications : simulated samples behind the moments.
    bounds : free parameter -> (lower, upper).
    at_bounds : parameters at an end of their bounds, for which no standard error holds.
    optimize_result : SciPy's, or ``None`` where nothing was optimised.
    """

    params: dict[str, float]
    distance: float
    fit: pd.DataFrame
    jacobian: pd.DataFrame
    weights: pd.DataFrame
    moments_cov: pd.DataFrame
    replications: int
    bounds: dict[str, tuple[float, float]]
    at_bounds: tuple[str, ...]
    optimize_result: Any

    def cov(self, method: str = "robust") -> pd.DataFrame:
        """Covariance [n_free, n_free] of the estimates, which the simulation inflates by 1 + 1/replications.

        ``"robust"`` is the sandwich that holds under any weights; ``"optimal"`` is what optimal weights reach
        (Gourieroux and Monfort 1996, Simulation-Based Econometric Methods, proposition 2.3).

        Raises
        ------
        BadData : the moments do not identify some parameters, by name, or are collinear.
        """
        if method not in METHODS:
            raise unknown_name("method of standard errors", method, METHODS)
        weights = self._optimal_weights() if method == "optimal" else self.weights.to_numpy()
        self._require_identified()
        found = sensitivity.sandwich(self.jacobian.to_numpy(), weights, self._distance_cov())
        return pd.DataFrame(found, self.jacobian.columns, self.jacobian.columns)

    def se(self, method: str = "robust") -> dict[str, float]:
        """Standard error of each estimate."""
        return dict(zip(self.params, np.sqrt(np.diag(self.cov(method))).tolist(), strict=True))

    def ci(self, method: str = "robust", ci_level: float = 0.95) -> tuple[dict[str, float], dict[str, float]]:
        """Lower and upper ends of confidence intervals, from the normal distribution.

        Raises
        ------
        BadConfiguration : ``ci_level`` is not between 0 and 1.
        """
        if not isinstance(ci_level, Real) or not 0 < ci_level < 1:
            raise BadConfiguration(f"ci_level must be between 0 and 1, such as 0.95, not {shown(ci_level)}.")
        half = {name: norm.ppf((1 + ci_level) / 2) * se for name, se in self.se(method).items()}
        lower = {name: float(value - half[name]) for name, value in self.params.items()}
        return lower, {name: float(value + half[name]) for name, value in self.params.items()}

    def p_values(self, method: str = "robust") -> dict[str, float]:
        """Two-sided p value of each parameter being zero."""
        ratios = {name: abs(self.params[name]) / se for name, se in self.se(method).items()}
        return {name: float(2 * norm.sf(ratio)) for name, ratio in ratios.items()}

    def summary(self, method: str = "robust", ci_level: float = 0.95) -> pd.DataFrame:
        """One row a parameter: value, standard error, ends of the confidence interval, p value."""
        lower, upper = self.ci(method, ci_level)
        columns: Mapping[str, Mapping[str, float]] = {
            "value": self.params,
            "standard_error": self.se(method),
            "ci_lower": lower,
            "ci_upper": upper,
            "p_value": self.p_values(method),
        }
        return pd.DataFrame(columns).rename_axis("parameter")

    def sensitivity(self, kind: str = "bias") -> pd.DataFrame:
        """How estimates [n_free] depend on moments [n_moments].

        ``"bias"``: by how much an estimate moves when the moment of the data is one larger (Andrews, Gentzkow
        and Shapiro 2017; estimagic's has the other sign). The others are shares of the estimate's variance
        (Honore, Jorgensen and de Paula 2020): ``"noise"`` more of it in a moment, ``"removal"`` of a moment,
        both also under optimal weights as ``"noise_fundamental"`` and ``"removal_fundamental"``, and
        ``"weighting"`` more on a moment.
        """
        if kind not in sensitivity.KINDS:
            raise unknown_name("kind of sensitivity", kind, sensitivity.KINDS)
        weights = self.weights.to_numpy()
        self._require_identified()
        if kind != "bias":
            inverse(self.moments_cov.to_numpy(), list(self.moments_cov))
        found = sensitivity.KINDS[kind](self.jacobian.to_numpy(), weights, self._distance_cov())
        return pd.DataFrame(found, self.jacobian.columns, self.jacobian.index)

    def j_test(self) -> JTest:
        """Test whether all moments fit at once: chi2 with a degree of freedom for each moment to spare.

        The statistic is the distance under optimal weights after a Gauss-Newton step towards its own minimum,
        so that it holds under any weights (Newey and McFadden 1994, section 9.5).
        """
        derivatives, weights = self.jacobian.to_numpy(), self._optimal_weights()
        gap = (self.fit["model"] - self.fit["data"]).to_numpy()
        left = gap - derivatives @ (sensitivity.response(derivatives, weights) @ gap)
        statistic = float(left @ weights @ left) / self._inflation
        freedom = derivatives.shape[0] - derivatives.shape[1]
        return JTest(statistic, freedom, float(chi2.sf(statistic, freedom)) if freedom else float("nan"))

    @property
    def _inflation(self) -> float:
        return 1 + 1 / self.replications

    def _distance_cov(self) -> Array:
        return self._inflation * self.moments_cov.to_numpy()

    def _optimal_weights(self) -> Array:
        return inverse(self.moments_cov.to_numpy(), list(self.moments_cov))

    def _require_identified(self) -> None:
        """Raise BadData for parameters that may go through their bounds without any moment taking notice."""
        widths = np.array([upper - lower for lower, upper in self.bounds.values()])
        errors = np.sqrt(np.diag(self.moments_cov))
        effects = self.jacobian.to_numpy() * widths / errors[:, None]
        _, sizes, directions = np.linalg.svd(effects, full_matrices=False)
        loadings = np.abs(directions[sizes < UNNOTICED])
        lost = [name for name, row in zip(self.params, loadings.T, strict=True) if (row > NOTICEABLE).any()]
        if lost:
            raise BadData(
                f"The moments do not identify {', '.join(lost)} at the estimate: fix one of them, or add "
                "moments that tell them apart."
            )
