"""The two US estimations with everything that follows from them, beside the linear economy.

    python -m benchmarks.us_estimations results

runs the commands that a user would run: `estimate` on both examples and on the same files with the Kalman
filter in place of the particle filter, which is the linearised economy; `evidence`, `irf`, `shocks`,
`decompose`, `forecast`, `predict` and `report` on their folders. Then it writes docs/us-estimations.md from
what these have left. What `results` already holds of a finished command is not run again.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import cast

import pandas as pd
import torch

from benchmarks import existence
from benchmarks.filter_cases import ROOT
from surrogate import load
from surrogate.accuracy.errors import ArtifactPolicy, ergodic_states, euler_errors
from surrogate.errors import SurrogateError
from surrogate.house import figures
from surrogate.house.files import atomic_path
from surrogate.models import get
from surrogate.policy import PolicyNetwork
from surrogate.training import recipe

REPORT = ROOT / "docs" / "us-estimations.md"
PICTURES = ROOT / "docs" / "us-estimations"
EXAMPLES = {
    "herbst_schorfheide": "Herbst and Schorfheide's sample, 1983Q1 to 2002Q4, without a bound",
    "us_1984_2019_zlb": "1984Q1 to 2019Q4, with the zero lower bound",
}
EXACT = "linear, hardly any measurement error"
TINY = 0.01
"""Measurement sd as a share of each series' sd that stands for none."""
ALSO_EXACT = ("herbst_schorfheide",)
"""Estimations shown without measurement error too, as the linear model is usually estimated."""
MOST_STEPS, TARGET_ESS = 3000, 500
STATES = 2_000
"""Of the ergodic set, at which the policy is tested."""
ANALYSES = {
    "evidence": ("marginal_likelihood",),
    "irf": ("irf_monetary", "--draws", 50),
    "shocks": ("shocks", "--draws", 50),
    "decompose": ("decomposition_inflation", "--draws", 50),
    "forecast": ("forecast", "--draws", 50),
    "predict": ("predictive_moments", "--draws", 200),
}
"""Command -> a table that it leaves, and options."""
SHOWN = (
    "irf_monetary",
    "irf_growth",
    "bound",
    "decomposition_inflation",
    "decomposition_interest_rate",
    "forecast",
    "predictive_moments",
)
"""Findings with a figure in the report, of those that an economy has."""
HEADER = """# Two US estimations

*Nonlinear*: the examples as they ship, by particle filter on the surrogate. *Linear*: the same files with
`method = "kalman"`: the same data, priors, measurement error, box and moves with the linearised economy,
whose likelihood is exact; it has no bound. Posterior means with 90 % highest-density intervals. *Difference
in sd*: of the means, in posterior standard deviations of the linear economy.

Written by `python -m benchmarks.us_estimations RESULTS`, which runs the commands `estimate`, `evidence`,
`irf`, `shocks`, `decompose`, `forecast`, `predict` and `report` and leaves everything in RESULTS, each
estimation's `report.html` too.
"""
REMARKS = {
    "herbst_schorfheide": """\
The nonlinear posterior is the linear one's to within a quarter of a posterior standard deviation, and the
marginal likelihoods below are equal: in this sample the data cannot tell the economies apart.

Means for the linear model that the literature quotes for this sample (tau 2.8, rho_z .88: Herbst and
Schorfheide 2015) are not repeated in the table, because they belong to another specification. An independent
linear solution, Kalman filter and sampler, written apart from this package and without any box, give with the
same data, priors and measurement error tau 2.40 (posterior sd .54), kappa .84, psi1 1.91, psi2 .58,
rho_r .775, rho_g .978, rho_z .923, r_a .47, pi_a 3.38, gamma_q .60, sigma_r .216, sigma_g .654, sigma_z .201,
and tau 2.42, rho_r .808, rho_z .932 without measurement error: the columns `linear` and `linear, hardly any
measurement error`.

Moments below: samples of the estimated model have more volatile output growth than the data, more strongly
correlated with inflation (no posterior sample has as little of either), and an interest rate that is not
persistent enough.
""",
    "us_1984_2019_zlb": """\
The federal funds rate is known exactly, but no economy of this size follows it exactly: it is given a
measurement error of a twentieth of its standard deviation, .15 percentage points, growth and inflation one of
a fifth. The posteriors differ by up to four standard deviations, and the marginal likelihoods below by 23 log
points in favour of the linear economy. Do not read that as evidence against the bound. At neither posterior
mean does collocation find an equilibrium with the bound if growth may fall by two standard deviations, and on
the ergodic set one state in a hundred has an Euler error of more than one per cent (both below). There the
likelihood rests on what the network makes of equations that perhaps cannot hold.

The smoothed probability of the bound is a fifth to two thirds in each quarter from 2009 to 2015, and zero
before and from 2017 on. It is not one because the rate never was zero: between .07 and .2 per cent were paid
in those years, about a standard deviation of measurement above it.

At the bound a monetary shock moves the interest rate by a fifth (up) to a third (down) less than away from
it, output growth by half or more. Moments: output growth is too volatile and too correlated with inflation,
inflation is too volatile, and the interest rate neither volatile nor persistent enough.
""",
}


