"""Scripts of proxies: `scripts.proxies` on images by name, and the statistics of the comparisons."""

import csv
import gzip
import json
import sys

import numpy as np
import pytest

from metanp import Cell
from metanp.networks import network
from metanp.proxies import params
from scripts import proxies, proxy_oracle, swap_search, swap_table

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"


def run(monkeypatch, *overrides: str) -> None:
    monkeypatch.setattr(sys, "argv", ["proxies", *overrides])
    proxies.main()


@pytest.fixture
def pool(tmp_path, monkeypatch):
    monkeypatch.setenv("METANP_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cells.jsonl").write_text(json.dumps({"nasbench201": CELL}) + "\n")
    return tmp_path / "cells.jsonl"


def test_a_pool_is_scored_on_images_by_name(monkeypatch, capsys, pool):
    run(monkeypatch, "data=digits", "side=16", f"pool={pool}", "skeleton=small", "proxies=[params,grad_norm]")
    (line,) = capsys.readouterr().out.splitlines()
    features = json.loads(line)["features"]
    grey = network(Cell.from_nasbench201(CELL), "small", 10, image_channels=1, prune=False)
    assert features["params"] == params(grey)
    assert features["grad_norm"] > 0


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data=digit", "no images 'digit'; nearest: digits"),
        ("proxies=[zenn]", "unknown proxy 'zenn'; nearest: zen"),
        ("bach=3", "unknown option 'bach'; nearest: batch"),
    ],
)
def test_what_was_mistyped_is_named(monkeypatch, capsys, pool, override, said):
    with pytest.raises(SystemExit):
        run(monkeypatch, "data=digits", "side=16", f"pool={pool}", "skeleton=small", override)
    assert said in capsys.readouterr().err


def test_ours_and_theirs_are_compared_over_cells_that_both_have():
    ours, theirs = np.array([1.0, 2.0, 3.0, np.nan, 9.0]), np.array([10.0, 20.0, 30.0, 5.0, np.nan])
    found = proxy_oracle.compare(ours, theirs, np.array([3.0, 1.0, 2.0, 9.0, 9.0]), "zen")
    assert found == {"cells": 3, "ours with theirs": 1.0, "ours with accuracy": -0.5, "theirs with accuracy": -0.5}
    assert not proxy_oracle.compare(ours, theirs, ours, "params")["equal"]
    assert proxy_oracle.compare(theirs, theirs, theirs, "flops")["equal"]


def test_what_parameters_explain_is_taken_out():
    rng = np.random.default_rng(0)
    parameters, accuracy, more = rng.normal(size=(3, 4000))
    found = swap_table.correlations(parameters + more, parameters + accuracy + more, parameters)
    assert found["spearman"] == pytest.approx(0.82, abs=0.03)  # sqrt(2 / 3)
    assert found["partial"] == pytest.approx(0.69, abs=0.03)  # sqrt(1 / 2), less what ranks lose
    nothing = swap_table.correlations(parameters + more, parameters + accuracy, parameters)
    assert nothing["partial"] == pytest.approx(0, abs=0.03)
    assert "partial" not in swap_table.correlations(parameters, accuracy, parameters)


def test_a_score_that_is_the_same_for_all_has_no_correlation():
    assert swap_table.correlations(np.ones(3), np.arange(3.0), np.arange(3.0)) == {"architectures": 3}


def test_the_authors_cells_are_read_and_scored(tmp_path, monkeypatch, capsys):
    pairs = "{}~0 skip_connect~1 {}~0 none~2 skip_connect~1 skip_connect~0 avg_pool_3x3~0 max_pool_3x3~3"
    kinds = ["skip_connect", "sep_conv_3x3", "dil_conv_5x5", "none", "sep_conv_5x5"]
    with gzip.open(tmp_path / "cells.csv.gz", "wt") as file:
        writer = csv.writer(file)
        writer.writerow(["cell", "val_acc"])
        writer.writerows([[pairs.format(kind, kind), 80 + i] for i, kind in enumerate(kinds)])
    np.savez(tmp_path / "i.npz", x=np.random.default_rng(0).normal(size=(20, 3, 16, 16)), y=np.zeros(20, int))
    swap_table.darts(tmp_path / "cells.csv.gz", tmp_path / "i.npz", draws=1, as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["accuracy"]["SWAP"]["architectures"] == 5
    assert report["accuracy"]["standard patterns"] == {"architectures": 5}  # 16 of 16 images, always
    assert 0 < report["saturation"]["median"] <= report["saturation"]["highest"] <= 1


def test_the_toy_network_is_one_reduction_cell_of_the_image_itself():
    cell = [("skip_connect", 0), ("none", 1)] * 4
    toy = network((cell, cell), swap_table.Toy(channels=3, cells=1, stem=1), 10, rng=0)
    kinds = [type(module).__name__ for module in toy.modules()]
    assert kinds.count("TwoInputCell") == 1
    # two preprocessing convolutions 3 -> 6, four strided skips 6 -> 6 of one weight a pair, and their normalisation
    convolutions, normalisation = 2 * 3 * 6 + 4 * 6 * 6, 2 * 6 * (2 + 4)
    assert round(params(toy) * 1e6) == convolutions + normalisation + 24 * 10 + 10


def test_genotypes_are_changed_at_one_place_and_joined_from_both():
    rng = np.random.default_rng(0)
    a, b = swap_search.draw(rng), swap_search.draw(rng)
    for _ in range(50):
        changed = swap_search.mutate(a, rng)
        assert sum(one != other for one, other in zip(a, changed, strict=True)) <= 1
        assert all(pair in options for pair, *options in zip(swap_search.crossover(a, b, rng), a, b, strict=True))
        assert all(read < 2 + place // 2 for place, (_, read) in enumerate(swap_search.draw(rng)))


def test_a_search_without_evaluation_ends_with_a_genotype_of_high_swap(tmp_path, capsys):
    np.savez(tmp_path / "i.npz", x=np.random.default_rng(0).normal(size=(20, 3, 8, 8)), y=np.zeros(20, int))
    swap_search.darts(tmp_path / "i.npz", cycles=4)
    found = json.loads(capsys.readouterr().out)
    first = swap_search.draw(np.random.default_rng(0))
    batch = swap_search.draw_batch(*swap_search.read_images(tmp_path / "i.npz"), 16, 0)
    assert found["swap"] >= swap_search.Genotypes(batch).score(first)
    assert found["scored"] > 20
    assert len(found["genotype"]) == 8
