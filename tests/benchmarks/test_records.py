"""Presets of the suites of record: flags, nothing else."""

import dataclasses
import json

import pytest

from benchmarks import cli
from benchmarks.cli import parsed
from benchmarks.evaluation.ladder import ladder_share
from benchmarks.planning import planned
from benchmarks.records import NAMES, RECORDS, expanded
from benchmarks.settings import SUITES, make_suite
from benchmarks.store import UserError


def cell_of(*words):
    command = parsed(["run", *words])
    return planned(command, [command.teacher], [command.student], [0])[0]


@pytest.mark.parametrize(
    ("name", "preset"), [(name, preset) for name, record in RECORDS.items() for preset in record.presets()]
)
def test_every_preset_is_a_lifetime_that_can_begin(name, preset):
    cell = cell_of(name, "--preset", preset)
    suite = cell.make_suite()
    assert suite.num_arms > 1 and ladder_share(suite, cell.schedule) <= 0.1
    assert preset in NAMES
    if preset != "paper":
        student = cell.make_student(suite)
        student.reset([0])


def test_a_preset_is_the_flags_that_it_stands_for():
    short = cell_of("repeat-copy", "--preset", "small", "--teacher", "exp3s", "--exp3s.eta", "0.1")
    long = cell_of(
        *"repeat-copy --student lstm --repeat-copy.lengths 1 2 3 4 --repeat-copy.repeats 1 2 3 --budget 5000".split(),
        *"--evaluate-every 250 --teacher exp3s --exp3s.eta 0.1".split(),
    )
    assert short == long and short.digest == long.digest


def test_tokens_held_constant_is_the_small_one_otherwise():
    tokens, small = (cell_of("text-domains", "--preset", name) for name in ("tokens", "small"))
    assert tokens.tokens_per_update == 2400
    assert dataclasses.replace(tokens, tokens_per_update=None) == small
    suite = small.make_suite()
    mean = sum(suite.length(arm) for arm in range(suite.num_arms)) / suite.num_arms * small.schedule.batch_size
    assert abs(mean / 2400 - 1) < 0.01  # what an update of uniform sampling costs in the small one


@pytest.mark.parametrize("suite", [name for name, record in RECORDS.items() if record.cosine])
def test_a_learning_rate_that_falls_is_the_small_one_otherwise(suite):
    falling, small = (cell_of(suite, "--preset", name) for name in ("cosine", "small"))
    assert (falling.options["student"].pop("schedule"), small.options["student"].pop("schedule")) == (
        "cosine",
        "constant",
    )
    assert falling == small


def test_flags_that_are_given_too_come_after():
    cell = cell_of("recall", "--preset=small", "--budget", "70", "--student", "gru", "--memory.items", "2")
    assert (cell.schedule.budget, cell.student, cell.options["suite"]["items"]) == (70, "gru", (2,))
    assert cell.schedule.evaluate_every == 200


def test_bench_takes_students():
    bench = parsed(["bench", "addition-1d", "--preset", "paper", "--seeds", "3"])
    assert (bench.suite, bench.students, bench.batch_size, bench.seeds) == ("tscl-addition", "seq2seq", 4096, 3)


def test_another_student_is_not_given_the_flags_of_the_presets_own():
    cell = cell_of("recall", "--preset", "paper", "--student", "gru")
    assert (cell.student, cell.options["student"]["width"], cell.schedule.batch_size) == ("gru", 128, 32)
    assert parsed("bench recall --preset paper --students=gru".split()).students == "gru"
    both = parsed("bench recall --preset paper --students lstm,gru".split())
    assert both.hyper.lstm.width == 100


def test_another_student_may_have_a_budget_of_its_own():
    cell = cell_of("recall", "--preset", "small", "--student", "transformer")
    assert (cell.student, cell.schedule.budget, cell.schedule.evaluate_every) == ("transformer", 5600, 200)
    assert cell_of("recall", "--preset", "small", "--student", "transformer", "--budget", "9").schedule.budget == 9
    gru = parsed("bench recall --preset small --students gru,lstm".split())
    assert gru.budget == 4000  # none of them has any
    assert parsed("bench addition-1d --preset small --students lstm,transformer".split()).budget == 8000  # both of them
    both = "bench recall --preset small --students lstm,transformer".split()
    assert parsed([*both, "--budget", "70"]).budget == parsed([*both, "--budget=70"]).budget == 70


def test_a_command_line_without_a_preset_is_left_alone():
    words = ["run", "recall", "--budget", "9"]
    assert expanded(words) == words
    assert parsed(words).suite == "recall"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run addition-1d", "give --preset small, --preset cosine or --preset paper"),
        ("bench lego --preset tiny", "--preset must be small, tokens, cosine or paper; got 'tiny'"),
        (
            "run recall --preset cosine --student gru",
            "is of the student lstm: give --preset small with --gru.schedule cosine for gru",
        ),
        ("bench recall --preset cosine --students lstm,gru", "with --gru.schedule cosine for gru"),
        ("bench lego --preset", "--preset must be small, tokens, cosine or paper; got ''"),
        ("bench lego --preset tokens", "lego has no --preset tokens: give --preset small or paper"),
        ("run text-domains", "give --preset small, --preset tokens or --preset paper with it"),
        (
            "bench recall --preset small --students transformer,gru",
            "for these students: transformer --budget 5600, gru --budget 4000. Give --budget for all, or one bench for",
        ),
        ("bench dyck --preset small", "wants a suite of record right after bench"),
        ("bench --preset small", "wants a suite of record right after bench"),
        ("list lego --preset small", "--preset goes with run and bench; got 'list'"),
        ("--preset small", "--preset goes with run and bench; got ''"),
        ("run recall --preset small --preset paper", "--preset is given twice"),
    ],
)
def test_mistakes_are_one_line(words, said, capsys):
    with pytest.raises(UserError, match="preset") as error:
        parsed(words.split())
    assert said in str(error.value)
    with pytest.raises(SystemExit) as ended:
        cli.main(words.split())
    assert ended.value.code == 2 and len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_list_shows_what_a_preset_stands_for(capsys):
    cli.main(["list", "addition-1d"])
    said = capsys.readouterr().out
    assert "arXiv:1707.00183" in said and "--tscl-addition.dims 1" in said and "expected there" in said
    cli.main(["list", "repeat-copy"])
    said = capsys.readouterr().out
    assert "suite of record" in said and "repeats=" in said  # a suite of this name there is too


def test_a_bench_of_a_preset_runs(tmp_path):
    out = tmp_path / "run"
    words = "run recall --preset small --budget 20 --evaluate-every 20 --lstm.width 8 --batch-size 8 --teacher uniform"
    cli.main([*words.split(), "--wandb", "disabled", "--out", str(out)])
    (cell,) = json.loads((out / "settings.json").read_text())["cells"]
    assert cell["suite"] == "memory" and (out / "report.html").exists()


def test_new_suites_hold_what_they_say():
    memory, formal = (make_suite(name, {}) for name in ("memory", "formal"))
    assert {memory.task_of(arm)[0].name for arm in range(memory.num_arms)} == {
        "copy",
        "repeat_copy",
        "associative_recall",
    }
    assert len({formal.task_of(arm)[0].name for arm in range(formal.num_arms)}) == 5
    assert memory.arms.targets.all() and formal.arms.targets.all()
    assert {"memory", "formal"} <= set(SUITES)
