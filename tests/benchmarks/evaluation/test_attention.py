"""How steadily a student attends: compared from evaluation to evaluation, resumed, tracked and drawn."""

import dataclasses

import numpy as np
import polars as pl
import pytest
import torch

import envs
from benchmarks.cli import main
from benchmarks.evaluation import attention
from benchmarks.evaluation.attention import NAME, AttentionStability
from benchmarks.lifetime import run_cell
from benchmarks.report import heat
from benchmarks.settings import Cell, Schedule
from benchmarks.tracking import NoTracker
from benchmarks.tracking.rows import of_evaluation
from student.inspection import attention_maps

PICTURES = True

SUITE = envs.Suite([envs.Reverse(lengths=(1, 2))])
NUM_ARMS = SUITE.num_arms + SUITE.num_beyond
CELL = Cell(
    "addition-small",
    "transformer",
    "uniform",
    3,
    Schedule(budget=90, batch_size=8, updates_per_decision=10, evaluate_every=30),
    options={"student": {"width": 16, "num_heads": 2}},
)


class Attends:
    """A layer of one head: a share of its look goes to the first token, the rest to the token itself."""

    def __init__(self):
        self.first = 0.0

    def attention(self, batch):
        _, size, length = batch.tokens.shape
        maps = np.broadcast_to((1 - self.first) * np.eye(length), (1, 1, size, 1, length, length)).copy()
        maps[..., 0] += self.first
        return maps


def test_the_stability_by_hand():
    look, student = AttentionStability(SUITE), Attends()
    assert look.look(student) == [None] * NUM_ARMS
    assert look.look(student) == [1.0] * NUM_ARMS  # as it did
    student.first = 1.0
    for arm, found in enumerate(look.look(student)):
        length = SUITE.batch(arm, 2, 0, envs.Split.TEST, 4).tokens.shape[1]
        assert found == pytest.approx(1 / length)  # elsewhere altogether, but for the first token
    student.first = 0.5
    length = SUITE.batch(0, 2, 0, envs.Split.TEST, 4).tokens.shape[1]
    apart = (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25) + np.log2(1 / 0.75)) / 2
    assert look.look(student)[0] == pytest.approx(1 - apart * (length - 1) / length)


def test_it_goes_on_from_its_state():
    whole, student = AttentionStability(SUITE), Attends()
    whole.look(student)
    other = AttentionStability(SUITE)
    other.load_state_dict(whole.state_dict())
    student.first = 0.3
    assert other.look(student) == whole.look(student) != [1.0] * NUM_ARMS


class Fails:
    """Its attention cannot be had."""

    def __init__(self, why):
        self.why, self.calls = why, 0

    def attention(self, batch):
        self.calls += 1
        raise self.why


def test_who_does_not_attend_is_not_looked_at(caplog):
    student, look = Fails(ValueError("no attention here")), AttentionStability(SUITE)
    assert look.look(student) is None is look.look(student) and student.calls == 1 and not caplog.records
    assert AttentionStability(SUITE).look(object()) is None
    assert AttentionStability(SUITE).look(type("Named", (), {"attention": 0.5})()) is None
    assert not caplog.records


def test_whatever_goes_wrong_is_said_once_and_never_ends_a_lifetime(caplog):
    student, look = Fails(RuntimeError("out of memory")), AttentionStability(SUITE)
    assert look.look(student) is None is look.look(student) and student.calls == 1
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == "attention is not looked at: RuntimeError: out of memory"


def test_layers_that_attend_in_other_shapes_are_refused_in_words():
    class Uneven(torch.nn.Module):
        def forward(self, tokens):
            for heads in (1, 2):
                x = torch.zeros(len(tokens), heads, tokens.shape[1], 4)
                torch.nn.functional.scaled_dot_product_attention(x, x, x)

    with pytest.raises(ValueError, match="one shape in every layer; Uneven has"):
        attention_maps(Uneven(), torch.zeros(2, 3, dtype=torch.int64))


