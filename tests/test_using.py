"""The page on use runs as it stands."""

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")


def test_every_block_runs_in_order():
    names: dict = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for block in blocks:
        exec(block, names)
    assert len(blocks) >= 3
    assert names["model"].rank(names["example"].candidates[:50], k=5, curves=names["started"]).index.size == 5
