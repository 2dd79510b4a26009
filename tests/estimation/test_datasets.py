"""The series of wealth are what the recipe beside them makes of the Board's file."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation import load_data
from estimation.datasets import dataset_path

ROOT = Path(__file__).parents[2]
LEVELS = """Date,Category,Assets,Net worth
1989:Q3,TopPt1,1802302,1757168
1989:Q3,RemainingTop1,2989040,2904273
1989:Q3,Next9,8247017,7765864
1989:Q3,Next40,8849696,7294829
1989:Q3,Bottom50,1704710,717856
2019:Q4,TopPt1,0,{0}
2019:Q4,RemainingTop1,0,{1}
2019:Q4,Next9,0,{2}
2019:Q4,Next40,0,{3}
2019:Q4,Bottom50,0,{4}
"""
SHARES = (12.4, 18.2, 39.4, 28.2, 1.7)
"""Of net worth at the end of 2019, in percent, as the Board rounds them."""


def test_the_recipe_makes_the_rows_of_the_file(tmp_path: Path) -> None:
    readme = (ROOT / "estimation" / "datasets" / "README.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    (tmp_path / "recipe.py").write_text(recipe, encoding="utf-8")
    (tmp_path / "dfa-networth-levels-detail.csv").write_text(LEVELS.format(*SHARES), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "recipe.py"], cwd=tmp_path, env=environment, check=True)
    made = pd.read_csv(tmp_path / "us_wealth.csv", index_col="date")
    kept = pd.read_csv(dataset_path("us_wealth"), index_col="date")
    assert list(made.index) == ["1989-Q3", "2019-Q4"]
    np.testing.assert_allclose(made.loc["1989-Q3"], kept.loc["1989-Q3"], atol=1e-6)
    np.testing.assert_allclose(made.loc["2019-Q4"], kept.loc["2019-Q4"], atol=1e-3)
    assert kept.loc["2019-Q4", "top_tenth"] == pytest.approx(0.700, abs=1e-3)


def test_levels_add_up_growth() -> None:
    columns = {"log_output": "gdp_growth_pc_smpop", "log_consumption": "cons_growth_pc_smpop"}
    levels = load_data("us_wealth", {name: name for name in columns}, "1989Q3", "2019Q4")
    growth = load_data("us_derived", columns, "1989Q4", "2019Q4")
    np.testing.assert_allclose(100 * levels.diff().iloc[1:], growth, atol=2e-4)
    np.testing.assert_array_equal(levels.iloc[0], 0.0)
