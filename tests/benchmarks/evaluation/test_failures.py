"""Wrong sequences: found, written in the task's own symbols, resumed, and shown stage by stage."""

import numpy as np
import polars as pl
import pytest

import envs
import student
from benchmarks.evaluation.failures import FAILURE, Failures, _printable, stages
from benchmarks.lifetime import run_cell
from benchmarks.sequences import columns
from benchmarks.settings import Cell, Schedule
from benchmarks.store import UserError
from benchmarks.tracking import NoTracker
from envs.batch import IGNORE

SUITE = envs.Suite([envs.Reverse(lengths=(1, 3))])


class Knows:
    """Answers right but for the last token of the hardest taught arm, where it says the first symbol there is."""

    def __init__(self, mistakes=True):
        self.mistakes = mistakes

    def answers(self, batch):
        got = np.where(batch.targets == IGNORE, 0, batch.targets)
        if self.mistakes and (batch.targets[0, 0] != IGNORE).sum() == 3:
            last = np.flatnonzero(batch.targets[0, 0] != IGNORE)[-1]
            got[..., last] = 0
        return got


def test_a_wrong_sequence_is_shown_with_what_was_expected():
    looked = Failures(SUITE)
    looked.look(Knows(), 70)
    rows = [row for row in looked.rows if row["taught"]]
    assert [row["arm"] for row in rows] == [1] and rows[0]["updates"] == 70 and rows[0]["looked_at"] == 16
    assert rows[0]["arm_name"] == SUITE.arm_name(1) and 8 <= rows[0]["wrong"] <= 16
    asked, expected, got = (rows[0][name] for name in ("input", "expected", "got"))
    told = asked[:3]
    assert expected.strip(".") == told[::-1] and asked[3] == "|"
    assert got.strip(".")[:-1] == expected.strip(".")[:-1] and got[-1] == "a" != expected[-1]
    pl.DataFrame(looked.rows, FAILURE)


def test_symbols_that_would_break_a_line_are_written_out():
    assert [_printable(text) for text in ("a", "\n", "\t", "é")] == ["a", "\\n", "\\t", "é"]


def test_an_answer_that_is_no_symbol_of_the_task_is_a_number():
    class Beyond:
        def answers(self, batch):
            return np.full(batch.targets.shape, 77)

    looked = Failures(SUITE)
    looked.look(Beyond(), 10)
    assert looked.rows[0]["got"].endswith("<77>")


def test_right_answers_and_students_that_cannot_answer_give_none():
    looked = Failures(SUITE)
    looked.look(Knows(mistakes=False), 10)
    looked.look(object(), 20)
    assert looked.rows == []


def test_a_torch_student_answers_with_its_likeliest_token_and_changes_nothing():
    made = student.TorchStudent(lambda: student.GRU(SUITE.vocab_size, width=8), num_learners=2)
    made.reset([0, 1])
    batch = envs.stack([SUITE.batch(1, 0, 0, envs.Split.TEST, 5)] * 2)
    before = made.state_dict()
    got = made.answers(batch)
    assert got.shape == batch.tokens.shape and got.dtype == np.int64
    for k, model in enumerate(made.models):
        probabilities = student.predict(model, batch.tokens[k])
        np.testing.assert_array_equal(got[k], probabilities.argmax(dim=-1))
    assert str(made.state_dict()) == str(before)


def test_stages_are_early_middle_and_last_and_the_worst_come_first():
    rows = [{"updates": u, "arm": a, "wrong": w} for u in (10, 20, 30, 40) for a, w in ((0, 1), (1, 9), (2, 9), (3, 2))]
    shown = stages(rows, [10, 20, 30, 40], most=2)
    assert [(row["updates"], row["arm"]) for row in shown] == [(20, 1), (20, 2), (30, 1), (30, 2), (40, 1), (40, 2)]
    assert stages(rows[:4], [10]) == sorted(rows[:4], key=lambda row: (-row["wrong"], row["arm"]))[:3]
    assert stages([], [10, 20]) == []


def test_columns_are_as_wide_as_they_must_be_and_show_the_end():
    assert columns([("in  ", ["a", "bcd"]), ("out ", [".", "e"])]) == ["in  a bcd", "out . e"]
    long = columns([("", [str(i % 10) for i in range(300)])])[0]
    assert long.startswith("... ") and long.endswith("789") and len(long) == 100


def test_a_resumed_lifetime_holds_the_same_failures(tmp_path):
    cell = Cell("reverse", "gru", "uniform", 0, Schedule(60, 8, 5, 10))
    cell.options.update(suite={"lengths": (1, 2)}, student={"width": 8})

    class Stop(Exception):
        pass

    def stop(status):
        if status.updates >= 40:
            raise Stop

    run_cell(cell, tmp_path / "whole", NoTracker())
    with pytest.raises(UserError, match="Stop"):
        run_cell(cell, tmp_path / "broken", NoTracker(), stop, checkpoint_every=3)
    run_cell(cell, tmp_path / "broken", NoTracker())
    ours, theirs = (pl.read_parquet(tmp_path / name / "failures.parquet") for name in ("broken", "whole"))
    assert ours.equals(theirs) and ours["updates"].unique().to_list() == [10, 20, 30, 40, 50, 60]