@pytest.mark.parametrize(("name", "value", "kept"), [("LONGEST", 1, 0), ("MOST", 5, 0), ("MOST", 100, 2)])
def test_long_sequences_and_what_would_be_too_much_are_not_looked_at(monkeypatch, name, value, kept):
    monkeypatch.setattr(attention, name, value)
    look = AttentionStability(SUITE)
    assert look.look(Attends()) == [None] * NUM_ARMS and len(look.state_dict()) == kept
    assert look.look(Attends()) == [1.0] * kept + [None] * (NUM_ARMS - kept)
    resumed = AttentionStability(SUITE)
    resumed.load_state_dict(look.state_dict())
    assert resumed.look(Attends()) == look.look(Attends())


def test_attention_that_is_not_finite_is_not_compared():
    student, look = Attends(), AttentionStability(SUITE)
    look.look(student)
    student.first = np.nan
    assert look.look(student) == [None] * NUM_ARMS
    student.first = 0.0
    assert look.look(student) == [1.0] * NUM_ARMS  # with the last that was


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lived")
    run_cell(CELL, folder, NoTracker())
    return pl.read_parquet(folder / "results.parquet")


def test_a_lifetime_has_it_from_its_second_evaluation_on(lived, tmp_path):
    by_updates = {updates: part[NAME] for (updates,), part in lived.group_by("updates", maintain_order=True)}
    assert list(by_updates) == [30, 60, 90] and by_updates[30].is_null().all()
    later = np.concatenate([by_updates[60].to_numpy(), by_updates[90].to_numpy()])
    assert ((later > 0.5) & (later < 1)).all()
    once = dataclasses.replace(CELL, schedule=dataclasses.replace(CELL.schedule, budget=30))
    run_cell(once, tmp_path / "once", NoTracker())
    assert pl.read_parquet(tmp_path / "once" / "results.parquet").schema[NAME] == pl.Float64  # and yet all null
    run_cell(dataclasses.replace(CELL, student="lstm", options={"student": {"width": 8}}), tmp_path, NoTracker())
    assert NAME not in pl.read_parquet(tmp_path / "results.parquet").columns


def test_stopped_between_evaluations_it_goes_on_bit_for_bit(lived, tmp_path):
    class Stop(BaseException):
        pass

    def show(status):
        if status.updates == 50:
            raise Stop

    with pytest.raises(Stop):
        run_cell(CELL, tmp_path, NoTracker(), show, checkpoint_every=1)
    run_cell(CELL, tmp_path, NoTracker())
    assert pl.read_parquet(tmp_path / "results.parquet").equals(lived)


def test_it_is_tracked_where_it_is_known(lived):
    rows = lived.to_dicts()
    last = of_evaluation(rows[-len(rows) // 3 :], 1.0)
    first = of_evaluation(rows[: len(rows) // 3], 1.0)
    name = f"eval/{NAME}/{rows[-1]['arm_name']}"
    assert last[name] == rows[-1][NAME] and name not in first


def test_it_is_drawn_where_a_student_attends(tmp_path):
    bench = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "transformer,gru", "--gru.width", "8")
    bench += ("--transformer.width", "16", "--transformer.num-heads", "2", "--teachers", "uniform,combined")
    bench += ("--budget", "40", "--evaluate-every", "10", "--batch-size", "8", "--workers", "1", "--seeds", "2")
    main([*bench, "--wandb", "disabled", "--out", str(tmp_path / "out")])
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("How steadily students attend") == 1
    results = pl.read_parquet(tmp_path / "out" / "results.parquet")
    assert results.filter(pl.col("student") == "gru")[NAME].is_null().all()
    assert heat.attention(results.filter(pl.col("student") == "gru"), ["uniform"], "x") is None
    assert heat.attention(results.drop(NAME), ["uniform"], "x") is None