def run(*arguments: object) -> None:
    """Run `dsge-surrogate` with these arguments."""
    subprocess.run([sys.executable, "-m", "cli.main", *map(str, arguments)], cwd=ROOT, check=True)


def linear_text(text: str, share_of_sd: float | None = None) -> str:
    """A configuration with the Kalman filter in the particle filter's place, sampled as long as it takes,
    perhaps with measurement errors of another size.
    """
    text = re.sub(r"(?m)^target_ess = .*\n", "", text)
    text = re.sub(r"(?m)^steps = \d+", f"steps = {MOST_STEPS}\ntarget_ess = {TARGET_ESS}", text)
    text = re.sub(r"(?<=\[likelihood\]\n)(?:[^\[\n].*\n)+", 'method = "kalman"\n', text)
    if share_of_sd is None:
        return text
    return re.sub(r"(?m)^share_of_sd = .*", f"share_of_sd = {share_of_sd}", text)


def estimated(configuration: Path, folder: Path) -> Path:
    """A folder with a finished estimation of that configuration."""
    if not (folder / "posterior.csv").exists():
        resume = ["--resume"] if (folder / "chains").exists() else []
        run("estimate", configuration, "--output", folder, *resume)
    return folder


def linear_twin(name: str, results: Path, label: str, share_of_sd: float | None = None) -> Path:
    """The folder of the estimation `name` with the linearised economy."""
    configuration = results / f"{name}_{label}.toml"
    text = (ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8")
    with atomic_path(configuration) as path:
        path.write_text(linear_text(text, share_of_sd), encoding="utf-8")
    return estimated(configuration, results / f"{name}_{label}")


def sampled(name: str, results: Path) -> dict[str, Path]:
    """Folders of both economies, and of the linear one without measurement error for `ALSO_EXACT`."""
    folders = {"nonlinear": estimated(ROOT / "examples" / f"{name}.toml", results / name)}
    folders["linear"] = linear_twin(name, results, "linear")
    if name in ALSO_EXACT:
        folders[EXACT] = linear_twin(name, results, "linear_exact", TINY)
    return folders


def analysed(folder: Path) -> None:
    """Run every command on a folder that has not left its table there, and the report."""
    for command, (table, *options) in ANALYSES.items():
        if not (folder / f"{table}.csv").exists():
            run(command, folder, *options)
    if not (folder / "report.html").exists():
        run("report", folder)


def compared(nonlinear: Path, linear: Path, folder: Path) -> str:
    """The marginal likelihoods of both economies, in Markdown."""
    if not (folder / "model_comparison.csv").exists():
        run("evidence", nonlinear, linear, "--output", folder)
    names = {str(nonlinear): "nonlinear", str(linear): "linear"}
    text = (folder / "model_comparison.md").read_text(encoding="utf-8")
    for path, label in names.items():
        text = text.replace(f"| {path} |", f"| {label} |")
    return text.replace("# Model comparison", "Model comparison:", 1)


def pictures(name: str, folder: Path) -> str:
    """Titles, figures and notes of the findings, in Markdown; copies the figures."""
    PICTURES.mkdir(exist_ok=True)
    parts = []
    for finding in SHOWN:
        if not (folder / f"{finding}.png").exists():
            continue
        picture = PICTURES / f"{name}-{finding}.png"
        shutil.copyfile(folder / f"{finding}.png", picture)
        title, note = title_and_note((folder / f"{finding}.md").read_text(encoding="utf-8"))
        parts.append(f"### {title}\n\n![{title}]({PICTURES.name}/{picture.name})\n\n{note}\n")
    return "\n".join(parts)


def title_and_note(text: str) -> tuple[str, str]:
    """First and last paragraph of a finding in Markdown."""
    paragraphs = text.strip().split("\n\n")
    return paragraphs[0].removeprefix("# "), paragraphs[-1]


def comparison(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Posterior means with 90 % intervals, their difference in linear posterior sds, and the sampler's
    diagnostics.
    """
    nonlinear, linear = tables["nonlinear"], tables["linear"]
    columns = {
        label: [
            f"{row['mean']:.3f} [{row['HDI low']:.3f}, {row['HDI high']:.3f}]" for _, row in table.iterrows()
        ]
        for label, table in tables.items()
    }
    columns["difference in sd"] = [f"{d:+.2f}" for d in (nonlinear["mean"] - linear["mean"]) / linear["sd"]]
    columns["ESS"] = [f"{value:.0f}" for value in nonlinear["ESS bulk"]]
    columns["R-hat"] = [f"{value:.3f}" for value in nonlinear["R-hat"]]
    return pd.DataFrame(columns, index=nonlinear.index)


def equilibria(title: str, parameters: dict[str, float]) -> str:
    """Whether collocation finds an equilibrium at `parameters`, in Markdown."""
    rows = []
    for name, widths in {"an_schorfheide": (2.0, 4.5), "an_schorfheide_zlb": (1.0, 2.0)}.items():
        for width in widths:
            try:
                existence.solve(name, parameters, width)
                outcome = "exists"
            except SurrogateError as error:
                outcome = str(error).rpartition(":")[2].strip(" .")
            rows.append([name, f"{width:g} sd", outcome])
    table = figures.markdown_table(["economy", "growth within", "collocation"], rows)
    return f"Equilibrium at {title}:\n\n{table}\n"


def policy_errors(name: str, tables: dict[str, pd.DataFrame]) -> str:
    """Euler errors of the surrogate's policy on its ergodic set at posterior means, in Markdown."""
    example = tomllib.loads((ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8"))
    surrogate = load(example["model"]["surrogate"])
    model = get(surrogate.card.model)
    policy, rows = cast(PolicyNetwork, ArtifactPolicy(surrogate, model)), []
    for label in ("nonlinear", "linear"):
        theta = torch.from_numpy(surrogate.parameter_array(tables[label]["mean"].to_dict()))
        parameters = theta.expand(STATES, -1)
        states = ergodic_states(policy, parameters, torch.Generator().manual_seed(0))
        errors = euler_errors(policy, states, parameters, recipe(model).test_nodes).amax(-1)
        rows.append([label, f"{errors.mean():.2f}", f"{errors.quantile(0.99):.2f}"])
    table = figures.markdown_table(["posterior mean", "mean", "p99"], rows)
    return f"log10 Euler errors of the surrogate's policy along simulations:\n\n{table}\n"


def main(results: Path) -> None:
    """Estimate and analyse what is missing, print and write the report."""
    parts = [HEADER]
    for name, title in EXAMPLES.items():
        folders = sampled(name, results)
        analysed(folders["nonlinear"])
        tables = {
            label: pd.read_csv(folder / "posterior.csv", index_col=0) for label, folder in folders.items()
        }
        mean = tables["nonlinear"]["mean"].to_dict()
        parts += [
            f"## {title}\n\n{as_rows(comparison(tables))}\n",
            REMARKS[name],
            compared(folders["nonlinear"], folders["linear"], results / f"{name}_comparison"),
            pictures(name, folders["nonlinear"]),
            equilibria("the posterior mean", mean),
            equilibria("the linear economy's posterior mean", tables["linear"]["mean"].to_dict()),
            policy_errors(name, tables),
        ]
    text = "\n".join(parts)
    print(text)
    with atomic_path(REPORT) as path:
        path.write_text(text, encoding="utf-8")


def as_rows(table: pd.DataFrame) -> str:
    """A table of texts in Markdown."""
    rows = [[str(name), *map(str, row)] for name, row in zip(table.index, table.to_numpy(), strict=True)]
    return figures.markdown_table(["parameter", *table.columns], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    main(parser.parse_args().results)
