"""TransNAS-Bench-101 micro and NAS-Bench-Macro: the meaning of the digits, against published accuracies."""

import ast
import json
import zipfile

import pytest

from metanp.cell import Cell
from metanp.spaces import nasbench_macro, transnas

ZIP = "raw.githubusercontent.com/automl/NASLib"


def test_digit_by_digit_the_text_becomes_its_line_graph():
    cell = Cell.from_transnas("64-41414-1_02_123")
    assert cell.operations == ("input", "skip", "none", "conv1x1", "skip", "conv1x1", "conv3x3", "output")
    # states 0 -skip-> 1 -conv1x1-> 2 -conv3x3-> 3, 0 -skip-> 3, 1 -conv1x1-> 3; nothing from 0 to 2
    same = Cell(
        ["input", "skip", "conv1x1", "conv3x3", "skip", "conv1x1", "output"],
        [(0, 1), (1, 2), (2, 3), (3, 6), (0, 4), (4, 6), (1, 5), (5, 6)],
    )
    assert cell.key == same.key
    assert cell.to_transnas() == "64-41414-1_02_123"


def test_cells_without_a_live_path_are_those_that_never_learn(mirror):
    accuracy = {}
    archive = next((mirror / ZIP).glob("*/naslib/data/zc_benchmarks/all_benchmarks_zen.zip"))
    with zipfile.ZipFile(archive) as members:
        for name in members.namelist():
            if "transbench101_micro--class_scene" in name:
                for row in json.loads(members.read(name)):
                    accuracy["".join(map(str, ast.literal_eval(row["arch"])))] = row["val_accuracy"]
    assert len(accuracy) == 4_096
    dead = {"".join(map(str, transnas.SPACE.digits(cell))) for cell in transnas.SPACE.enumerate() if not cell.is_live}
    assert len(dead) == 169
    assert dead == {digits for digits, value in accuracy.items() if value < 10}


def test_transnas_counts_its_digits_up():
    texts = [transnas.write(cell) for cell in transnas.SPACE.enumerate()]
    assert texts == sorted(texts)
    assert texts[1] == "64-41414-0_00_001"


@pytest.mark.parametrize("text", ["64-41414-4_00_000", "64-41414-0_00_00", "32-41414-0_00_000", "64-41414-000000"])
def test_wrong_transnas_text_is_refused(text):
    with pytest.raises(ValueError, match=r"TransNAS|transnas"):
        Cell.from_transnas(text)


def test_a_macro_network_is_a_chain_of_its_blocks():
    cell = nasbench_macro.SPACE.parse_text("02012100")
    blocks = ["skip", "mbconv5x5_e6", "skip", "mbconv3x3_e3", "mbconv5x5_e6", "mbconv3x3_e3", "skip", "skip"]
    assert cell == Cell(["input", *blocks, "output"], [(i, i + 1) for i in range(9)])
    assert cell.pruned == cell
    assert nasbench_macro.SPACE.write_text(cell) == "02012100"


def test_macro_counts_its_digits_up_and_every_network_computes_another_thing():
    cells = list(nasbench_macro.SPACE.enumerate())
    assert [int(nasbench_macro.SPACE.write_text(cell), 3) for cell in cells] == list(range(6_561))
    assert len({cell.key for cell in cells}) == 6_561


@pytest.mark.parametrize("text", ["0201210", "020121000", "02012103", "0201210 "])
def test_wrong_macro_text_is_refused(text):
    with pytest.raises(ValueError, match="expected 8 digits from 0 to 2"):
        nasbench_macro.SPACE.parse_text(text)
