"""Tables of the docs are made from the summaries."""

import re

import pytest

from scripts import readme, readme_tables
from scripts.ablate import CROSSED


def test_the_tables_in_the_readme_are_those_of_the_summaries():
    assert readme.filled(readme.pages(), readme.tables()) == readme.pages()


def test_results_of_the_demo_become_a_table_with_every_number_in_its_place():
    values = {name: {"20": 0.1, "50": 0.25} for name in (*readme_tables.IN_DEMO, "gp_wl", "random")}
    values["gp_wl"] = {"20": 0.5, "50": 0.75}
    result = dict.fromkeys(("tau", "n_at_10", "n_at_10_median", "regret_at_10"), values)
    over = {name: {"20": (0.02, 0.01), "50": (-0.03, 0.04)} for name in ("metanp", "shipped")}
    rows = readme_tables.demo_rows({**result, "tau_over_gp_wl": over, "seconds": {"meta_train": 61.2}})
    table = readme_tables.demo_table([{**row, **PROVENANCE} for row in rows]).markdown()
    line = next(line for line in table.splitlines() if line.startswith("| GP, Weisfeiler"))
    assert line.split("|")[2:4] == [" 0.500, 0.750 ", " 0, 1 "]
    assert "61 s" in table
    assert "+0.020 ± 0.010, -0.030 ± 0.040." in table


def row(name: str, shown: str, scored: str, tau: float, **more: object) -> dict:
    numbers = {"labels": 20, "kendall_tau": tau, "n_at_10_median": 3.0, "sets": 20, "seeds": 1}
    return {"predictor": name, "shown": shown, "scored": scored, **numbers, **PROVENANCE, **more}


def test_the_overview_has_a_line_for_each_protocol_and_the_best_other_predictor_at_each_number_of_labels():
    held = {"over": "gp_wl", "over_tau": 0.1, "over_tau_half": 0.05}
    rows = [
        row("metanp", "a", "a", 0.3, labels=0),
        row("metanp", "a", "a", 0.5, **held),
        row("metanp", "a", "b", 0.9, **held),
        row("gp_wl", "a", "a", 0.4),
        row("xgboost", "a", "a", 0.3),
        row("gcn", "a", "a", 0.45, sets=5),
        row("metanp", "a", "a", 0.6, labels=72, **held),
        row("gp_wl", "a", "a", 0.5, labels=72),
        row("xgboost", "a", "a", 0.65, labels=72),
    ]
    behind = [{**one, "over_tau": -0.1} if "over" in one else one for one in rows]
    whole = {"nb101-label-free": rows, "nb201_proxies-label-free": behind}
    named = [{**one, "summary": name} for name, these in whole.items() for one in these]
    lines = readme_tables.leaderboard_overview(named).markdown().splitlines()
    best = "GP, Weisfeiler-Lehman counts and graph features; XGBoost"
    taus = "0.500 (0.400) | 0.600 (0.650) | 0.600 (0.650)"
    assert lines[2] == f"| NAS-Bench-101 | label-free | 1 | {taus} | 3 | {best} | 2 | 0 | 0 |"
    assert lines[3] == f"| NAS-Bench-201, 13 proxies as inputs | label-free | 1 | {taus} | 3 | {best} | 0 | 0 | 2 |"


def test_a_protocols_table_averages_columns_that_are_ranked_against_themselves():
    told = [{"over": "gp_wl", "over_tau": t, "over_tau_half": 0.05} for t in (0.1, 0.01, -0.06)]
    ahead, level, behind = told
    table = readme_tables.protocol_table(
        [
            row("gp_wl", "a", "a", 0.5),
            row("gp_wl", "b", "b", 0.79),
            row("metanp", "a", "a", 0.6, **ahead),
            row("metanp", "b", "b", 0.8, **behind),
            row("metanp", "a", "c", 0.0, **level),
            row("gcn", "a", "a", 0.2, sets=5),
            row("gcn", "b", "b", 0.3, sets=5),
        ]
    ).markdown()
    assert table.splitlines()[2:5] == [
        "| **MetaNP** | 0.700 (3) |",
        "| GP, Weisfeiler-Lehman counts and graph features | 0.645 (3) |",
        "| GCN (Neural Predictor) (5 label sets) | 0.250 (3) |",
    ]
    assert "Of 2 columns and numbers of labels MetaNP is clearly ahead of every other in 1, clearly behind at" in table
    assert "20 label sets, 1 training seed of MetaNP and columns: 2." in table


def test_a_predictor_that_failed_in_a_column_has_no_mean_of_the_others():
    table = readme_tables.protocol_table(
        [row("gp_wl", "a", "a", 0.9), row("metanp", "a", "a", 0.6), row("metanp", "b", "b", 0.8)]
    ).markdown()
    assert "Gaussian" not in table
    assert "GP" not in table
    with pytest.raises(ValueError, match="MetaNP has no answer in one of a, b"):
        readme_tables.protocol_table([row("gp_wl", "a", "a", 0.9), row("metanp", "b", "b", 0.8)])


def test_an_ablations_table_has_the_difference_of_each_variant_to_the_first():
    def row(variant: str, benchmark: str, tau: float, over: float) -> dict:
        sizes = {"parameters": 1234.0, "train_seconds": 59.6, "budgets": "20 100", "seeds": 3, "sets": 10}
        told = {"kendall_tau": tau, "over_first": over, "over_first_half": 0.01}
        return {"variant": variant, "benchmark": benchmark, **told, **sizes, **PROVENANCE}

    rows = [row("all", "a", 0.7, 0.0), row("all", "b", 0.5, 0.0)]
    rows += [row("less", "a", 0.6, -0.1), row("less", "b", 0.52, 0.02)]
    table = readme_tables.ablation_table(rows).markdown()
    assert "| all | 0.700 | 0.500 | 1,234 | 60 |" in table
    assert "| less | 0.600 (-0.100 ± 0.010) | 0.520 (+0.020 ± 0.010) | 1,234 | 60 |" in table
    assert "20 and 100 labels; training seeds: 3, label sets: 10" in table
    assert "count the 30 pairs of training seed and label set as independent" in table
    assert "independent" not in readme_tables.ablation_table([{**row, "interval": CROSSED} for row in rows]).markdown()


PROVENANCE = {"date": "2020-01-01", "machine": "m", "commit": "c"}


def test_a_table_goes_into_every_place_it_has():
    place = "a <!-- one -->\nold\n<!-- /one --> b"
    assert readme.filled({"p": place, "q": "none"}, {"one": "new\n"}) == {"p": place.replace("old", "new"), "q": "none"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "none of p has a place <!-- one --> for the table one"),
        (
            "<!-- one -->\n<!-- /one --><!-- on -->\n<!-- /on -->",
            "p has a place <!-- on --> for no table; nearest: one",
        ),
        ("<!-- one -->\nnever ends", "p has no <!-- one --> or no <!-- /one --> for the other"),
        ("<!-- one -->\n<!-- /one --><!-- /one -->", "p has no <!-- one --> or no <!-- /one --> for the other"),
    ],
)
def test_a_table_without_a_place_and_a_place_without_a_table_are_refused(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        readme.filled({"p": text}, {"one": "new\n"})


def test_a_summary_that_no_table_uses_and_a_missing_one_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"the table \S+ is made of \S+\.csv, which is not there"):
        readme.tables(tmp_path)
    (tmp_path / "nobodys.csv").write_text("labels\n1\n")
    with pytest.raises(ValueError, match=r"nobodys\.csv is in no table: it needs a line in TABLES"):
        readme.tables(tmp_path)
