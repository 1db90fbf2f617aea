"""The command line: JSON for programs as documented, and one line on standard error for what was wrong."""

import json

import numpy as np
import pytest

from metanp import MetaNP
from metanp.cell import Cell
from metanp.checkpoint import ALIASES, shipped_names
from metanp.spaces import SPACES
from tests.evaluated_cells import CONTEXT, FLOPS, POOL, SCORE, text
from tests.tiny_model import write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> str:
    return str(write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors"))


def lines(path, cells, **columns):
    """Writes JSON lines; `features` is given as a dictionary of columns."""
    features = columns.pop("features", {})
    rows = [{"cell": cell.to_json(), **{k: v[i] for k, v in columns.items()}} for i, cell in enumerate(cells)]
    for i, row in enumerate(rows):
        row["features"] = {name: column[i] for name, column in features.items()}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def files(tmp_path):
    """Evaluated cells, and candidates with names."""
    context = lines(tmp_path / "context.jsonl", CONTEXT, score=SCORE.tolist())
    return context, lines(tmp_path / "pool.jsonl", POOL, id=[f"cell-{i}" for i in range(len(POOL))])


def test_rank_prints_the_documented_json_and_the_librarys_numbers(metanp, files, checkpoint):
    code, out, _ = metanp(
        "rank", "--context", files[0], "--candidates", files[1], "-k", 4, "--checkpoint", checkpoint, "--json"
    )
    result = json.loads(out)
    assert code == 0
    assert list(result) == ["ranking", "context", "checkpoint"]
    assert (result["context"], result["checkpoint"]) == (len(CONTEXT), checkpoint)
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE).shortlist(POOL, k=4)
    for place, row in enumerate(result["ranking"]):
        assert list(row) == ["rank", "id", "index", "cell", "mean", "std", "p_top"]
        index = int(expected.index[place])
        assert (row["rank"], row["id"], row["index"]) == (place + 1, f"cell-{index}", index)
        assert Cell.from_json(row["cell"]) == POOL[index]
        numbers = [expected.mean[place], expected.std[place], expected.p_top[place]]
        assert [row["mean"], row["std"], row["p_top"]] == numbers


def test_rank_reads_side_features_and_minimises_when_told(metanp, tmp_path, checkpoint):
    context = lines(tmp_path / "c.jsonl", CONTEXT, score=SCORE.tolist(), features={"flops": FLOPS[:12].tolist()})
    pool = lines(tmp_path / "p.jsonl", POOL, features={"flops": FLOPS[12:].tolist()})
    _, out, _ = metanp(
        "rank", "--context", context, "--candidates", pool, "--checkpoint", checkpoint, "--json", "--minimize"
    )
    model = MetaNP(checkpoint).fit(CONTEXT, SCORE, features={"flops": FLOPS[:12]}, maximize=False)
    expected = model.shortlist(POOL, k=10, features={"flops": FLOPS[12:]})
    assert [row["index"] for row in json.loads(out)["ranking"]] == expected.index.tolist()
    assert json.loads(out)["ranking"][0]["id"] is None


def test_rank_reads_curves(metanp, tmp_path, checkpoint):
    whole = [[float(score) - 3, float(score) - 1, float(score)] for score in SCORE]
    started = [[50.0 + i % 7, 51.0 + i % 5] if i % 2 else [] for i in range(len(POOL))]
    context = lines(tmp_path / "c.jsonl", CONTEXT, score=SCORE.tolist(), curve=whole)
    pool = lines(tmp_path / "p.jsonl", POOL, curve=started)
    _, out, _ = metanp("rank", "--context", context, "--candidates", pool, "--checkpoint", checkpoint, "--json")
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE, curves=whole).shortlist(POOL, k=10, curves=started)
    assert [row["index"] for row in json.loads(out)["ranking"]] == expected.index.tolist()


def test_rank_prints_a_table_that_names_ids_or_lines(metanp, files, tmp_path, checkpoint):
    code, out, _ = metanp("rank", "--context", files[0], "--candidates", files[1], "-k", 3, "--checkpoint", checkpoint)
    assert code == 0
    assert "p(top 3)" in out
    assert out.count("cell-") == 3
    pool = tmp_path / "gap.jsonl"
    pool.write_text("\n\n" + json.dumps({"cell": POOL[0].to_json()}) + "\n")
    _, out, _ = metanp("rank", "--context", files[0], "--candidates", pool, "-k", 1, "--checkpoint", checkpoint)
    assert "line 3" in out


