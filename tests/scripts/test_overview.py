"""Pictures of the README: complete files, made from the summaries, equal to the committed ones."""

from xml.etree.ElementTree import fromstring

from scripts.overview import SUMMARIES, pictures
from scripts.readme import SUMMARY, WORDS
from scripts.results.rows import read_rows
from tests.conftest import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def test_the_committed_pictures_are_those_of_the_summaries_and_load_nothing_else():
    rows = {name: read_rows(SUMMARY / f"{name}.csv", WORDS) for name in SUMMARIES}
    made = pictures(rows)
    there = {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
    # of `scripts.weight_sharing`, `scripts.study` and `scripts.explain`, and the folder of `scripts.gallery`
    others = {"weight-sharing.svg", "encoder.svg", "heads.svg", "shortlist.svg", "gallery"}
    assert {name for name in there if not name.startswith("study_")} == {*made, *others}
    for name, text in made.items():
        assert (ROOT / "docs" / "pictures" / name).read_text() == text
        assert f"docs/pictures/{name}" in (ROOT / "README.md").read_text()
        assert "href" not in text
        assert "prefers-color-scheme: dark" in text
        groups = {group.get("data-p") for group in fromstring(text).iter(f"{SVG}g")}
        assert {"metanp"} < groups
    means = {row["strategy"]: row["evaluations_to_best_mean"] for row in rows[SUMMARIES[1]]}
    said = {group.get("data-p"): [t.text for t in group.iter(f"{SVG}text")] for group in fromstring(made["search.svg"])}
    assert f"{means['metanp']:.0f}" in said["metanp"]
    assert f"≥ {means['random']:.0f}" in said["random"]
