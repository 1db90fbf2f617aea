"""What a graph of NAS-Bench-101 is: its limits, its operations, and the md5 by which the benchmark names it.

Source: Ying et al., "NAS-Bench-101", ICML 2019 (arXiv:1902.09635), section 2; the hash is its `graph_util`.
"""

import hashlib
from collections.abc import Sequence

MAX_VERTICES, MAX_EDGES = 7, 9

# In the order of the published configuration: the label of a vertex in the hash is the place of its operation here,
# -1 for the input and -2 for the output.
OPERATIONS = ("conv3x3", "conv1x1", "maxpool3x3")
LABEL = {"input": -1, "output": -2} | {name: i for i, name in enumerate(OPERATIONS)}


def published_md5(labels: Sequence[int], edges: Sequence[Sequence[int]]) -> str:
    """The md5 of a graph: vertices exchange md5 texts with their neighbours, one round a vertex.

    Args:
        labels: see `LABEL`, one a vertex; none of them on no path.
        edges: (from, to).
    """
    into: list[list[int]] = [[] for _ in labels]
    out: list[list[int]] = [[] for _ in labels]
    for u, v in edges:
        into[v].append(u)
        out[u].append(v)
    texts = [_md5(f"({len(o)}, {len(i)}, {label})") for i, o, label in zip(into, out, labels, strict=True)]
    for _ in labels:
        before = ["".join(sorted([texts[u] for u in i])) for i in into]
        after = ["".join(sorted([texts[v] for v in o])) for o in out]
        texts = [_md5(f"{b}|{a}|{t}") for b, a, t in zip(before, after, texts, strict=True)]
    return _md5(str(sorted(texts)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
