"""The income fluctuation problem: saving against risky income under a borrowing limit.

    C + A' = (1 + r) A + e^z = M,   A' >= 0,   z' = rho z + sigma e'
    0 <= A'/M  complementary to  0 <= 1 - ( beta (1+r) E[ u'(C') ] / u'(C) )^(1/gamma),   u'(C) = C^-gamma

Schechtman and Escudero (1977), Deaton (1991). The second term is the Euler equation in units of consumption;
its power changes neither its sign nor where it is zero. Where the limit binds, everything is consumed: that
regime is exact. In the other one the network answers what would be chosen if the limit were lifted today
alone, which is smooth, and the kink is where that exceeds what there is.
"""

from __future__ import annotations

from types import SimpleNamespace

from torch import Tensor, exp, log, ones_like, relu, zeros_like
from torch.nn.functional import softplus

from surrogate.models.interface import Control, Model, Named, Pairs, ParameterRange, Variable
from surrogate.models.utility import constant_relative_risk_aversion

LEAST_SHARE = 0.05
LEAST_IMPATIENCE = 0.01
"""In what says how far the box of assets reaches: with less, they are spread without end."""
WARY_SHARE = 0.1
"""Share of a gain in cash on hand that is consumed just above the kink, in the first approximation of it."""
ROUND = 8
"""How close to its kink the anchor of the economy without regimes is."""
LEAST_PLACE = 0.8
"""Cash on hand from which training draws states, relative to the first approximation of the kink."""
MOST_PLACE = 1.5
"""Assets up to which it draws them, relative to the box: the patient own more."""


