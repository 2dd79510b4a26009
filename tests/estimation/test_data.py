import numpy as np
import pandas as pd
import pytest

from estimation.data import load_data, select_sample
from estimation.datasets import dataset_names, dataset_path
from surrogate.errors import BadData, UnknownName

COLUMNS = {"output_growth": "YGR", "inflation": "INFL", "interest_rate": "INT"}


def write(folder, text):
    path = folder / "series.csv"
    path.write_text(text)
    return path


def test_shipped_sample_is_found_by_name():
    data = load_data("herbst_schorfheide_us", COLUMNS)
    assert data.shape == (80, 3)
    assert list(data.columns) == list(COLUMNS)
    assert str(data.index[0]) == "1983Q1"
    assert str(data.index[-1]) == "2002Q4"
    assert data["interest_rate"].iloc[0] == 8.6533333


def test_every_shipped_data_set_reads():
    for name in dataset_names():
        header = pd.read_csv(dataset_path(name)).columns[1:]
        assert len(load_data(name, {column: column for column in header})) >= 44


def test_missing_cells_stay_missing_and_sample_is_cut():
    data = load_data("us_derived.csv", {"y": "gdp_growth_pc_smpop", "r": "ffr_a"}, "1953Q1", "1955-12-31")
    assert str(data.index[-1]) == "1955Q4"
    assert data.isna().sum().to_dict() == {"y": 0, "r": 6}


def test_columns_are_matched_by_name_not_by_position(tmp_path):
    path = write(tmp_path, "date,b,a\n2000Q1,1,10\n2000Q2,2,20\n")
    data = load_data(path, {"x": "a", "y": "b"})
    assert data["x"].tolist() == [10, 20]
    assert data["y"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,x\n2000Q1,1\n2000Q3,2\n", "after 2000Q1 is 2000Q3"),
        ("date,x\n2000Q1,1\n2000Q1,2\n", "more than once"),
        ("date,x\n2000Q1,1\n2000Q2,inf\n", "x is infinite in 2000Q2"),
        ("date,x\n2000Q1,1\n2000Q2,n.a.x\n", "not a number"),
        ("date,x\n2000Q1,\n2000Q2,\n", "no observation"),
        ("date,x\n", "no rows"),
        ("", "cannot be read"),
    ],
)
def test_bad_files_are_one_clear_error(tmp_path, text, message):
    with pytest.raises(BadData, match=message):
        load_data(write(tmp_path, text), {"x": "x"})


def test_unknown_column_lists_close_matches(tmp_path):
    with pytest.raises(UnknownName, match="ffr_a"):
        load_data("us_derived.csv", {"r": "ffr"})


def test_no_columns_is_an_error():
    with pytest.raises(BadData, match="Choose columns"):
        load_data("herbst_schorfheide_us", {})


def test_sample_outside_the_data_is_an_error():
    with pytest.raises(BadData, match="1983Q1 to 2002Q4"):
        load_data("herbst_schorfheide_us", COLUMNS, start="1979Q1")


def test_start_after_end_is_an_error():
    with pytest.raises(BadData, match="no observation"):
        load_data("herbst_schorfheide_us", COLUMNS, start="1999Q1", end="1998Q1")


def test_unknown_file_names_the_shipped_ones():
    with pytest.raises(BadData, match=r"herbst_schorfheide_us\.csv"):
        load_data("no_such_file.csv", COLUMNS)


def test_numbers_survive_unchanged():
    raw = pd.read_csv(dataset_path("herbst_schorfheide_us"))
    assert np.array_equal(load_data("herbst_schorfheide_us", COLUMNS).to_numpy(), raw[["YGR", "INFL", "INT"]])


def table(**columns) -> pd.DataFrame:
    quarters = pd.period_range("1983Q1", periods=len(next(iter(columns.values()))), freq="Q")
    return pd.DataFrame(columns, index=quarters)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table(x=[1.0, "2.5"]), "Column x of the data holds '2.5', which is not a number"),
        (table(x=["high", 1.0]), "holds 'high'"),
        (table(x=[True, False]), "holds True"),
        (table(x=[1 + 2j, 1.0]), "not a number"),
        (table(x=[10**400, 1]), "not a number"),
        (table(x=[1.0, np.inf]), "x is infinite in 1983Q2"),
        (table(x=[1.0, -9999.0]), "stand for a missing value"),
        (pd.concat([table(x=[1.0]), table(x=[2.0])], axis=1), "more than one column x"),
        (table(x=[1.0, 2.0]).reset_index(drop=True), "quarterly PeriodIndex"),
        (table(x=[1.0, 2.0]).asfreq("Q-SEP"), "quarterly PeriodIndex"),
        (table(x=[1.0, 2.0]).asfreq("M"), "quarterly PeriodIndex"),
        (table(x=[1.0, 2.0])["x"], "quarterly PeriodIndex"),
        (table(x=[1.0, 2.0], y=[np.nan, np.nan]), "no observation of y"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(frame, words):
    with pytest.raises(BadData, match=words):
        select_sample(frame)


def test_a_series_that_is_empty_over_the_sample_is_refused():
    data = table(x=[1.0, 2.0, 3.0], y=[4.0, np.nan, np.nan])
    assert len(select_sample(data)) == 3
    with pytest.raises(BadData, match="no observation of y from 1983Q2 to 1983Q3"):
        select_sample(data, start="1983Q2")


def test_a_series_that_never_moves_is_a_warning():
    with pytest.warns(UserWarning, match="y is 0.125 in every quarter"):
        select_sample(table(x=[1.0, 2.0], y=[0.125, 0.125]))


def test_a_table_is_used_in_the_order_of_its_quarters_and_as_floats():
    frame = table(x=[1, None, 3], y=[1.5, 2.5, 3.5]).astype({"x": "Int64", "y": object})
    sample = select_sample(frame.iloc[::-1])
    assert sample.dtypes.tolist() == [float, float]
    assert [str(quarter) for quarter in sample.index] == ["1983Q1", "1983Q2", "1983Q3"]
    assert sample["y"].tolist() == [1.5, 2.5, 3.5]
    assert sample["x"].isna().tolist() == [False, True, False]
