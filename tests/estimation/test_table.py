import re

import pandas as pd
import pytest

from estimation.table import as_latex, as_markdown, as_text, formatted, save_table

TABLE = pd.DataFrame(
    {"prior": ["gamma_pdf", "beta_pdf"], "mean": [2.5, 0.987654], "sd": [0.5, 0.00123]},
    index=pd.Index(["tau", "rho_g"], name="parameter"),
)


def cells(latex: str) -> list[list[str]]:
    """Rows of a tabular, header first, as LaTeX would set them."""
    rows = [line.removesuffix(r" \\") for line in latex.splitlines() if line.endswith(r"\\")]
    return [[re.sub(r"\\([_%&#$])", r"\1", cell.strip()) for cell in row.split(" & ")] for row in rows]


def test_latex_says_what_markdown_says():
    lines = as_markdown(TABLE).splitlines()
    expected = [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]
    assert cells(as_latex(TABLE)) == expected


def test_latex_escapes_what_would_break_a_document():
    table = TABLE.rename(columns={"mean": "90 % & more"})
    assert r"90 \% \& more" in as_latex(table)
    assert r"rho\_g" in as_latex(table)


def test_numbers_have_as_many_digits_as_their_sd_deserves():
    assert formatted(TABLE)["mean"].tolist() == ["2.500", "0.98765"]


def test_text_beside_numbers_needs_no_sd():
    assert formatted(TABLE.drop(columns="sd")).loc["rho_g"].tolist() == ["beta_pdf", "0.9877"]


def test_three_files_are_written(tmp_path):
    save_table(TABLE, tmp_path, "posterior")
    assert {file.name for file in tmp_path.iterdir()} == {"posterior.csv", "posterior.md", "posterior.tex"}
    read = pd.read_csv(tmp_path / "posterior.csv", index_col=0)
    assert read["mean"].tolist() == pytest.approx(TABLE["mean"].tolist(), abs=0)


def test_a_wide_table_is_cut_into_blocks_that_fit_the_terminal(monkeypatch):
    wide = pd.DataFrame({f"column {i}": [1.5, 2.5] for i in range(12)}, index=["first", "second"])
    monkeypatch.setenv("COLUMNS", "80")
    lines = as_text(wide).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("first ") for line in lines) == 2
    monkeypatch.setenv("COLUMNS", "200")
    assert len(as_text(wide).splitlines()) == 3