def one_line(error: str) -> str:
    assert error.startswith("metanp: ")
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c, p: c.write_text('{"cell": {"nasbench201": "|x|"}, "score": 1}'), "context.jsonl, line 1: not a NAS"),
        (lambda c, p: c.write_text(c.read_text() + c.read_text().splitlines()[0].replace(str(SCORE[0]), "NaN")),
         "context.jsonl, line 13: score is nan"),
        (lambda c, p: c.write_text(p.read_text()), "context.jsonl, line 1: an evaluated cell has no 'score'"),
        (lambda c, p: p.write_text(p.read_text() * 2), "pool.jsonl, line 49: id 'cell-0' is given twice"),
        (lambda c, p: p.write_text(""), "pool.jsonl holds no cell"),
        (lambda c, p: c.unlink(), "context.jsonl"),
        (lambda c, p: (p.unlink(), p.mkdir()), "pool.jsonl"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_one_line_and_status_2(metanp, files, checkpoint, spoil, message):
    spoil(*files)
    code, out, error = metanp(
        "rank", "--context", files[0], "--candidates", files[1], "--checkpoint", checkpoint, "--json"
    )
    assert (code, out) == (2, "")
    assert message in one_line(error)


def test_an_unknown_or_broken_checkpoint_is_one_line_and_status_2(metanp, files, tmp_path):
    arguments = ["rank", "--context", files[0], "--candidates", files[1], "--checkpoint"]
    code, _, error = metanp(*arguments, "no-such")
    assert code == 2
    assert "no checkpoint 'no-such'" in one_line(error)
    (tmp_path / "half").write_bytes(b"\0" * 100)
    code, _, error = metanp(*arguments, tmp_path / "half")
    assert code == 2
    assert f"{tmp_path / 'half'}: not a whole safetensors file" in one_line(error)


def test_an_unknown_option_is_status_2_and_shows_the_usage(metanp):
    code, _, error = metanp("rank", "--contxt", "a")
    assert code == 2
    assert "Usage" in error


def test_info_says_what_a_checkpoint_is(metanp, checkpoint):
    code, out, _ = metanp("info", checkpoint, "--json")
    card = json.loads(out)[checkpoint]
    assert code == 0
    assert (card["kind"], card["sources"]) == ("random weights", [])
    assert card["bytes"] > 4 * card["parameters"] > 0
    assert card["model"]["process"] == "whitened_convcnp"
    _, out, _ = metanp("info", checkpoint)
    assert "random weights" in out


@pytest.mark.skipif(not shipped_names(), reason="metanp/checkpoints holds no checkpoint yet")
def test_info_without_a_name_lists_every_shipped_checkpoint_and_alias(metanp):
    _, out, _ = metanp("info", "--json")
    cards = json.loads(out)
    assert set(cards) == {*ALIASES, *shipped_names()}
    assert cards["cross-task-analog"]["is"] == ALIASES["cross-task-analog"]


SAME_CELL = {
    "nasbench201": text(3, 1, 0, 0, 2, 3),
    "naslib": "(2, 0, 1, 1, 3, 2)",
    "json": json.dumps(Cell.from_nasbench201(text(3, 1, 0, 0, 2, 3)).to_json()),
}
# A form -> a line of it; each comes back from JSON as it went in.
EXAMPLES = SAME_CELL | {
    "transnas": "64-41414-3_12_010",
    "nasbench101": "100110100001001010101-CMCCc",
    "nasbench_graph": "0,0,1,2|gat,gcn,gin,skip",
    "nasbench_macro": "01201201",
}


@pytest.mark.parametrize("form", EXAMPLES)
def test_a_cell_of_every_form_comes_back_from_json_as_it_went_in(metanp, tmp_path, form):
    (tmp_path / "in").write_text(f"{EXAMPLES[form]}\n\n{EXAMPLES[form]}\n")
    code, out, error = metanp("convert", tmp_path / "in", "--from", form, "--to", "json", "--output", tmp_path / "json")
    assert (code, out, error) == (0, "", "")
    _, out, _ = metanp("convert", tmp_path / "json", "--to", form)
    assert out.splitlines() == [EXAMPLES[form]] * 2


@pytest.mark.parametrize("to", SAME_CELL)
@pytest.mark.parametrize("frm", SAME_CELL)
def test_forms_of_one_space_convert_into_one_another(metanp, tmp_path, frm, to):
    (tmp_path / "in").write_text(SAME_CELL[frm] + "\n")
    assert metanp("convert", tmp_path / "in", "--from", frm, "--to", to)[1] == SAME_CELL[to] + "\n"


def test_lines_for_rank_convert_too(metanp, files):
    _, out, _ = metanp("convert", files[1], "--to", "nasbench201")
    assert [Cell.from_nasbench201(line) for line in out.splitlines()] == POOL


@pytest.mark.parametrize(
    ("frm", "to", "line", "message"),
    [
        ("nasbench201", "json", "|oops|", "in, line 2: not a NAS-Bench-201 string"),
        ("json", "nasbench201", "{", "in, line 2: "),
        ("naslib", "json", "(1, 2, x)", "in, line 2: "),
        ("nasbench_macro", "nasbench101", "01201201", "in, line 2: NAS-Bench-101 has no operation"),
    ],
)
def test_a_line_that_does_not_convert_is_named_and_nothing_is_written(metanp, tmp_path, frm, to, line, message):
    (tmp_path / "in").write_text("\n" + line + "\n")
    code, out, error = metanp("convert", tmp_path / "in", "--from", frm, "--to", to, "--output", tmp_path / "out")
    assert (code, out) == (2, "")
    assert message in one_line(error)
    assert not (tmp_path / "out").exists()


def test_every_search_space_converts_and_an_unknown_one_is_refused_with_the_nearest(metanp, tmp_path):
    for name, space in SPACES.items():
        (tmp_path / "in").write_text(space.write_text(space.sample(np.random.default_rng(0))) + "\n")
        assert metanp("convert", tmp_path / "in", "--from", name, "--to", "json")[0] == 0
    code, out, error = metanp("convert", tmp_path / "in", "--to", "nasbench-201")
    assert (code, out) == (2, "")
    assert "unknown search space 'nasbench-201'; nearest: nasbench201; known: " in one_line(error)
    assert one_line(error).rstrip().endswith("json, naslib")


# --- what rank and convert read alike ---


def test_without_k_fewer_than_ten_candidates_are_all_ranked(metanp, files, tmp_path, checkpoint):
    pool = lines(tmp_path / "five.jsonl", [*dict.fromkeys(POOL)][:5])
    code, out, _ = metanp("rank", "--context", files[0], "--candidates", pool, "--checkpoint", checkpoint, "--json")
    left = {cell.key for cell in [*dict.fromkeys(POOL)][:5]} - {cell.key for cell in CONTEXT}
    assert code == 0
    assert len(json.loads(out)["ranking"]) >= len(left)
    code, _, error = metanp("rank", "--context", files[0], "--candidates", pool, "-k", 9, "--checkpoint", checkpoint)
    assert code == 2
    assert "k is 9, but there are" in one_line(error)


def test_a_feature_that_the_context_lacks_is_refused_with_the_nearest_as_in_python(metanp, tmp_path, checkpoint):
    context = lines(tmp_path / "c.jsonl", CONTEXT, score=SCORE.tolist(), features={"flops": FLOPS[:12].tolist()})
    pool = lines(tmp_path / "p.jsonl", POOL, features={"flop": FLOPS[12:].tolist()})
    code, out, error = metanp("rank", "--context", context, "--candidates", pool, "--checkpoint", checkpoint)
    assert (code, out) == (2, "")
    assert "side features ['flop'] were not given to fit, nearest to the first: 'flops'" in one_line(error)


@pytest.mark.parametrize("name", ["net[best]", "[red]x[/red]", "a\u2028b", "naïve ✓", "[/]"])
def test_ids_print_as_they_are_and_survive_conversion(metanp, files, tmp_path, checkpoint, name):
    row = {"id": name, "cell": POOL[0].to_json(), "score": 91.5, "features": {"flops": 3.0, "zen": None}}
    written = tmp_path / "in.jsonl"
    written.write_text("\ufeff" + json.dumps(row, ensure_ascii=False) + "\r\n\n", encoding="utf-8")
    code, out, _ = metanp("convert", written, "--to", "json")
    assert code == 0
    assert json.loads(out) == row
    context = lines(
        tmp_path / "c.jsonl",
        CONTEXT[1:],
        score=SCORE[1:].tolist(),
        features={"flops": FLOPS[1:12].tolist(), "zen": [None] * 11},
    )
    code, out, _ = metanp("rank", "--context", context, "--candidates", written, "--checkpoint", checkpoint)
    assert code == 0
    assert name.replace("\u2028", "") in out.replace("\u2028", "")


def test_what_convert_writes_rank_reads(metanp, tmp_path, checkpoint):
    texts = tmp_path / "cells.txt"
    texts.write_text("\ufeff" + "\n".join(cell.to_nasbench201() for cell in POOL), encoding="utf-8")
    code, out, _ = metanp(
        "convert", texts, "--from", "nasbench201", "--to", "json", "--output", tmp_path / "pool.jsonl"
    )
    assert (code, out) == (0, "")
    context = lines(tmp_path / "c.jsonl", CONTEXT, score=SCORE.tolist())
    code, out, _ = metanp(
        "rank", "--context", context, "--candidates", tmp_path / "pool.jsonl", "--checkpoint", checkpoint, "--json"
    )
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE).shortlist(POOL, k=10)
    assert [row["index"] for row in json.loads(out)["ranking"]] == expected.index.tolist()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"cell": null, "score": 1}', "the cell is null"),
        ("[" * 100_000, "nested too deeply"),
        ('{"cell": {"nasbench201": "|x|"}, "score": NaN}', "not a NAS-Bench-201 string"),
        ('{"cell": {"operations": ["input", "output"], "edges": []}, "score": NaN}', "score is nan"),
        ('{"id": [1], "cell": {"operations": ["input", "output"], "edges": []}}', "id is [1]"),
        (
            '{"id": "a", "id": "b", "cell": {"operations": ["input", "output"], "edges": []}}',
            "the key 'id' is given twice",
        ),
        ("nul", "not JSON"),
    ],
)
def test_a_line_that_is_no_cell_is_refused_by_file_and_line_by_both(metanp, files, tmp_path, checkpoint, line, message):
    (tmp_path / "bad.jsonl").write_text("\n" + line + "\n")
    commands = [["convert", tmp_path / "bad.jsonl", "--to", "json"]]
    commands += [["rank", "--context", tmp_path / "bad.jsonl", "--candidates", files[1], "--checkpoint", checkpoint]]
    for command in commands:
        code, out, error = metanp(*command)
        assert (code, out) == (2, "")
        assert "bad.jsonl, line 2: " in one_line(error)
        assert message in error


