"""The shipped `krusell_smith` and its reduced form against the classical solution, at calibrations drawn at
random that nobody looked at while it was made.

    python -m benchmarks.krusell_smith

solves each calibration by perceived law, endogenous grid and non-stochastic simulation, gives all economies
the same shocks, and writes docs/krusell-smith.md with the figure in it, up to the sections that
`benchmarks.krusell_smith_at_one_calibration` and `benchmarks.krusell_smith_seeds` write.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import machine
from benchmarks.pages import write_page
from surrogate import Surrogate, load
from surrogate.comparison.households import BURN_IN, HouseholdsComparison, compare_households
from surrogate.house.figures import BLUE, GRAY, RED, markdown_table, panels, save
from surrogate.reference.krusell_smith_law import fit_law, forecast_errors

Array = NDArray[np.float64]
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "krusell-smith.md"
FULL, REDUCED = "krusell_smith", "krusell_smith_reduced"
DEFAULT = "default"
EACH, HELD_OUT = 4, 20_261_601
"""Calibrations from either part of the box, and the seed that they are drawn from. They are for the final
table: another seed is for whoever wants to try something (2026, 20261129, 20261130, 20261201, 20261301,
20261302, 20261401 and 20261501 were those of former tables).
"""
SEED = 2026
"""Of the shocks."""
ONE, SEEDS = "## One calibration", "## Seeds"
"""Where the other benchmarks' sections begin."""
PERIODS = 10_000
SHOWN = 400
PARTICLES, QUARTERS = 10_000, 100
HEADER = """# Krusell and Smith's economy

[`krusell_smith`](../surrogate/models/krusell_smith.py) is solved once over a box of six parameters: all
households share one network, wealth is a histogram, and what everybody saves is tomorrow's capital, exactly.
The classical solution ([`surrogate.reference.krusell_smith`](../surrogate/reference/krusell_smith.py)) finds,
at one calibration, a law of motion that makes itself true. In
[`krusell_smith_reduced`](../surrogate/models/krusell_smith_reduced.py), the economy for filters, capital is
in the place of the histogram, and its law is fitted to the surrogate all over the box. All get the same
{periods:,} quarters of shocks after {burn_in:,} that do not count: the default of Den Haan, Judd and Juillard
(2010), {each} calibrations drawn from the middle half of the box, and {each} from all of it.

*K*: mean capital, difference in percent. *Path*: mean and largest distance of log capital in a quarter.
*Gini*: mean of the classical solution, and the difference. *Law*: Den Haan's (2010) dynamic forecast error of
the log-linear law that is fitted to the surrogate's own path, mean and largest: how far from log-linear this
economy is. *Reduced*: mean capital and path of the reduced economy beside the classical solution, and its
mean distance from the surrogate. Seconds of a processor: of the classical solution, and of each path by ONNX
Runtime, one economy at a time.

{summary} The classical law is itself only log-linear. Nobody looked at these calibrations before
this table was made.

What the reduced economy leaves out is the memory of the distribution: it shows most where risk aversion is
high. Its distance from the surrogate is at most {reduced:.3f} percent ({where}), where the best log-linear
law of capital is itself {law:.3f} percent off. In a batch of {particles:,} a particle of it costs
{microseconds:.2f} microseconds a quarter.

The certificate in the card of `krusell_smith` rests on 400 economies, each followed for a thousand quarters
at all of its nodes, and the decision that it holds in the whole box on 100: fewer than for other economies,
so less is known of corners.

{machine}. Written by `python -m benchmarks.krusell_smith`.

"""


class Trial(NamedTuple):
    """The surrogate and the classical solution at a calibration, log capital [PERIODS] of the reduced economy
    and its seconds, and the errors of the law that fits the surrogate's path, percent.
    """

    name: str
    both: HouseholdsComparison
    reduced: Array
    seconds: float
    law: tuple[float, float]

    def figure(self, what: str, column: str = "difference") -> float:
        """An entry of the comparison's table of differences."""
        return float(self.both.tables["differences"].loc[what, column])

    @property
    def log_capital(self) -> tuple[Array, Array]:
        """Of the surrogate and of the classical solution, [PERIODS]."""
        found, exact = (np.log(path["observable", "capital"].to_numpy()) for path in self.both.simulations)
        return found, exact


def mean_difference(path: Array, other: Array) -> float:
    """Of mean capital, by log capital [PERIODS], percent."""
    return 100 * float(np.exp(path).mean() / np.exp(other).mean() - 1)


def distance(path: Array, other: Array) -> float:
    """Of log capital, mean over quarters, percent."""
    return 100 * float(np.abs(path - other).mean())


def summary(trials: list[Trial]) -> str:
    """The largest differences in words."""

    def most(what: str, among: list[Trial]) -> tuple[float, str]:
        worst = max(among, key=lambda trial: abs(trial.figure(what)))
        return abs(worst.figure(what)), worst.name

    middle = [trial for trial in trials if trial.name.startswith("middle")]
    (capital, _), (gini, _) = (most(what, middle) for what in ("capital, mean", "gini, mean"))
    (everywhere, where), (unequal, there) = (most(what, trials) for what in ("capital, mean", "gini, mean"))
    quarter, when = most("capital, path, largest", trials)
    return (
        f"In the middle half of the box mean capital is within {capital:.3f} percent and the Gini "
        f"coefficient within\n{gini:.4f}. Anywhere it is {everywhere:.3f} percent ({where}) and "
        f"{unequal:.4f} ({there}), and in no quarter is\ncapital more than {quarter:.3f} percent off "
        f"({when})."
    )


