"""The gallery: its code runs as it stands and makes its pictures, which are small and legible, dark and light."""

import re
import warnings
from xml.etree.ElementTree import fromstring

import matplotlib
import pytest
from matplotlib import pyplot

import metanp.plot
from metanp.fitted import ScoreWarning
from scripts import gallery
from tests.conftest import ROOT

PAGE = gallery.PAGE.read_text(encoding="utf-8")
FOLDER = ROOT / "docs" / "pictures" / "gallery"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def without_a_window(monkeypatch):
    matplotlib.use("agg")
    monkeypatch.chdir(ROOT)
    yield
    pyplot.close("all")


def test_every_function_of_the_plots_is_in_the_gallery_with_a_picture():
    shown = [block for block in gallery.blocks(PAGE) if block.picture]
    assert len(shown) == len(metanp.plot.__all__)
    for name in metanp.plot.__all__:
        assert any(f"plot.{name}(" in block.code for block in shown), name
    assert PAGE.count("```python") == len(gallery.blocks(PAGE))


def test_the_committed_pictures_are_those_of_the_page_and_small():
    linked = {block.picture.removeprefix("pictures/gallery/") for block in gallery.blocks(PAGE)}
    assert {path.name for path in FOLDER.iterdir()} == linked
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_a_committed_picture_is_whole_and_takes_the_text_colour_of_its_reader(path):
    text = path.read_text()
    root = fromstring(text)
    assert "prefers-color-scheme:dark" in "".join(root.find(f"{SVG}style").itertext())
    assert "fill: currentColor" in text or "color: currentColor" in text
    assert not re.search(r"#(?:000000|262626)\b|DejaVu", text)
    assert float(root.get("width").removesuffix("pt")) <= 330
    assert not re.search(r"""href="(?!#|data:image)""", text)
    assert list(root.iter(f"{SVG}text"))


def test_all_blocks_run_and_each_leaves_its_picture(tmp_path):
    with warnings.catch_warnings(), matplotlib.rc_context(gallery.SETTINGS):
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ScoreWarning)
        made = {picture: gallery.as_svg(figure) for picture, figure in gallery.run(PAGE)}
    assert {*made} == {block.picture for block in gallery.blocks(PAGE)}
    for picture, text in made.items():
        words = {"".join(one.itertext()).strip() for one in fromstring(text).iter(f"{SVG}text")}
        committed = fromstring((gallery.PAGE.parent / picture).read_text())
        titles = {"".join(one.itertext()).strip() for one in committed.iter(f"{SVG}text")}
        titles = {title for title in titles if re.fullmatch(r"[A-Za-z][A-Za-z ,]{5,}", title)}
        assert titles <= words, picture  # numbers may differ from machine to machine in their last digit


def test_a_block_that_draws_nothing_is_named():
    page = "```python\nx = 1\n```\n![nothing](pictures/gallery/nothing.svg)\n"
    with pytest.raises(ValueError, match=r"block 1 of gallery.md drew nothing for pictures/gallery/nothing.svg"):
        list(gallery.run(page))


def test_a_mistyped_name_is_answered_with_the_nearest(capsys):
    with pytest.raises(SystemExit) as stopped:
        gallery.main(["rankin"])
    assert stopped.value.code == 2
    assert "no picture 'rankin'; nearest: ranking" in capsys.readouterr().err
