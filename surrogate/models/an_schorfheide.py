"""The small New Keynesian model that the field estimates.

An and Schorfheide (2007), Herbst and Schorfheide (2015). Consumption c and output y are detrended by
productivity A.

    1 = beta E[ (c'/c)^-tau R / (gamma e^z' pi') ]
    1 = (1 - c^tau)/nu + phi (pi - pibar) [(1 - 1/(2 nu)) pi + pibar/(2 nu)]
        - phi beta E[ (c'/c)^-tau (y'/y) (pi' - pibar) pi' ]
    c = y (1/g - phi/2 (pi - pibar)^2)
    R = R*^(1 - rho_r) R_-1^rho_r e^eps_r
    R* = (gamma/beta) pibar (pi/pibar)^psi1 (y/y_n)^psi2,   y_n = (1 - nu)^(1/tau) g
    log g' = (1 - rho_g) log gbar + rho_g log g + eps_g',   z' = rho_z z + eps_z'
"""

from __future__ import annotations

from torch import Tensor, exp, log, zeros_like

from surrogate.models import Control, Model, Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.an_schorfheide_aid import AnSchorfheideAid

NU = 0.1  # inverse demand elasticity


class AnSchorfheide(AnSchorfheideAid, Model):
    """The economy without a bound on the interest rate."""

    name = "an_schorfheide"
    description = "Small New Keynesian model of An and Schorfheide (2007), nonlinear"
    parameters = (
        ParameterRange("tau", 1.0, 5.0, 2.09, "inverse intertemporal elasticity"),
        ParameterRange("kappa", 0.02, 1.0, 0.98, "slope of the Phillips curve"),
        ParameterRange("psi1", 1.05, 3.0, 2.25, "rule: response to inflation"),
        ParameterRange("psi2", 0.0, 1.5, 0.65, "rule: response to the output gap"),
        ParameterRange("rho_r", 0.005, 0.98, 0.81, "rule: interest rate smoothing"),
        ParameterRange("rho_g", 0.005, 0.999, 0.98, "persistence of government spending"),
        ParameterRange("rho_z", 0.005, 0.99, 0.93, "persistence of productivity growth"),
        ParameterRange("r_a", 0.0, 2.0, 0.34, "steady-state real rate", "percent a year"),
        ParameterRange("pi_a", 1.0, 12.0, 3.16, "target inflation", "percent a year"),
        ParameterRange("gamma_q", 0.0, 1.0, 0.51, "trend growth", "percent a quarter"),
        ParameterRange("sigma_r", 0.05, 1.15, 0.19, "sd of monetary shocks", "percent"),
        ParameterRange("sigma_g", 0.2, 2.8, 0.65, "sd of government spending shocks", "percent"),
        ParameterRange("sigma_z", 0.05, 1.4, 0.24, "sd of productivity growth shocks", "percent"),
    )
    states = (
        Variable("interest_rate_lag", "gross nominal interest rate of the previous quarter", "log"),
        Variable("government", "government spending wedge g", "log"),
        Variable("growth", "productivity growth relative to trend", "log"),
        Variable("monetary", "monetary policy shock", "log"),
    )
    controls = (
        Control("consumption", "consumption relative to productivity", "goods", lower=0.0),
        Control("inflation", "gross inflation", "ratio to the previous quarter", lower=0.0),
    )
    shocks = (
        Variable("monetary", "monetary policy shock", "standard deviations"),
        Variable("government", "government spending shock", "standard deviations"),
        Variable("growth", "productivity growth shock", "standard deviations"),
    )
    observables = (
        Variable("output_growth", "growth of output", "percent a quarter"),
        Variable("inflation", "inflation", "percent a year"),
        Variable("interest_rate", "nominal interest rate", "percent a year"),
    )
    equations = (
        Variable("euler", "consumption error implied by the Euler equation", "share of consumption"),
        Variable("phillips", "inflation error implied by the Phillips curve", "gross quarterly inflation"),
    )

    def beta(self, p: Parameters) -> Tensor:
        """Discount factor."""
        return 1 / (1 + p.r_a / 400)

    def target(self, p: Parameters) -> Tensor:
        """pibar, gross and quarterly."""
        return exp(p.pi_a / 400)

    def log_steady_rate(self, p: Parameters) -> Tensor:
        """log of gamma pibar / beta."""
        return p.gamma_q / 100 - log(p.beta) + p.pi_a / 400

    def adjustment(self, p: Parameters) -> Tensor:
        """phi, the cost of adjusting prices that gives the Phillips curve its slope kappa."""
        return p.tau * (1 - NU) / (NU * p.target**2 * p.kappa)

    def steady_consumption(self, p: Parameters) -> Tensor:
        """Relative to productivity."""
        return (1 - NU) ** (1 / p.tau)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inflation on target, output at its natural level, no shocks."""
        zero = zeros_like(p.log_steady_rate)
        states = {"government": zero + self.log_gbar, "growth": zero, "monetary": zero}
        states["interest_rate_lag"] = p.log_steady_rate
        return states, {"consumption": p.steady_consumption, "inflation": p.target}

    def inflation_gap(self, now: Period, p: Parameters) -> Tensor:
        """pi - pibar."""
        return now.inflation - p.target

    def output(self, now: Period, p: Parameters) -> Tensor:
        """y from the resource constraint."""
        return now.consumption / (exp(-now.government) - p.adjustment / 2 * now.inflation_gap**2)

    def impulse(self, now: Period, p: Parameters) -> Tensor:
        """u, what the rule inherits from the lagged rate and the monetary shock, in logs."""
        return p.rho_r * (now.interest_rate_lag - p.log_steady_rate) + now.monetary

    def notional_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross rate that the rule asks for."""
        output_gap = log(now.output / p.steady_consumption) - now.government
        response = p.psi1 * (log(now.inflation) - p.pi_a / 400) + p.psi2 * output_gap
        return p.log_steady_rate + now.impulse + (1 - p.rho_r) * response

    def log_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross rate of the quarter."""
        return now.notional_rate

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """The rate of today is lagged tomorrow; g, z and the monetary shock are exogenous."""
        return {
            "interest_rate_lag": now.log_rate,
            "government": (1 - p.rho_g) * self.log_gbar
            + p.rho_g * now.government
            + p.sigma_g / 100 * e.government,
            "growth": p.rho_z * now.growth + p.sigma_z / 100 * e.growth,
            "monetary": p.sigma_r / 100 * e.monetary,
        }

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What the consumption Euler equation and the Phillips curve expect of tomorrow."""
        discount = exp(-p.tau * log(then.consumption / now.consumption)) * p.beta
        price_cost = p.adjustment * discount * (then.output / now.output) * then.inflation_gap
        return {
            "bond": discount * exp(now.log_rate - p.gamma_q / 100 - then.growth) / then.inflation,
            "price": price_cost * then.inflation,
        }

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Errors of the Euler equation in consumption, and of the Phillips curve in inflation."""
        marginal_cost = (1 - exp(p.tau * log(now.consumption))) / NU
        slope = (1 - 1 / (2 * NU)) * now.inflation + p.target / (2 * NU)
        price_cost = p.adjustment * now.inflation_gap * slope
        return {
            "euler": 1 - exp(-log(expected.bond) / p.tau),
            "phillips": (marginal_cost + price_cost - expected.price - 1) / (p.adjustment * p.target),
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Output growth, inflation and the interest rate as the data have them."""
        return {
            "output_growth": p.gamma_q + 100 * (log(then.output / now.output) + then.growth),
            "inflation": p.pi_a + 400 * (log(then.inflation) - p.pi_a / 400),
            "interest_rate": p.pi_a + p.r_a + 4 * p.gamma_q + 400 * (then.log_rate - p.log_steady_rate),
        }
