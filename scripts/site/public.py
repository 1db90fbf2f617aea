"""Which names of `metanp` are public, and the page of the reference that each public module has.

A package says so itself, in `__all__`. Of modules without one the names that users need are listed here. What is
neither in `__all__` nor here may change at any time.
"""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

# module: the names that are public; empty where the module's __all__ says so
PUBLIC: dict[str, tuple[str, ...]] = {
    "metanp": (),
    "metanp.examples": ("Example", "load"),
    "metanp.predicted": ("Predicted",),
    "metanp.metrics": (
        "kendall_tau",
        "spearman",
        "true_ranks",
        "predicted_order",
        "precision_at",
        "n_at",
        "regret_at",
        "ndcg_at",
        "ranking_metrics",
        "distribution_metrics",
        "coverage",
        "kendall_scorer",
    ),
    "metanp.operations": ("Operation", "VOCABULARY"),
    "metanp.spaces": (),
    "metanp.search": (),
    "metanp.search.pareto": ("pareto_front", "on_front", "hypervolume", "Reference"),
    "metanp.search.strategies.bayesian": ("Bayesian",),
    "metanp.search.strategies.pareto": ("Pareto",),
    "metanp.shortlist": (
        "RULES",
        "Drawn",
        "in_turns",
        "highest_expected_best",
        "most_often_best",
        "most_often_top",
        "winners",
        "chance_of_top",
    ),
    "metanp.curves": (),
    "metanp.curves.stopping": (),
    "metanp.proxies": (),
    "metanp.networks": (),
    "metanp.networks.supernet": ("Supernet",),
    "metanp.integrations.optuna": (),
    "metanp.contract": ("Predictor", "About"),
    "metanp.baselines": (),
    "metanp.written": ("written_features",),
    "metanp.json_lines": ("read", "Records", "Row", "read_row"),
    "metanp.checkpoint": ("shipped_names", "load_model", "CheckpointError"),
    "metanp.pictures": (),
    "metanp.neural_process": (),
}


def names(module: str) -> tuple[str, ...]:
    """The public names of a module, in the order in which its page has them."""
    return PUBLIC[module] or tuple(importlib.import_module(module).__all__)


def objects(module: str) -> dict[str, Any]:
    """Those names, with what each of them is."""
    home: ModuleType = importlib.import_module(module)
    return {name: getattr(home, name) for name in names(module)}


def place(module: str) -> str:
    """Where the page of a module is in the site."""
    return f"reference/python/{module}.md"


def page(module: str) -> str:
    """Markdown: what the module is for, then each public name, which mkdocstrings fills in."""
    return f"# {module}\n\n{_about(module)}\n" + "".join(f"\n::: {module}.{name}\n" for name in names(module))


def _about(module: str) -> str:
    """The module's docstring; paragraphs whose lines have columns become blocks, so that these stay."""
    source = Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8")
    paragraphs = (ast.get_docstring(ast.parse(source)) or "").split("\n\n")
    return "\n\n".join(_block(text) if re.search(r"\S {2,}\S|^from ", text, re.M) else text for text in paragraphs)


def _block(text: str) -> str:
    return f"```\n{textwrap.dedent(text)}\n```"
