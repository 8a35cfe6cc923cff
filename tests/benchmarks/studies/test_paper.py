"""Lifetimes of a source's own set-up: what is kept is what was lived, and what is not one of them is said."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.records import RECORDS
from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.records import Paper
from benchmarks.studies.records.paper import paper_section
from benchmarks.studies.records.run import RESULTS

ROOT = Path(__file__).parents[3]
SMALL = "--lstm.width 8 --n-gram.length 8 --batch-size 2 --budget 3 --updates-per-decision 1 --evaluate-every 1"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lived")
    line = f"run n-gram --preset paper --teacher uniform --seed 4 {SMALL} --wandb disabled --out {folder}"
    main(line.split())
    return folder


def test_a_lifetime_is_kept_and_told(lived, tmp_path):
    Paper("n-gram", (lived,), "some GPU", tmp_path).execute()
    kept = read_json(tmp_path / "n-gram.json")
    life = kept["lifetimes"]["uniform"]["4"]
    assert kept["command"].startswith("paceline run n-gram --preset paper --lstm.device cuda")
    assert (life["budget"], life["mastered"], life["to_mastery"]) == (3, False, None)
    assert (
        life["updates"] == [1, 2, 3]
        and life["arms"][10] == "ngram order=10"
        and life["targets"] == [False] * 10 + [True]
    )
    rows = pl.read_parquet(lived / "results.parquet").filter(pl.col("updates") == 3, "taught").sort("arm")
    assert life["competence"][-1] == pytest.approx(rows["competence"].to_list(), abs=6e-4)
    told = paper_section(tmp_path / "n-gram.json")[-1]
    assert told.startswith("| uniform | 4 | 3 | 3 | no | 0.0") and "some GPU" in told


def test_the_target_says_how_far_it_came(lived, tmp_path):
    Paper("n-gram", (lived,), results=tmp_path).execute()
    file = tmp_path / "n-gram.json"
    kept = read_json(file)
    life = kept["lifetimes"]["uniform"]["4"]
    assert life["device"] == "cpu" and "--lstm.device cpu" in kept["command"]
    life.update(
        mastered=True,
        to_mastery=1200,
        seconds=90.0,
        targets=[True, True] + [False] * 9,
        competence=[[0.0] * 11, [0.25, 0.75] + [1.0] * 9],
    )
    write_json(file, kept)
    assert "| at 1,200 | 0.50 | 0.25 | 2 | cpu, " in paper_section(file)[-1]


def test_lifetimes_of_one_suite_gather_in_one_file(lived, tmp_path):
    Paper("n-gram", (lived,), "first", tmp_path).execute()
    file = tmp_path / "n-gram.json"
    kept = read_json(file)
    kept["lifetimes"]["general"] = kept["lifetimes"]["uniform"]
    write_json(file, kept)
    Paper("n-gram", (lived,), "second", tmp_path).execute()
    found = read_json(file)["lifetimes"]
    assert found["general"]["4"]["device"] == "first" and found["uniform"]["4"]["device"] == "second"


def test_what_is_no_such_lifetime_is_said_and_nothing_is_written(lived, tmp_path):
    for suite, folder, said in (
        ("dyck", lived, "unknown suite of record 'dyck'"),
        ("n-gram", tmp_path, "no folder that paceline run --out made"),
        ("recall", lived, "holds n-gram with student lstm; recall --preset paper is memory with lstm"),
    ):
        with pytest.raises(UserError, match=said):
            Paper(suite, (folder,), results=tmp_path / "results").execute()
    assert not (tmp_path / "results").exists()


def test_an_unfinished_lifetime_is_said(lived, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.json").write_bytes((lived / "settings.json").read_bytes())
    with pytest.raises(UserError, match="seed-4 is not finished"):
        Paper("n-gram", (tmp_path / "run",), results=tmp_path / "results").execute()


def test_committed_lifetimes_are_of_suites_of_record_and_of_a_known_revision():
    files = sorted((ROOT / RESULTS / "paper").glob("*.json"))
    assert files
    for file in files:
        assert file.stem in RECORDS
        for life in (life for by_seed in read_json(file)["lifetimes"].values() for life in by_seed.values()):
            assert "dirty" not in life["environment"]["revision"]
            assert len(life["competence"]) == len(life["updates"])
            assert {len(life["arms"]), len(life["targets"])} == {len(line) for line in life["competence"]}
