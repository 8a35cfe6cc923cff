"""Evaluations that teach real students: as deployed, on suites that may change."""

import json

import polars
import pytest
from meta_support import halt, small

from benchmarks.meta.judging import taught
from benchmarks.meta.training import meta_train
from benchmarks.store import UserError, keep_checkpoint
from envs.features import ARM_FEATURES
from teacher import load_general


def test_it_is_judged_on_real_students_as_deployed(tmp_path):
    judged = {"judge_suites": "reverse,copy", "judge_student": "gru", "judge_budget": 20}
    folder = meta_train(small(tmp_path / "t", **judged))
    rows = json.loads((folder / "progress.json").read_text())
    assert [(row["real_reverse"], row["real_copy"]) for row in rows] == [(1.0, 1.0)] * 2
    trace = polars.read_parquet(folder / "judged" / "512" / "copy" / "trace.parquet")
    judge = load_general(folder / "judged" / "512" / "teacher").policy
    assert judge.fingerprint == load_general(folder).policy.fingerprint
    assert trace["decision"].max() == 1
    assert load_general(folder).policy.card["held_out_real"] == {"reverse": 1.0, "copy": 1.0}
    made = (folder / "judged" / "512" / "copy" / "summary.json").stat().st_mtime_ns
    assert taught_again(folder) == {"copy": 1.0}
    assert (folder / "judged" / "512" / "copy" / "summary.json").stat().st_mtime_ns == made

    other = {name: 1.5 * value for name, value in load_general(folder).policy.weights.items()}
    taught(other, ARM_FEATURES, "gru", ("copy",), 20, folder / "judged" / "512")
    assert (folder / "judged" / "512" / "copy" / "summary.json").stat().st_mtime_ns != made  # another network: anew

    moved = folder.rename(tmp_path / "moved")
    again = (other, ARM_FEATURES, "gru", ("copy",), 20, moved / "judged" / "512")
    assert taught(*again) == {"copy": 1.0}  # its folder is part of the cell: lived anew
    (moved / "judged" / "512" / "teacher" / "teacher.safetensors").write_bytes(b"")
    assert taught(*again) == {"copy": 1.0}


def taught_again(folder):
    policy = load_general(folder).policy
    return taught(policy.weights, policy.features, "gru", ("copy",), 20, folder / "judged" / "512")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"judge_suites": "knitting"}, "unknown suite 'knitting'"),
        ({"judge_suites": "copy", "judge_student": "parrot"}, "unknown student 'parrot'"),
        ({"judge_suites": "copy", "judge_budget": 0}, "budget must be at least 1; got 0"),
        ({"judge_suites": "copy,no.such:thing"}, "cannot load 'no.such:thing'"),
    ],
)
def test_who_cannot_judge_is_said(tmp_path, settings, said):
    with pytest.raises(UserError, match=said):
        meta_train(small(tmp_path / "t", **settings))
    assert not (tmp_path / "t").exists()


def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_judges_may_change(tmp_path, caplog):
    whole = load_general(meta_train(small(tmp_path / "whole"))).policy
    checkpoint = halt(small(tmp_path / "halted"), keep_checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-5])
    judged = {"judge_suites": "reverse", "judge_student": "gru", "judge_budget": 20}
    resumed = load_general(meta_train(small(tmp_path / "halted", **judged))).policy
    assert resumed.fingerprint == whole.fingerprint and "going on from the one before it" in caplog.text
    assert resumed.card["held_out_real"] == {"reverse": 1.0}
    assert {path.suffix for path in (tmp_path / "halted").glob("checkpoint*")} == {".damaged"}