class ConsumptionSaving(Model):
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
    inputs = (Variable("resources"), Variable("income"))
    features = (*parameters, Variable("impatience"), Variable("variance"), Variable("prudence"))
    controls = (Control("consumption", "consumption", "goods", lower=0.0, upper="most"),)
    shocks = (Variable("income", "income shock", "standard deviations"),)
    observables = (
        Variable("log_consumption", "consumption", "log"),
        Variable("consumption_growth", "consumption growth", "percent"),
        Variable("log_income", "income", "log"),
        Variable("assets_over_income", "assets carried over, relative to income", "ratio"),
    )
    equations = (Variable("saving", "consumption error of the saving choice", "share of consumption"),)
    regimes = ("free", "bound")
    closed_form = ("bound",)

    def derived(self, p: Named) -> dict[str, Tensor]:
        """Impatience, the ergodic variance of log income, and the assets that are seldom exceeded: mean
        income plus what prudence asks for, gamma var(z) for each unit of impatience.
        """
        impatience = -log(p.beta * (1 + p.r))
        variance = p.sigma**2 / (1 - p.rho**2)
        prudence = p.gamma * variance / (relu(impatience - LEAST_IMPATIENCE) + LEAST_IMPATIENCE)
        return {
            "impatience": impatience,
            "variance": variance,
            "prudence": prudence,
            "wealth": exp(variance / 2) * (1 + prudence),
        }

    def resources(self, s: Named, p: Named) -> Tensor:
        """M, cash on hand; at least a little of one's income where a lifted limit led into debt."""
        least = LEAST_SHARE * exp(s.income)
        return relu((1 + p.r) * s.assets + exp(s.income) - least) + least

    def most(self, s: Named, p: Named) -> Tensor:
        """All there is; as much more as whoever is at the kink has if today's limit is lifted."""
        resources = self.resources(s, p)
        return resources + self.first_kink(s, p) if self.regime == "free" else resources

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Without risk, the impatient own nothing."""
        zero = zeros_like(p.impatience)
        return {"assets": zero, "income": zero}, {"consumption": ones_like(zero)}

    def state_bounds(self, p: Named) -> dict[str, tuple[Tensor, Tensor]]:
        """Assets from the limit up, and three standard deviations of log income either side."""
        three_sd = 3 * p.variance**0.5
        return {"assets": (zeros_like(p.wealth), p.wealth), "income": (-three_sd, three_sd)}

    def place(self, u: Named, p: Named) -> dict[str, Tensor]:
        """Income evenly, and assets from a little below the kink up, half of them in the first eighth."""
        low, high = self.state_bounds(p)["income"]
        income = low + (high - low) * u.income
        kink = self.first_kink(SimpleNamespace(income=income), p)
        least = (relu(LEAST_PLACE * kink - exp(income)) / (1 + p.r)).minimum(p.wealth)
        return {"assets": least + (MOST_PLACE * p.wealth - least) * u.assets**3, "income": income}

    def coordinates(self, s: Named, p: Named) -> dict[str, Tensor]:
        """How far cash on hand is from the kink, to a first approximation, and income."""
        return {
            "resources": log(self.resources(s, p) / self.first_kink(s, p)) / 2,
            "income": s.income / (3 * p.variance**0.5),
        }

    def first_kink(self, s: Named, p: Named) -> Tensor:
        """Cash on hand below which all would be consumed, to a first approximation: the smaller, smoothly, of
        two that are exact, one if all of tomorrow's income were consumed, and one if only the share
        `WARY_SHARE` of what exceeds tomorrow's kink were, in logs.
        """
        impatience, wariness = p.impatience / p.gamma, p.gamma * p.sigma**2 / 2
        all_consumed = p.rho * s.income + impatience - wariness
        pull = WARY_SHARE / (1 - (1 - WARY_SHARE) * p.rho)
        part_consumed = pull * p.rho * s.income + (impatience - wariness * pull**2) / WARY_SHARE
        return exp(all_consumed - p.sigma * softplus((all_consumed - part_consumed) / p.sigma))

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """Beside the parameters, the logs of impatience, risk and prudence."""
        return {
            **super().characteristics(p),
            "impatience": log(relu(p.impatience) + LEAST_IMPATIENCE),
            "variance": log(p.variance),
            "prudence": log(p.prudence),
        }

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """Off the limit, a straight line through the first approximation of the kink, as steep as without
        risk; without regimes, smoothly less than there is.
        """
        resources = self.resources(s, p)
        if self.regime == "bound":
            return {"consumption": resources}
        slope = 1 - exp(-p.impatience / p.gamma) / (1 + p.r)
        line = slope * resources + (1 - slope) * self.first_kink(s, p)
        if self.regime == "free":
            return {"consumption": line}
        return {"consumption": resources * (1 + (resources / line) ** ROUND) ** (-1 / ROUND)}

    def slack(self, s: Named, x: Named, p: Named) -> Tensor:
        """Savings, in tenths of resources: negative where one would like to borrow."""
        resources = self.resources(s, p)
        return 10 * (resources - x.consumption) / resources

    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """Assets are what is not consumed; log income is autoregressive."""
        assets = self.resources(s, p) - x.consumption
        return {"assets": assets, "income": p.rho * s.income + p.sigma * e.income}

    def expectation(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Tomorrow's marginal utility relative to today's."""
        return {"marginal_utility": exp(-p.gamma * log(x_next.consumption / x.consumption))}

    def residuals(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """None: the one condition is a complementarity."""
        return {}

    def complementarities(self, s: Named, x: Named, expected: Named, p: Named) -> Pairs:
        """Carrying nothing over against consuming less than one would like to; whoever is told that the
        limit is lifted saves a positive amount, so to speak, and at the limit there is nothing to decide.
        """
        eager = 1 - exp((log(expected.marginal_utility) - p.impatience) / p.gamma)
        if self.regime == "free":
            return {"saving": (ones_like(eager), eager)}
        if self.regime == "bound":
            return {"saving": (zeros_like(eager), relu(eager))}
        return {"saving": (1 - x.consumption / self.resources(s, p), eager)}

    def reward(self, s: Named, x: Named, p: Named) -> Tensor:
        """Utility of consumption."""
        return constant_relative_risk_aversion(x.consumption, p.gamma)

    def discount(self, p: Named) -> Tensor:
        """Of a period."""
        return p.beta

    def observe(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Consumption and its growth, income, and assets relative to income."""
        return {
            "log_consumption": log(x_next.consumption),
            "consumption_growth": 100 * log(x_next.consumption / x.consumption),
            "log_income": s_next.income,
            "assets_over_income": self.resources(s_next, p) * exp(-s_next.income)
            - x_next.consumption * exp(-s_next.income),
        }
