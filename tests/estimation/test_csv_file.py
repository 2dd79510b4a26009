"""CSV files as people have them."""

from pathlib import Path

import pytest

from estimation.data import load_data
from surrogate.errors import BadData

COMMAS = "date,x,y\n1983Q1,1.5,-2\n1983Q2,,.25\n"
X, Y = [1.5, None], [-2.0, 0.25]


@pytest.mark.parametrize(
    "content",
    [
        COMMAS.encode(),
        b"\xef\xbb\xbf" + COMMAS.encode(),
        COMMAS.encode("utf-16"),
        COMMAS.replace("\n", "\r\n").encode(),
        COMMAS.replace("\n", "\r").encode(),
        b"date,x,y,caf\xe9\n1983Q1,1.5,-2,1\n1983Q2,,.25,2\n",
        COMMAS.replace("\n", ",\n").encode(),
        COMMAS.replace("Q1,1.5,-2", "Q1,1.5,-2,").replace(".25", ".25,,").encode(),
        COMMAS.replace(",", ";").encode(),
        COMMAS.replace(",", "\t").encode(),
        COMMAS.replace(",", ";").replace(".", ",").encode(),
        b'date,x,y\n1983Q1,"1,5",-2\n1983Q2,,"0,25"\n',
        b"sep=;\n" + COMMAS.replace(",", ";").encode(),
        b"# from the bank\n\n" + COMMAS.encode() + b"\n,,\n# end\n",
        b'"date", "x" , "y"\n"1983Q1", "1.5" ,"-2"\n"1983Q2",.,"2.5e-1"\n',
        "date,x,y\n1983Q1,1.5,\N{MINUS SIGN}2\n1983Q2,#N/A,0.25\n".encode(),
        b"date,x,y\n1983Q2,NA,.25\n1983Q1,1.5,-2\n",
    ],
)
def test_files_that_mean_the_same_are_read_alike(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    data = load_data(tmp_path / "data.csv", {"x": "x", "y": "y"})
    assert [str(quarter) for quarter in data.index] == ["1983Q1", "1983Q2"]
    assert data["x"].astype(object).where(data["x"].notna(), None).tolist() == X
    assert data["y"].tolist() == Y


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"date,x,y\n", "no rows"),
        (b"PK\x03\x04\x00\x00", "save the sheet as CSV"),
        (b"date x y\n1983Q1 1 2\n", "separate columns by commas, semicolons or tabs"),
        (b"date,x,x\n1983Q1,1,2\n", "more than one column x"),
        (b"date,x, x\n1983Q1,1,2\n", "more than one column x"),
        (b"date,x,y\n1983Q1,1,5,2\n", "5 cells|4 cells below a header of 3.*Decimal commas need semicolons"),
        (b"date,x,y\n1983Q1,1\n", "a line of 2 cells"),
        (b"date,x,y\n1983Q1,5_2,1\n", "Column x holds '5_2', which is not a number"),
        (b"date,x,y\n1983Q1,TRUE,1\n", "Column x holds 'TRUE'"),
        (b"date,x,y\n1983Q1,5%,1\n", "write percentages without the sign"),
        (b'date,x,y\n1983Q1,"1,234.5",1\n', "no separators of thousands"),
        (b'date,x,y\n1983Q1,"1,234",1\n', "may be a decimal number or one with a separator"),
        (b"date;x;y\n1983Q1;1,5;1.5\n", "write decimal points"),
        (b"date,x,y\n1983Q1,(1.5),1\n", "not a number"),
        (b"date,x,y\n1983Q1,1,1\n,2,2\n", "the cell is empty"),
        (b"date,x,y\n1983Q1,1,\n1983Q2,2,\n", "no observation of y from 1983Q1 to 1983Q2"),
        (b"date,x,y\n1983Q1,1,2\n1983Q2,-999,3\n", "x is -999 in 1983Q2, which seems to stand for a missing"),
        (b"date,x,y\n1983Q1,1,2\n1983Q2,-99.99,3\n", "x is -99.99 in 1983Q2"),
        (b"date,x,y\n1983-01,1,2\n1983-02,3,4\n1983-03,5,6\n", "seem to be monthly"),
        (b"date,x,y\n1983Q1,1,2\n1984Q1,3,4\n1985Q1,5,6\n", "seem to be annual"),
        (b"date,x,y\n1983,1,2\n1984,3,4\n", "it is a year"),
    ],
)
def test_other_files_are_refused_with_the_cause(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(BadData, match=words) as refusal:
        load_data(tmp_path / "data.csv", {"x": "x", "y": "y"})
    assert "\n" not in str(refusal.value)


def test_nines_that_are_data_are_read(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("date,x,y\n1983Q1,997,98\n1983Q2,999,99\n1983Q3,1005,103\n")
    assert load_data(tmp_path / "data.csv", {"x": "x", "y": "y"})["x"].tolist() == [997, 999, 1005]