def test_penalties_among_scores_are_told_of(metanp, files, tmp_path, checkpoint):
    context = lines(tmp_path / "c.jsonl", CONTEXT, score=[-1e6, *SCORE[1:].tolist()])
    code, out, error = metanp(
        "rank", "--context", context, "--candidates", files[1], "--checkpoint", checkpoint, "--json"
    )
    assert code == 0
    assert "1 of 12 scores are far from all others (-1e+06): taken as failed evaluations" in one_line(error)
    assert json.loads(out)["context"] == 12


def test_the_version_is_the_packages(metanp):
    from metanp import __version__

    code, out, _ = metanp("--version")
    assert (code, out.strip()) == (0, f"metanp {__version__}")


@pytest.mark.parametrize(
    "command", [[], ["rank"], ["convert"], ["info"], ["search"], ["search", "run"], ["search", "tell"]]
)
def test_help_texts_name_no_module_of_the_library(metanp, command):
    _, out, _ = metanp(*command, "--help")
    assert "Usage" in out
    assert "metanp." not in out


def test_failed_runs_are_read_and_kept(metanp, files, tmp_path, checkpoint):
    rows = [json.loads(line) for line in files[0].read_text().splitlines()]
    rows.insert(3, {"id": "broken", "cell": POOL[0].to_json(), "failed": "out of memory"})
    rows.append({"cell": POOL[1].to_json(), "failed": True})
    context = tmp_path / "context.jsonl"
    context.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["--candidates", files[1], "--checkpoint", checkpoint, "-k", 5, "--json"]
    code, out, _ = metanp("rank", "--context", context, *arguments)
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE, failed=POOL[:2]).shortlist(POOL, k=5)
    assert code == 0
    assert [row["index"] for row in json.loads(out)["ranking"]] == expected.index.tolist()
    _, out, _ = metanp("convert", context, "--to", "json")
    assert [json.loads(line).get("failed") for line in out.splitlines()][3::9] == ["out of memory", None]
    context.write_text(json.dumps({"cell": POOL[0].to_json(), "failed": True, "score": 3}))
    code, _, error = metanp("rank", "--context", context, *arguments)
    assert code == 2
    assert "line 1: both a score and 'failed'" in one_line(error)


def test_rank_sorts_by_the_mean_when_told_and_knows_its_rules(metanp, files, checkpoint):
    arguments = ["--context", files[0], "--candidates", files[1], "-k", 4, "--checkpoint", checkpoint, "--json"]
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE).rank(POOL, k=4)
    _, out, _ = metanp("rank", *arguments, "--by", "mean")
    assert [row["index"] for row in json.loads(out)["ranking"]] == expected.index.tolist()
    code, _, said = metanp("rank", *arguments, "--by", "men")
    assert code == 2
    assert "--by 'men'; nearest: mean" in said


def test_the_table_shows_parameters_and_described_operations(metanp, tmp_path):
    """Cells that differ in nothing else could not be told apart."""
    wide = {"operations": ["input", {"name": "wide", "kind": "convolution", "width": 96}, "output"]}
    cells = [{"parameters": {"depth": depth}} for depth in (1, 2)] + [{**wide, "edges": [[0, 1], [1, 2]]}]
    pool = tmp_path / "pool.jsonl"
    pool.write_text("".join(json.dumps({"cell": cell}) + "\n" for cell in cells))
    status, out, err = metanp("rank", "--candidates", pool)
    assert status == 0, err
    assert all(text in out for text in ("depth=1", "depth=2", "wide"))
