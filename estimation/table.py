"""The posterior table, with the columns that users of Dynare and ArviZ know."""

from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size

import numpy as np
import pandas as pd

from estimation.chains import Chains
from estimation.convergence import autocorrelation_times, bulk_sample_size, rhat, tail_sample_size
from estimation.mode import Mode
from estimation.priors import PriorSet
from surrogate import markdown
from surrogate.files import atomic_files

HDI_SHARE = 0.9
PAGE = 40  # rows
DECIMALS = {
    "in box": 2,
    "ESS bulk": 0,
    "ESS tail": 0,
    "R-hat": 3,
    "autocorr. time": 1,
    "mean log posterior": 1,
    "highest log posterior": 1,
    "log marginal likelihood": 2,
    "log Bayes factor": 2,
    "numerical standard error": 3,
    "posterior probability": 3,
}


def posterior_table(chains: Chains, priors: PriorSet, mode: Mode) -> pd.DataFrame:
    """One row a free parameter.

    Columns: prior density, mean and sd (before truncation to the box) and the share of its mass inside the
    box; posterior mode, mean, sd and the ends of the 90 % highest-density interval; effective sample size of
    all draws, in bulk and tails; R-hat across ensembles; autocorrelation time in steps.
    """
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    draws = chains.by_walker().reshape(-1, len(chains.names))
    interval = np.asarray(array_stats.hdi(draws, HDI_SHARE, axis=0))
    chosen = [priors[name] for name in chains.names]
    columns = {
        "prior": [prior.density for prior in chosen],
        "prior mean": [prior.mean for prior in chosen],
        "prior sd": [prior.sd for prior in chosen],
        "in box": [prior.mass for prior in chosen],
        "mode": mode.theta,
        "mean": draws.mean(axis=0),
        "sd": draws.std(axis=0, ddof=1),
        "HDI low": interval[:, 0],
        "HDI high": interval[:, 1],
        "ESS bulk": bulk_sample_size(chains),
        "ESS tail": tail_sample_size(chains),
        "R-hat": rhat(chains),
        "autocorr. time": autocorrelation_times(chains),
    }
    return pd.DataFrame(columns, index=pd.Index(chains.names, name="parameter"))


def formatted(table: pd.DataFrame) -> pd.DataFrame:
    """The same table as text: as many digits as each row's ``sd`` deserves, else four significant ones."""
    if "sd" not in table:
        columns = {name: table[name].map(_short(DECIMALS.get(str(name)))) for name in table.columns}
        return pd.DataFrame(columns, index=table.index)
    deserved = 2 - np.floor(np.log10(table["sd"].to_numpy(dtype=float)))
    digits = np.clip(np.nan_to_num(deserved, posinf=3), 3, 9).astype(int)
    text = table.astype(object)
    for column in table.columns:
        decimals = digits if column not in DECIMALS else np.full(len(table), DECIMALS[column])
        text[column] = [_cell(value, number) for value, number in zip(table[column], decimals, strict=True)]
    return text


def as_text(table: pd.DataFrame) -> str:
    """Aligned columns for a terminal, in several blocks if it is too narrow for all."""
    text = formatted(table)
    text.index.name = None
    return text.to_string(line_width=get_terminal_size().columns)


def as_markdown(table: pd.DataFrame) -> str:
    """A Markdown table."""
    text = formatted(table).reset_index().astype(str)
    return markdown.table(list(text.columns), text.to_numpy().tolist()) + "\n"


def as_latex(table: pd.DataFrame) -> str:
    """A LaTeX ``tabular`` for a document that loads ``booktabs``, a ``longtable`` where it is longer than a
    page; special characters are escaped.
    """
    text = formatted(table).reset_index()
    columns = "l" + "r" * (text.shape[1] - 1)
    return text.to_latex(index=False, escape=True, column_format=columns, longtable=len(text) > PAGE)


def save_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Write ``name.csv`` with all digits, and ``name.md`` and ``name.tex`` for reading: all or none."""
    with atomic_files(folder) as temporary:
        table.to_csv(temporary / f"{name}.csv")
        for suffix, write in {"md": as_markdown, "tex": as_latex}.items():
            (temporary / f"{name}.{suffix}").write_text(write(table), encoding="utf-8")


def _short(decimals: int | None) -> Callable[[object], str]:
    """Text of a number with so many decimals, or with four significant digits."""
    style = ".4g" if decimals is None else f".{decimals}f"
    return lambda value: format(value, style) if isinstance(value, float) else str(value)


def _cell(value: object, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)
