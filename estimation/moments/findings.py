"""A point estimate by simulated moments as tables that can be saved."""

import pandas as pd

from estimation.finding import Finding
from estimation.moments.result import MomentsResult
from surrogate.errors import BadData


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


_TITLE = "Simulated method of moments"


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