def calibrations(economy: Surrogate) -> list[tuple[str, Array]]:
    """Names and parameter vectors."""
    generator = np.random.default_rng(HELD_OUT)
    width = economy.upper - economy.lower
    middle = economy.lower + width * generator.uniform(0.25, 0.75, (EACH, economy.n_parameters))
    anywhere = economy.lower + width * generator.uniform(0, 1, (EACH, economy.n_parameters))
    return [
        (DEFAULT, economy.default),
        *((f"middle {i + 1}", theta) for i, theta in enumerate(middle)),
        *((f"box {i + 1}", theta) for i, theta in enumerate(anywhere)),
    ]


def compare(economy: Surrogate, reduced: Surrogate, name: str, theta: Array) -> Trial:
    """Solve and follow all."""
    parameters = dict(zip(economy.parameter_names, map(float, theta), strict=True))
    both = compare_households(economy, parameters, PERIODS, SEED)
    capital = both.simulations[0]["observable", "capital"].to_numpy()
    state = both.paths[1].state
    errors = forecast_errors(fit_law(state, capital).law, state, capital)
    log_capital, seconds = of_reduced(reduced, theta)
    return Trial(name, both, log_capital, seconds, (errors.mean, errors.most))


def of_reduced(reduced: Surrogate, theta: Array) -> tuple[Array, float]:
    """Log capital [PERIODS] with the shocks of the comparison, and seconds of a processor."""
    shocks = np.random.default_rng(SEED).standard_normal((BURN_IN + PERIODS, 1))
    started = time.process_time()
    path = reduced.simulate(theta, shocks).observables[BURN_IN:, 0].astype(float)
    return path[:, reduced.observable_names.index("log_capital")], time.process_time() - started


def microseconds(reduced: Surrogate) -> float:
    """Of a processor, for a quarter of one of `PARTICLES` economies at the default."""
    shocks = np.random.default_rng(SEED).standard_normal((QUARTERS, PARTICLES, 1))
    started = time.process_time()
    reduced.simulate(reduced.default, shocks)
    return 1e6 * (time.process_time() - started) / shocks.size


def table(trials: list[Trial], economy: Surrogate) -> str:
    """A row for each calibration."""
    header = (
        "calibration", *economy.parameter_names, "K, %", "path, mean %", "largest %", "Gini", "difference",
        "law, mean %", "largest %", "reduced K, %", "reduced path, mean %", "reduced from surrogate, mean %",
        "seconds, classical", "surrogate", "reduced",
    )  # fmt: skip
    rows = [
        (
            trial.name,
            *(f"{value:.4g}" for value in trial.both.parameters.values()),
            f"{trial.figure('capital, mean'):+.3f}",
            f"{trial.figure('capital, path, mean'):.3f}",
            f"{trial.figure('capital, path, largest'):.3f}",
            f"{trial.figure('gini, mean', 'reference'):.4f}",
            f"{trial.figure('gini, mean'):+.4f}",
            *(f"{error:.3f}" for error in trial.law),
            f"{mean_difference(trial.reduced, trial.log_capital[1]):+.3f}",
            f"{distance(trial.reduced, trial.log_capital[1]):.3f}",
            f"{distance(trial.reduced, trial.log_capital[0]):.3f}",
            *(f"{each:.1f}" for each in (*reversed(trial.both.seconds), trial.seconds)),
        )
        for trial in trials
    ]
    return markdown_table(header, rows)


def draw(trial: Trial) -> None:
    """All paths of capital at the default."""
    figure, rows = panels(1, 1, width=8.0, height=3.0)
    panel = rows[0][0]
    labels = ((BLUE, "surrogate"), (RED, "classical solution"), (GRAY, "reduced"))
    for path, (color, label) in zip((*trial.log_capital, trial.reduced), labels, strict=True):
        panel.plot(np.exp(path[:SHOWN]), color=color, label=label, linewidth=1.2)
    panel.set_xlabel("quarter")
    panel.set_ylabel("capital")
    panel.legend(frameon=False)
    save(figure, DOCS / "krusell-smith.png")


def main() -> None:
    """Compare, print and write."""
    economy, reduced = load(FULL), load(REDUCED)
    trials = []
    for name, theta in calibrations(economy):
        trials.append(compare(economy, reduced, name, theta))
        print(name, trials[-1].both.tables["differences"].to_string(), sep="\n", flush=True)
    found = table(trials, economy)
    print(found)
    draw(trials[0])
    worst = max(trials, key=lambda trial: distance(trial.reduced, trial.log_capital[0]))
    text = HEADER.format(
        periods=PERIODS, burn_in=BURN_IN, each=EACH, machine=machine(), summary=summary(trials),
        reduced=distance(worst.reduced, worst.log_capital[0]), where=worst.name, law=worst.law[0],
        particles=PARTICLES, microseconds=microseconds(reduced),
    )  # fmt: skip
    picture = "![Capital at the default, the same shocks](krusell-smith.png)\n"
    write_page(PAGE, f"{text}{found}\n\n{picture}", ONE)


if __name__ == "__main__":
    main()
