"""The shipped `krusell_smith` against the classical solution, at calibrations that nobody looked at.

    python -m benchmarks.krusell_smith

solves each calibration by perceived law, endogenous grid and non-stochastic simulation, gives both economies
the same shocks, and writes docs/krusell-smith.md with the figure in it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import machine
from surrogate import Surrogate, load
from surrogate.comparison.households import BURN_IN, HouseholdsComparison, compare_households
from surrogate.house.figures import BLUE, RED, markdown_table, panels, save
from surrogate.house.files import atomic_path
from surrogate.reference.krusell_smith_law import fit_law, forecast_errors

Array = NDArray[np.float64]
DOCS = Path(__file__).parents[1] / "docs"
DEFAULT = "default"
EACH, SEED = 6, 2026
PERIODS = 10_000
SHOWN = 400
HEADER = """# Krusell and Smith's economy

[`krusell_smith`](../surrogate/models/krusell_smith.py) is solved once over a box of six parameters: all
households share one network, wealth is a histogram, and what everybody saves is tomorrow's capital, exactly.
The classical solution ([`surrogate.reference.krusell_smith`](../surrogate/reference/krusell_smith.py)) finds,
at one calibration, a law of motion that makes itself true. Both get the same {periods:,} quarters of shocks
after {burn_in:,} that do not count: the default of Den Haan, Judd and Juillard (2010), {each} calibrations
drawn from the middle half of the box, and {each} from all of it.

*K*: mean capital, difference in percent. *Path*: mean and largest distance of log capital in a quarter.
*Gini*: mean of the classical solution, and the difference. *Law*: Den Haan's (2010) dynamic forecast error of
the log-linear law that is fitted to the surrogate's own path, mean and largest: how far from log-linear this
economy is. Seconds: of the classical solution, and of the surrogate's path by ONNX Runtime on one thread.

What is least accurate is the spread of wealth where benefits are generous (a large mu), where many own little
and the Gini coefficient comes out up to .03 too low, and mean capital where they are smallest, .3 percent too
low. In the rest of the box capital is within .15 percent. The classical law is itself only log-linear.

{machine}. Written by `python -m benchmarks.krusell_smith`.

"""


class Trial(NamedTuple):
    """Both economies at a calibration, and the errors of the law that fits the surrogate's path, percent."""

    name: str
    both: HouseholdsComparison
    law: tuple[float, float]

    def figure(self, what: str, column: str = "difference") -> float:
        """An entry of the comparison's table of differences."""
        return float(self.both.tables["differences"].loc[what, column])


def calibrations(economy: Surrogate) -> list[tuple[str, Array]]:
    """Names and parameter vectors."""
    generator = np.random.default_rng(SEED)
    width = economy.upper - economy.lower
    middle = economy.lower + width * generator.uniform(0.25, 0.75, (EACH, economy.n_parameters))
    anywhere = economy.lower + width * generator.uniform(0, 1, (EACH, economy.n_parameters))
    return [
        (DEFAULT, economy.default),
        *((f"middle {i + 1}", theta) for i, theta in enumerate(middle)),
        *((f"box {i + 1}", theta) for i, theta in enumerate(anywhere)),
    ]


def compare(economy: Surrogate, name: str, theta: Array) -> Trial:
    """Solve and follow both."""
    parameters = dict(zip(economy.parameter_names, map(float, theta), strict=True))
    both = compare_households(economy, parameters, PERIODS, SEED)
    capital = both.simulations[0]["observable", "capital"].to_numpy()
    state = both.paths[1].state
    errors = forecast_errors(fit_law(state, capital).law, state, capital)
    return Trial(name, both, (errors.mean, errors.most))


def table(trials: list[Trial], economy: Surrogate) -> str:
    """A row for each calibration."""
    header = (
        "calibration", *economy.parameter_names, "K, %", "path, mean %", "largest %", "Gini", "difference",
        "law, mean %", "largest %", "seconds, classical", "surrogate",
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
            *(f"{each:.1f}" for each in reversed(trial.both.seconds)),
        )
        for trial in trials
    ]
    return markdown_table(header, rows)


def draw(trial: Trial) -> None:
    """Both paths of capital at the default."""
    figure, rows = panels(1, 1, width=8.0, height=3.0)
    panel = rows[0][0]
    labels = ((BLUE, "surrogate"), (RED, "classical solution"))
    for path, (color, label) in zip(trial.both.simulations, labels, strict=True):
        capital = path["observable", "capital"].to_numpy()
        panel.plot(capital[:SHOWN], color=color, label=label, linewidth=1.2)
    panel.set_xlabel("quarter")
    panel.set_ylabel("capital")
    panel.legend(frameon=False)
    save(figure, DOCS / "krusell-smith.png")


def main() -> None:
    """Compare, print and write."""
    economy = load("krusell_smith")
    trials = []
    for name, theta in calibrations(economy):
        trials.append(compare(economy, name, theta))
        print(name, trials[-1].both.tables["differences"].to_string(), sep="\n", flush=True)
    found = table(trials, economy)
    print(found)
    draw(trials[0])
    text = HEADER.format(periods=PERIODS, burn_in=BURN_IN, each=EACH, machine=machine())
    picture = "![Capital at the default, the same shocks](krusell-smith.png)\n"
    with atomic_path(DOCS / "krusell-smith.md") as temporary:
        temporary.write_text(f"{text}{found}\n\n{picture}", encoding="utf-8")


if __name__ == "__main__":
    main()
