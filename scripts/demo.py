"""The whole method in minutes: `make demo`, or `python -m scripts.demo`.

Meta-trains a label-free model on synthesized tasks, conditions it on the validation accuracy of 50 random cells of
NAS-Bench-201 (CIFAR-10) and ranks the others. Then it compares this model, on 10 label sets at 20, 50 and 100 labels,
with the shipped model, two Gaussian processes, XGBoost, a random forest and chance. Installed packages bring all data.

Writes `results/demo/`: `demo.json`, `ranking.csv`, `predicted_against_true.png`, `tau_over_labels.png`.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rich.console import Console

from data import load_benchmark
from data.table import Table
from metanp import MetaNP
from metanp.metrics import true_ranks
from scripts.command import one_line
from scripts.leaderboards.entrants import metanp, others, read_catalogue
from scripts.leaderboards.evaluation import judged
from scripts.meta_train import meta_train
from scripts.readme_tables import demo_rows, demo_table
from scripts.results.entrants import OURS
from scripts.results.rows import Row
from scripts.results.running import Running
from scripts.results.statistics import crossed, grouped, paired
from scripts.results.table import Table as Sheet

METRIC = "cifar10_validation_accuracy_200"
SHOWN = 50  # labels for the ranking that is printed
BUDGETS = (20, 50, 100)
RIVALS = ("gp_wl", "gp_onehot", "xgboost", "random_forest", "random")
console = Console()


def main(
    output: Path = Path("results/demo"), sets: int = 10, train: bool = True, overrides: list[str] | None = None
) -> None:
    """Meta-train, rank, compare.

    Args:
        output: folder for what is written.
        sets: label sets to average over.
        train: False reuses the model of the last demo.
        overrides: of the configuration, such as `training.steps=20`.
    """
    with one_line("demo"):
        _demo(output, sets, train, overrides or [])


def _demo(output: Path, sets: int, train: bool, overrides: list[str]) -> None:
    seconds = {}
    if train:
        console.rule("Meta-training on synthesized tasks, no measured label in a gradient")
        started = time.perf_counter()
        _meta_train(output, overrides)
        seconds["meta_train"] = time.perf_counter() - started
    table = load_benchmark("nasbench201")
    console.rule(f"{SHOWN} evaluated cells of NAS-Bench-201, and the best of the rest")
    ranking = _ranking(MetaNP(output / "best.safetensors"), table, seconds)
    ranking.drop(columns="p_top").to_csv(output / "ranking.csv", float_format="%.4f", lineterminator="\r\n")

    console.rule(f"Every predictor on the same {sets} label sets")
    rows = pd.DataFrame(_judged(output, sets))
    result = {
        "tau": _summary(rows, "kendall_tau"),
        "n_at_10": _summary(rows, "n_at_10"),
        "n_at_10_median": _summary(rows, "n_at_10", "median"),
        "regret_at_10": _summary(rows, "regret_at_10"),
        "tau_over_gp_wl": {name: _over(rows, name, "gp_wl") for name in ("metanp", "shipped")},
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }
    (output / "demo.json").write_text(json.dumps(result, indent=1) + "\n")
    demo_table(demo_rows(result)).print()
    _plot(output, result, ranking)
    console.print(f"In {output}: demo.json, ranking.csv, predicted_against_true.png, tau_over_labels.png")


def _judged(output: Path, sets: int) -> list[Row]:
    """Rows of all predictors on the same label sets; those of an earlier demo are ignored."""
    catalogue = read_catalogue()
    rivals = others({name: catalogue[name] for name in RIVALS}, "label-free", "nasbench201", sets, sets)
    entrants = [
        metanp(str(output / "best.safetensors"), OURS, 0, sets),
        metanp("label-free", "shipped", 0, sets, "shipped"),
        *(replace(one, seed=0) for one in rivals),  # one seed for all label sets
    ]
    return judged(Running(resume=False), entrants, ("nasbench201", METRIC), BUDGETS, output / "rows")


def _summary(rows: pd.DataFrame, metric: str, average: str = "mean") -> dict[str, dict[str, float]]:
    """{predictor: {labels: average of `metric` over label sets}}."""
    found: dict[str, dict[str, float]] = {}
    for (name, labels), part in grouped(rows, "predictor", "labels"):
        found.setdefault(name, {})[str(labels)] = round(float(part[metric].agg(average)), 5)
    return found


def _over(rows: pd.DataFrame, ours: str, theirs: str) -> dict[str, tuple[float, float]]:
    """{labels: (mean difference of tau, half of its 95 % interval)}, paired over label sets."""
    found, tables = {}, crossed(rows, "kendall_tau")
    for labels in BUDGETS:
        over = paired(tables[ours, labels], tables[theirs, labels])
        found[str(labels)] = (round(over.mean, 5), round(over.half, 5))
    return found


def _ranking(model: MetaNP, table: Table, seconds: dict[str, float]) -> pd.DataFrame:
    """The ranking of all other cells after one label set, best first; prints the top 10, the only ones with p_top."""
    accuracy = table.mean(METRIC)
    context = np.random.default_rng(0).permutation(len(accuracy))[:SHOWN]
    pool = model.encode(table.cells)
    started = time.perf_counter()
    model.fit(table.cells[context], accuracy[context])
    seconds["fit"] = time.perf_counter() - started
    started = time.perf_counter()
    top = model.rank(pool, k=10)
    seconds["rank"] = time.perf_counter() - started
    whole = model.rank(pool)
    true = accuracy[whole.index]
    ranking = pd.DataFrame({"cell": [table.ids[i] for i in whole.index], "mean": whole.mean, "std": whole.std})
    ranking = ranking.assign(true=true, true_rank=true_ranks(true).astype(int), p_top=pd.Series(top.p_top))
    ranking.index = pd.RangeIndex(1, len(ranking) + 1, name="rank")
    lines = []
    for row in ranking.head(10).itertuples():
        predicted, true = f"{row.mean:.2f} ± {row.std:.2f} %", f"{row.true:.2f} %"
        lines.append([row.Index, row.cell, predicted, f"{row.p_top:.2f}", true, f"{row.true_rank:,}"])
    Sheet(["#", "cell", "predicted", "p(top 10)", "true", "true rank"], lines).print()
    return ranking


def _meta_train(output: Path, overrides: list[str]) -> None:
    folder = str(Path(__file__).parent.parent / "configs")
    with initialize_config_dir(folder, version_base="1.3"):
        raw = compose("meta_train", ["experiment=demo", f"output={output}", *overrides])
    config: Any = OmegaConf.to_object(raw)
    (output / "log.jsonl").unlink(missing_ok=True)
    meta_train(config)


def _plot(output: Path, result: dict[str, Any], ranking: pd.DataFrame) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    _plot_predictions(plt.subplots(figsize=(6, 6)), ranking, output / "predicted_against_true.png")
    figure, axes = plt.subplots(figsize=(6, 4))
    for name, values in result["tau"].items():
        if name != "random":  # at 0, which would squeeze the others
            ours = name in ("metanp", "shipped")
            axes.plot([int(b) for b in values], list(values.values()), marker="o", lw=2.5 if ours else 1, label=name)
    axes.set(xlabel="evaluated cells", ylabel="Kendall tau over all others", xscale="log")
    axes.set_xticks([int(b) for b in values], list(values))
    axes.minorticks_off()
    axes.legend(fontsize=8)
    figure.savefig(output / "tau_over_labels.png", dpi=150, bbox_inches="tight")


def _plot_predictions(canvas: tuple[Any, Any], ranking: pd.DataFrame, path: Path) -> None:
    figure, axes = canvas
    shown = ranking.iloc[:: max(1, len(ranking) // 600)]
    low, high = np.quantile(shown["true"], 0.1), shown["true"].max()
    axes.errorbar(shown["true"], shown["mean"], shown["std"], fmt=".", ms=4, lw=0.5, alpha=0.6)
    axes.plot([low, high], [low, high], color="grey", lw=1)
    axes.set(xlim=(low, high + 0.3), ylim=(low - 2, high + 2), xlabel="true validation accuracy (%)")
    axes.set(ylabel="predicted, with one standard deviation of a new training (%)")
    axes.set_title(f"NAS-Bench-201, CIFAR-10: {SHOWN} evaluated cells, the best nine tenths of the rest")
    figure.savefig(path, dpi=150, bbox_inches="tight")


if __name__ == "__main__":
    typer.run(main)
