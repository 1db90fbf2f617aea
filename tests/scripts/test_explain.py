"""The pictures that explain the model are drawn from it, and are whole."""

from xml.etree import ElementTree

from scripts import explain


def test_all_three_are_drawn_of_the_shipped_model(tmp_path):
    explain.main(tmp_path)
    texts = {path.stem: path.read_text() for path in tmp_path.iterdir()}
    assert set(texts) == {"encoder", "heads", "shortlist"}
    for text in texts.values():
        ElementTree.fromstring(text)
    assert "337 graph features" in texts["encoder"]
    assert texts["heads"].count(explain.BLUE) == len(explain.CONTEXTS) + 1  # a mixture for each, and the legend
    assert texts["shortlist"].count(f'fill="{explain.BLUE}"') == 10 + 1
