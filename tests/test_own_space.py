"""The JSON lines on the page about spaces of one's own are what the command line reads."""

import json
import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "own-space.md").read_text(encoding="utf-8")


def test_the_lines_of_json_are_ranked_from_one_another(metanp, tmp_path):
    lines = re.search(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert lines
    context, candidates = tmp_path / "context.jsonl", tmp_path / "candidates.jsonl"
    context.write_text(lines[1])
    candidates.write_text(lines[1].replace('"depth": 3', '"depth": 4').replace('"expansion": 6', '"expansion": 3'))
    status, out, err = metanp("rank", "--context", context, "--candidates", candidates, "--json")
    assert status == 0, err
    assert [row["mean"] for row in json.loads(out)["ranking"]] == sorted(
        (row["mean"] for row in json.loads(out)["ranking"]), reverse=True
    )
    assert len(json.loads(out)["ranking"]) == 2  # the other two were evaluated
