"""A point estimate by simulated moments and what follows from it: errors, tests, its dependence on the
moments, tables.

Where estimates are said to depend on moments, G [k, p] are the derivatives of the simulated moments, W [k, k]
the weights and S [k, k] the covariance of the distance. The measures other than "bias" are those of Honore,
Jorgensen and de Paula (2020, Journal of Applied Econometrics 35), all as shares of the parameter's variance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from surrogate.errors import BadConfiguration, BadData, shown, unknown_name

from ..finding import Finding
from .named import Array
from .weights import NOTICEABLE, inverse

METHODS = ("robust", "optimal")
UNNOTICED = 0.01
"""Standard errors of the moments, when a parameter goes from one bound to the other."""
_TITLE = "Simulated method of moments"


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
        covariance = sandwich(self.jacobian.to_numpy(), weights, self._distance_cov())
        return pd.DataFrame(covariance, self.jacobian.columns, self.jacobian.columns)

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
        if kind not in KINDS:
            raise unknown_name("kind of sensitivity", kind, KINDS)
        weights = self.weights.to_numpy()
        self._require_identified()
        if kind != "bias":
            inverse(self.moments_cov.to_numpy(), list(self.moments_cov))
        measure = KINDS[kind](self.jacobian.to_numpy(), weights, self._distance_cov())
        return pd.DataFrame(measure, self.jacobian.columns, self.jacobian.index)

    def j_test(self) -> JTest:
        """Test whether all moments fit at once: chi2 with a degree of freedom for each moment to spare.

        The statistic is the distance under optimal weights after a Gauss-Newton step towards its own minimum,
        so that it holds under any weights (Newey and McFadden 1994, section 9.5).
        """
        derivatives, weights = self.jacobian.to_numpy(), self._optimal_weights()
        gap = (self.fit["model"] - self.fit["data"]).to_numpy()
        left = gap - derivatives @ (response(derivatives, weights) @ gap)
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


def response(derivatives: Array, weights: Array) -> Array:
    """Change of the estimates [p, k] by one unit more of each moment of the data: (G' W G)^-1 G' W.

    Andrews, Gentzkow and Shapiro (2017, Quarterly Journal of Economics 132).
    """
    weighted = derivatives.T @ weights
    return np.linalg.solve(weighted @ derivatives, weighted)


def sandwich(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Covariance [p, p] of the estimates under any weights: L S L' with L the :func:`response`."""
    reaction = response(derivatives, weights)
    return reaction @ covariance @ reaction.T


def noise(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Precision lost [p, k] if a moment had a little more noise: elasticity of variances."""
    variance = np.diag(sandwich(derivatives, weights, covariance))
    return response(derivatives, weights) ** 2 * np.diag(covariance) / variance[:, None]


def noise_fundamental(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """The same [p, k] under optimal weights."""
    return noise(derivatives, np.linalg.inv(covariance), covariance)


def removal(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Precision lost [p, k] if a moment were left out and the other weights kept; NaN if nothing is left."""
    return _each_removed(derivatives, weights, covariance, keep_weights=True)


def removal_fundamental(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """The same [p, k] under optimal weights."""
    return _each_removed(derivatives, np.linalg.inv(covariance), covariance, keep_weights=False)


def weighting(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Change of precision [p, k] if a moment had a little more weight: elasticity of variances."""
    variance = sandwich(derivatives, weights, covariance)
    bread = np.linalg.inv(derivatives.T @ weights @ derivatives)
    reaction = bread @ derivatives.T  # [p, k]
    towards = reaction * (covariance @ weights @ derivatives @ bread).T
    away = reaction * (variance @ derivatives.T)
    return 2 * (towards - away) * np.diag(weights) / np.diag(variance)[:, None]


KINDS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "bias": lambda derivatives, weights, covariance: response(derivatives, weights),
    "noise_fundamental": noise_fundamental,
    "noise": noise,
    "removal": removal,
    "removal_fundamental": removal_fundamental,
    "weighting": weighting,
}


def moment_findings(result: MomentsResult) -> list[Finding]:
    """Estimates with their standard errors, fit of the moments, test of their fit, and what depends on what.

    Where moments do not identify the parameters or are collinear, there are estimates and fit only, and the
    note of the estimates says why.
    """
    fit = Finding(
        "moments", "Moments of data and model", result.fit, "The model's are at the point estimate."
    )
    try:
        return [_estimates(result), fit, _test(result), _sensitivity(result)]
    except BadData as error:
        values = pd.DataFrame({"value": result.params}).rename_axis("parameter")
        return [Finding("point_estimate", _TITLE, values, f"No standard errors: {error}"), fit]


def _each_removed(derivatives: Array, weights: Array, covariance: Array, keep_weights: bool) -> Array:
    before = np.diag(sandwich(derivatives, weights, covariance))
    columns = []
    for moment in range(len(weights)):
        left = np.delete(np.arange(len(weights)), moment)
        block = np.ix_(left, left)
        if np.linalg.matrix_rank(derivatives[left]) < derivatives.shape[1]:  # these do not identify them
            columns.append(np.full(derivatives.shape[1], np.nan))
            continue
        chosen = weights[block] if keep_weights else np.linalg.inv(covariance[block])
        after = np.diag(sandwich(derivatives[left], chosen, covariance[block]))
        columns.append(after / before - 1)
    return np.stack(columns, axis=1)


def _estimates(result: MomentsResult) -> Finding:
    note = (
        "Standard errors hold under any weights and count the noise of the simulation; the interval has "
        "95 %. Priors play no part."
    )
    if result.at_bounds:
        note += f" They do not hold for {', '.join(result.at_bounds)}, which ends at its bounds."
    return Finding("point_estimate", _TITLE, result.summary(), note)


def _test(result: MomentsResult) -> Finding:
    test = result.j_test()
    row = {
        "statistic": test.statistic,
        "degrees of freedom": str(test.degrees_of_freedom),
        "p value": test.p_value,
    }
    table = pd.DataFrame(row, index=pd.Index(["J"], name="test"))
    note = "Hansen's test: a small p value says that no parameters fit all moments at once."
    return Finding("j_test", "Test of the overidentifying moments", table, note)


def _sensitivity(result: MomentsResult) -> Finding:
    moved = result.sensitivity().T.mul(result.fit["standard error"], axis=0)
    table = (moved / pd.Series(result.se())).rename_axis("moment")
    note = (
        "By how many standard errors an estimate moves when a moment of the data is one standard error "
        "larger (Andrews, Gentzkow and Shapiro 2017)."
    )
    return Finding("sensitivity", "Sensitivity of estimates to moments", table, note)
