"""Files of rows that people edit: damaged lines are named, blank lines ignored."""

import pytest

from scripts.results.rows import read_rows


def test_numbers_and_words_are_converted_and_blank_lines_ignored(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('commit,n,tau,half\n\n012,20,-0.5,\n,-3,1e-05,inf\n\n"a, b",,,\n')
    assert read_rows(path, {"commit"}) == [
        {"commit": "012", "n": 20, "tau": -0.5, "half": None},
        {"commit": "", "n": -3, "tau": 1e-05, "half": float("inf")},
        {"commit": "a, b", "n": None, "tau": None, "half": None},
    ]
    assert read_rows(path)[0] == {"commit": "012", "n": "20", "tau": "-0.5", "half": ""}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,1,2", "3 fields, where the first line has 2"),
        ("a", "1 fields, where the first line has 2"),
        ("a,0.5x", "n is '0.5x', expected a number"),
        ('a,"1', "unexpected end of data"),
    ],
)
def test_a_damaged_line_is_named_with_its_file(tmp_path, line, said):
    path = tmp_path / "a.csv"
    path.write_text(f"name,n\n\nb,2\n{line}\n")
    with pytest.raises(ValueError, match=rf"a\.csv, line [45]: a damaged row \({said}"):
        read_rows(path, {"name"})


def test_a_file_without_a_line_has_no_row(tmp_path):
    (tmp_path / "a.csv").write_text("")
    assert read_rows(tmp_path / "a.csv", set()) == []
