import numpy as np
import pandas as pd
import pytest

from estimation.data import load_data, parse_quarter
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


@pytest.mark.parametrize(
    "text", ["1983-Q2", "1983Q2", "1983q2", "1983:Q2", "1983-04-01", "1983-06-30", " 1983Q2 "]
)
def test_date_formats(text):
    assert parse_quarter(text) == pd.Period("1983Q2", freq="Q")


@pytest.mark.parametrize("text", ["1983-Q5", "spring", "", "nan", "83Q1"])
def test_unparsable_date_is_an_error(text):
    with pytest.raises(BadData, match="Cannot read the date"):
        parse_quarter(text)


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
