"""The income fluctuation problem: saving against risky income under a borrowing limit.

    C + A' = (1 + r) A + e^z = M,   A' >= 0,   z' = rho z + sigma e'
    0 <= A'/M  complementary to  0 <= 1 - ( beta (1+r) E[ u'(C') ] / u'(C) )^(1/gamma),   u'(C) = C^-gamma

Schechtman and Escudero (1977), Deaton (1991). The second term is the Euler equation in units of consumption;
its power changes neither its sign nor where it is zero. Where the limit binds, everything is consumed: that
regime is exact. In the other one the network answers what would be chosen if the limit were lifted today
alone, which is smooth, and the kink is where that exceeds what there is.
"""

from __future__ import annotations

from torch import Tensor, exp, log, ones_like, relu, zeros_like

from surrogate.models import Constraint, Control, Model, ParameterRange, Parameters, Period, Variable
from surrogate.models.consumption_saving_aid import ConsumptionSavingAid
from surrogate.models.utility import constant_relative_risk_aversion
from surrogate.models.variables import Named, Pairs, Values

LEAST_SHARE = 0.05


class ConsumptionSaving(ConsumptionSavingAid, Model):
    """One household, one riskless asset, and log income that is a first-order autoregression."""

    name = "consumption_saving"
    description = "Consumption and saving with risky income under a borrowing limit"
    parameters = (
        ParameterRange("beta", 0.90, 0.98, 0.95, "discount factor"),
        ParameterRange("r", 0.0, 0.03, 0.02, "net interest rate"),
        ParameterRange("gamma", 1.0, 5.0, 2.0, "relative risk aversion"),
        ParameterRange("rho", 0.60, 0.95, 0.90, "persistence of log income"),
        ParameterRange("sigma", 0.05, 0.30, 0.10, "standard deviation of shocks to log income"),
    )
    states = (
        Variable("assets", "assets at the start of the period", "goods"),
        Variable("income", "income", "log"),
    )
    controls = (Control("consumption", "consumption", "goods", lower=0.0, upper="most"),)
    shocks = (Variable("income", "income shock", "standard deviations"),)
    observables = (
        Variable("log_consumption", "consumption", "log"),
        Variable("consumption_growth", "consumption growth", "percent"),
        Variable("log_income", "income", "log"),
        Variable("assets_over_income", "assets carried over, relative to income", "ratio"),
    )
    equations = (Variable("saving", "consumption error of the saving choice", "share of consumption"),)
    constraints = (Constraint("saving", "there is no debt", closed_form=True),)

    def impatience(self, p: Parameters) -> Tensor:
        """-log beta (1 + r)."""
        return -log(p.beta * (1 + p.r))

    def resources(self, now: Period, p: Parameters) -> Tensor:
        """M, cash on hand; at least a little of one's income where a lifted limit led into debt."""
        least = LEAST_SHARE * exp(now.income)
        return relu((1 + p.r) * now.assets + exp(now.income) - least) + least

    def savings(self, now: Period, p: Parameters) -> Tensor:
        """A'."""
        return now.resources - now.consumption

    def slack(self, now: Period, p: Parameters) -> Values:
        """Savings, in tenths of resources: negative where one would like to borrow."""
        return {"saving": 10 * now.savings / now.resources}

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Without risk, the impatient own nothing."""
        zero = zeros_like(p.beta)
        return {"assets": zero, "income": zero}, {"consumption": ones_like(zero)}

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Assets are what is not consumed; log income is autoregressive."""
        return {"assets": now.savings, "income": p.rho * now.income + p.sigma * e.income}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """Tomorrow's marginal utility relative to today's."""
        return {"marginal_utility": exp(-p.gamma * log(then.consumption / now.consumption))}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """None: the one condition is a complementarity."""
        return {}

    def complementarities(self, now: Period, expected: Named, p: Parameters) -> Pairs:
        """Carrying nothing over against consuming less than one would like to."""
        eager = 1 - exp((log(expected.marginal_utility) - p.impatience) / p.gamma)
        return {"saving": (1 - now.consumption / now.resources, eager)}

    def reward(self, now: Period, p: Parameters) -> Tensor:
        """Utility of consumption."""
        return constant_relative_risk_aversion(now.consumption, p.gamma)

    def discount(self, p: Parameters) -> Tensor:
        """Of a period."""
        return p.beta

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Consumption and its growth, income, and assets relative to income."""
        return {
            "log_consumption": log(then.consumption),
            "consumption_growth": 100 * log(then.consumption / now.consumption),
            "log_income": then.income,
            "assets_over_income": then.resources * exp(-then.income) - then.consumption * exp(-then.income),
        }
