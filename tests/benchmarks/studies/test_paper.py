"""Lifetimes of a source's own set-up: what is kept is what was lived, and what is not one of them is said."""

import dataclasses
from pathlib import Path

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.records import RECORDS, Preset
from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.records import Paper
from benchmarks.studies.records.paper import paper_section
from benchmarks.studies.records.run import RESULTS

ROOT = Path(__file__).parents[3]
SMALL = "--lstm.width 8 --n-gram.length 8 --batch-size 2 --budget 3 --updates-per-decision 1 --evaluate-every 1"


@pytest.fixture(scope="module", autouse=True)
def small_source():
    """A source whose own set-up is over in a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECORDS, "n-gram", dataclasses.replace(RECORDS["n-gram"], paper=Preset("n-gram", "lstm", SMALL)))
        yield


def live(folder, flags=""):
    line = f"run n-gram --preset paper --teacher uniform --seed 4 {flags} --wandb disabled --out {folder}"
    main(line.split())
    return folder


@pytest.fixture(scope="module")
def lived(small_source, tmp_path_factory):
    return live(tmp_path_factory.mktemp("lived"))


def test_a_lifetime_is_kept_and_told(lived, tmp_path):
    Paper("n-gram", (lived,), results=tmp_path).execute()
    life = read_json(tmp_path / "n-gram.json")["lifetimes"]["uniform"]["4"]
    assert life["command"] == "paceline run n-gram --preset paper --teacher uniform --seed 4"
    assert (life["budget"], life["mastered"], life["to_mastery"]) == (3, False, None)
    assert life["updates"] == [1, 2, 3] and life["arms"][10] == "ngram order=10"
    assert life["targets"] == [False] * 10 + [True]
    rows = pl.read_parquet(lived / "results.parquet").filter(pl.col("updates") == 2, "taught").sort("arm")
    for column in ("competence", "loss"):
        assert life[column][1] == pytest.approx(rows[column].to_list(), abs=6e-4)
    told = paper_section(tmp_path / "n-gram.json")[-1]
    assert told.startswith("| uniform | 4 | 3 | 3 | no | 0.") and life["environment"]["processor"] in told


def test_the_best_evaluation_and_the_last_stand_side_by_side(lived, tmp_path):
    Paper("n-gram", (lived,), results=tmp_path).execute()
    file = tmp_path / "n-gram.json"
    kept = read_json(file)
    life = kept["lifetimes"]["uniform"]["4"]
    rest = [1.0] * 9
    life.update(mastered=True, to_mastery=1200, seconds=93.0, updates=[1000, 1200, 3000], device="some GPU")
    life.update(targets=[True, True] + [False] * 9, competence=[[0, 0, *rest], [0.5, 1, *rest], [0.25, 0.75, *rest]])
    kept["lifetimes"]["uniform"]["10"] = life
    write_json(file, kept)
    told = paper_section(file)[-2:]
    assert [line.split(" | ")[1] for line in told] == ["4", "10"]
    assert "| 3,000 | 3 | at 1,200 | 0.75, 0.50 (at 1,200) | 0.50, 0.25 | 1.6 | some GPU, " in told[0]


def test_lifetimes_of_one_suite_gather_in_one_file(lived, tmp_path):
    Paper("n-gram", (lived,), results=tmp_path).execute()
    file = tmp_path / "n-gram.json"
    kept = read_json(file)
    kept["lifetimes"]["general"] = {"0": {"device": "elsewhere"}}
    kept["lifetimes"]["uniform"]["4"]["device"] = "before"
    write_json(file, kept)
    Paper("n-gram", (lived,), results=tmp_path).execute()
    found = read_json(file)["lifetimes"]
    assert found["general"] == {"0": {"device": "elsewhere"}} and found["uniform"]["4"]["device"] != "before"


def test_a_student_on_a_gpu_must_be_told_of(lived, tmp_path, monkeypatch):
    from benchmarks.studies.records import paper

    def on_a_gpu(folder):
        (cell,) = paper_cells(folder)
        student = {**cell.options["student"], "device": "cuda"}
        return [dataclasses.replace(cell, options={**cell.options, "student": student})]

    paper_cells = paper.planned_cells
    monkeypatch.setattr(paper, "planned_cells", on_a_gpu)
    with pytest.raises(UserError, match="the student was on cuda; say which it is with --gpu"):
        Paper("n-gram", (lived,), results=tmp_path).execute()
    Paper("n-gram", (lived,), gpu="H200", results=tmp_path).execute()
    life = read_json(tmp_path / "n-gram.json")["lifetimes"]["uniform"]["4"]
    assert life["device"] == "H200" and life["command"].endswith("--seed 4 --lstm.device cuda")


def test_a_teachers_own_flags_are_in_the_command(tmp_path):
    line = (
        f"run n-gram --preset paper --teacher exp3s --exp3s.eta 0.3 --signal PG --wandb disabled --out {tmp_path}/own"
    )
    main(line.split())
    Paper("n-gram", (tmp_path / "own",), results=tmp_path).execute()
    life = read_json(tmp_path / "n-gram.json")["lifetimes"]["exp3s"]["0"]
    assert life["command"] == "paceline run n-gram --preset paper --teacher exp3s --seed 0 --exp3s.eta 0.3 --signal PG"


def test_another_set_up_is_refused_by_what_differs(tmp_path):
    own = live(tmp_path / "own", "--lstm.width 4 --budget 2")
    said = "not of n-gram --preset paper: it differs in schedule.budget, student.width$"
    with pytest.raises(UserError, match=said):
        Paper("n-gram", (own,), results=tmp_path / "results").execute()
    assert not (tmp_path / "results").exists()


def test_what_is_no_such_lifetime_is_said_and_nothing_is_written(lived, tmp_path):
    (tmp_path / "listed").mkdir()
    (tmp_path / "listed" / "settings.json").write_text("[]")
    for suite, folders, said in (
        ("dyck", (lived,), "unknown suite of record 'dyck'"),
        ("n-gram", (), "which lifetimes"),
        ("n-gram", (tmp_path,), "is not a folder of results"),
        ("n-gram", (tmp_path / "listed",), "settings.json is damaged"),
        ("recall", (lived,), "it differs in .*suite"),
    ):
        with pytest.raises(UserError, match=said):
            Paper(suite, folders, results=tmp_path / "results").execute()
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("text", ["[]", "{}", '{"lifetimes": 3}', "{"])
def test_a_file_that_holds_something_else_is_said_and_left(lived, tmp_path, text):
    file = tmp_path / "n-gram.json"
    file.write_text(text)
    with pytest.raises(UserError, match=r"n-gram\.json"):
        Paper("n-gram", (lived,), results=tmp_path).execute()
    assert file.read_text() == text
    assert paper_section(tmp_path / "formal.json")[-1] == (
        "None was lived to this day: not reproduced. On a big machine `paceline run formal --preset paper --teacher "
        "general --seed 0` lives one."
    )


def test_an_unfinished_lifetime_is_said(lived, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.json").write_bytes((lived / "settings.json").read_bytes())
    with pytest.raises(UserError, match="seed-4 is not finished"):
        Paper("n-gram", (tmp_path / "run",), results=tmp_path / "results").execute()
    with pytest.raises(UserError, match="seed-4 has no checkpoint with an evaluation yet"):
        Paper("n-gram", (tmp_path / "run",), under_way=True, results=tmp_path / "results").execute()
    assert not (tmp_path / "results").exists()


def test_one_that_is_under_way_is_kept_as_far_as_its_checkpoint_tells(lived, tmp_path, monkeypatch):
    def stopped(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.lifetime._Lifetime._finish", stopped)
    monkeypatch.setattr("benchmarks.lifetime._since", lambda start: 1.5)  # of training, and again of evaluation
    with pytest.raises(SystemExit):
        live(tmp_path / "run", "--checkpoint-every 1")
    results = tmp_path / "results"
    Paper("n-gram", (tmp_path / "run",), under_way=True, results=results).execute()
    so_far = read_json(results / "n-gram.json")["lifetimes"]["uniform"]["4"]
    assert so_far["under_way"] and so_far["seconds"] == 3 * len(so_far["updates"]) >= 6
    assert "| under way | 0." in paper_section(results / "n-gram.json")[-1]
    Paper("n-gram", (lived,), under_way=True, results=results).execute()
    whole = read_json(results / "n-gram.json")["lifetimes"]["uniform"]["4"]
    assert "under_way" not in whole and whole["updates"] == [1, 2, 3]
    for column in ("updates", "competence", "loss", "arms", "targets"):
        assert so_far[column] == whole[column][: len(so_far[column])]


def test_committed_lifetimes_are_of_suites_of_record_and_of_a_known_revision():
    files = sorted((ROOT / RESULTS / "paper").glob("*.json"))
    assert files
    for file in files:
        assert file.stem in RECORDS
        for life in (life for by_seed in read_json(file)["lifetimes"].values() for life in by_seed.values()):
            assert "dirty" not in life["environment"]["revision"]
            assert len(life["competence"]) == len(life["updates"])
            assert {len(life["arms"]), len(life["targets"])} == {len(line) for line in life["competence"]}
