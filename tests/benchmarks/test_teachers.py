"""Teachers and wrappers by name: each runs in the environment it is made for, and mistakes are one line."""

import json

import numpy as np
import pytest

import envs
import teacher
from benchmarks.assembly import build
from benchmarks.flags import settings_of
from benchmarks.lifetime import run_cell
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, Cell, Schedule, make_teacher
from benchmarks.store import UserError
from benchmarks.studies.league import ENTRIES, Run, Scripted
from benchmarks.studies.table import PAPERS
from benchmarks.tracking import NoTracker

NAMES = [name for name in TEACHERS if not name.startswith("replayed")]  # these need a file


@pytest.mark.parametrize("name", NAMES)
def test_every_teacher_teaches_by_name(name):
    made = make_teacher(name)
    env = envs.CurriculumVectorEnv(num_envs=2, budget=60, probe="all" if made.feedback == "full" else "none")
    rows = list(teacher.run(made, env, seed=0))
    assert len(rows) == 6
    for row in rows:
        np.testing.assert_allclose(row.mixture.sum(axis=1), 1)
        assert all(np.isfinite(value).all() for value in row.diagnostics.values())


@pytest.mark.parametrize("name", [n for n in NAMES if "feedback" in settings_of(TEACHERS[n])])
def test_what_takes_full_feedback_runs_on_probes(name):
    env = envs.CurriculumVectorEnv(num_envs=2, budget=40, probe="all")
    made = make_teacher(name, {"feedback": "full"} | ({"experts": ("uniform", "combined")} if name == "exp4" else {}))
    for row in teacher.run(made, env, seed=0):
        assert (row.feedback.count > 0).all()


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_wrapper_composes_with_a_bandit_and_a_schedule(wrapper, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for inner, options in (("ucb1", {"scale": False} if wrapper == "rescaled" else {}), ("combined", {})):
        env = envs.CurriculumVectorEnv(num_envs=2, budget=60)
        assert len(list(teacher.run(make_teacher(f"{inner}+{wrapper}", options), env, seed=0))) == 6


def test_wrappers_stand_in_the_order_they_are_named():
    made = make_teacher("exp3s+floor+review", {"eta": 0.5, "+floor": {"share": 0.3}, "+review": {"share": 0.4}})
    assert isinstance(made, teacher.Review) and made.share == 0.4
    assert isinstance(made.inner, teacher.CoverageFloor) and made.inner.share == 0.3
    assert isinstance(made.inner.inner, teacher.Exp3S) and made.inner.inner.eta == 0.5


def test_exp4_takes_its_experts_by_name():
    made = make_teacher("exp4", {"experts": ("uniform", "learnability+floor")})
    assert [type(expert).__name__ for expert in made.experts] == ["Uniform", "CoverageFloor"]


def cell(name, signal="PG", **options):
    students = {
        "student": settings_of(STUDENTS["lstm"]) | {"width": 8},
        "suite": settings_of(SUITES["addition-small"][0]),
    }
    schedule = Schedule(40, 8, 10, 20)
    return Cell("addition-small", "lstm", name, 0, schedule, signal, options=students | {"teacher": options})


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("combined", "accuracy_gain"),
        ("odm", "accuracy_gain"),  # its estimator assumes sampled arms, but it reads losses
        ("learnability+floor", "accuracy_gain"),
        ("exp3s", "PG"),
        ("exp3s+floor", "PG"),
        ("prioritized-replay", "PG"),
    ],
)
def test_only_who_reads_gains_is_charged_for_a_signal(name, signal):
    assert build(cell(name))[1].settings.signal == signal


def test_prioritised_replay_by_loss_reads_no_gains():
    assert build(cell("prioritized-replay", score="loss"))[1].settings.signal == "accuracy_gain"


def test_a_state_of_other_arms_is_refused():
    small, large = make_teacher("exp3s"), make_teacher("exp3s")
    small.reset(envs.CurriculumVectorEnv().arms, 1, 0)
    large.reset(envs.CurriculumVectorEnv(num_envs=2).arms, 2, 0)
    with pytest.raises(ValueError, match=r"a state of Exp3S must hold .* is it another teacher's"):
        large.load_state_dict(small.state_dict())


def test_estimates_stay_unbiased_under_a_token_budget():
    """Easy arms are short, so an update of theirs holds more sequences; draws, not sequences, have the chance p."""
    env = envs.CurriculumVectorEnv(num_envs=1, budget=20_000, updates_per_decision=10, tokens_per_update=64)
    drawn, sequences = [], []
    for row in teacher.run(teacher.Uniform(), env, seed=0):
        drawn.append(row.feedback.share[0] / 0.2)
        sequences.append(row.feedback.count[0] / row.feedback.count.sum() / 0.2)
    error = 5 * np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert (np.abs(np.mean(drawn, axis=0) - 1) < error).all() and error.max() < 0.25
    assert np.mean(sequences, axis=0)[0] > 1.5  # the mistake that this is about


def test_what_a_teacher_shows_is_in_the_trace(tmp_path):
    run_cell(cell("tscl-window"), tmp_path / "a", NoTracker())
    run_cell(cell("mastery-gate"), tmp_path / "b", NoTracker())
    import polars as pl

    assert np.array(pl.read_parquet(tmp_path / "a" / "trace.parquet")["slope"].to_list()).shape == (4, 3)
    gate = pl.read_parquet(tmp_path / "b" / "trace.parquet")
    assert np.array(gate["evidence"].to_list()).shape == (4, 3) and gate["stage"].to_list() == [0.0] * 4


def test_health_is_in_trace_summary_and_checkpoint(tmp_path, caplog):
    run_cell(cell("exp3s", eta=1e3, epsilon=1e-9), tmp_path, NoTracker())
    summary = json.loads((tmp_path / "summary.json").read_text())["health"]
    assert {"clip_rate", "effective_arms", "never_visited", "alarms"} <= set(summary)
    import polars as pl

    trace = pl.read_parquet(tmp_path / "trace.parquet")
    assert trace["effective_arms"].is_between(1, 3.0001).all() and trace["clip_rate"].is_between(0, 1).all()
    assert summary["effective_arms"] == pytest.approx(trace["effective_arms"].mean())


def test_an_alarm_is_said_once(tmp_path, caplog):
    from dataclasses import replace

    quick = replace(cell("ucb1", signal="accuracy_gain"), schedule=Schedule(130, 1, 1, 1000))
    # An accuracy that never moves: a student that learns nothing.
    quick.options["student"]["learning_rate"] = 1e-12
    run_cell(quick, tmp_path, NoTracker())
    said = [record.message for record in caplog.records if "no reward signal" in record.message]
    assert len(said) == 1 and "addition-small/lstm/ucb1/seed-0, decision " in said[0]


RUN = ("run", "addition-small", "--teacher")
QUICK = ("--budget", "20", "--wandb", "disabled")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (*RUN, "exp3s+nonsense"),
            "unknown wrapper 'nonsense'; there are: floor, review",
        ),
        ((*RUN, "exp3s+own:Wrapper"), "unknown wrapper 'own:Wrapper'; there are: floor, review"),
        ((*RUN, "floor"), "unknown teacher 'floor'"),
        (
            (*RUN, "exp3s", "--floor.share", "0.2"),
            "--floor.share is set, and floor is not",
        ),
        (
            (*RUN, "exp3s+floor", "--floor.share", "2"),
            "share must be in (0, 1]; got 2.0",
        ),
        ((*RUN, "replayed"), "a replay needs a schedule: path=..."),
        ((*RUN, "replayed", "--replayed.path", "no"), "cannot read the schedule no"),
        ((*RUN, "static", "--static.weights", "1", "2"), "one per arm, 3; got 2"),
        ((*RUN, "exp4", "--exp4.experts", "no"), "unknown teacher 'no'"),
        ((*RUN, "exp3s+rescaled"), "got Exp3S with scale=True: give it scale=False"),
        ((*RUN, "ucb1", "--ucb1.no-scale"), "takes gains in [0, 1] only"),
        (
            (*RUN, "exp3", "--exp3.gamma", "0"),
            "gamma must be in (0, 1]; got 0.0 (0 never",
        ),
        (
            ("bench", "addition-small", "--teachers", "mastery-gate", "--mastery-gate.margin", "0.99"),
            "leaves no competence",
        ),
    ],
)
def test_mistakes_are_one_line(paceline_here, arguments, message, tmp_path):
    ended = paceline_here(*arguments, *QUICK, "--out", tmp_path / "out")
    assert ended.returncode == 2 and message in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1 and not (tmp_path / "out").exists()


def test_wrappers_on_the_command_line(paceline, tmp_path):
    arguments = ("addition-small", "--teacher", "target-only+floor", "--floor.share", "0.3", "--lstm.width", 8)
    ended = paceline("run", *arguments, *QUICK, "--out", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    made = json.loads((tmp_path / "out" / "settings.json").read_text())["cells"][0]
    assert made["options"]["teacher"] == {"+floor": {"share": 0.3}}
    import polars as pl

    trace = pl.read_parquet(tmp_path / "out" / "trace.parquet")
    np.testing.assert_allclose(trace["mixture"].to_list(), [[0.1, 0.1, 0.8]] * 2)
    assert (tmp_path / "out/cells/addition-small/lstm/target-only+floor/seed-0/summary.json").exists()


def test_the_league_names_every_teacher_and_its_paper():
    assert set(ENTRIES) == set(PAPERS)
    assert {entry.teacher for entry in ENTRIES.values()} == set(TEACHERS) - {
        *("static", "replayed", "replayed-shuffled"),
        "general",  # has a study of its own, benchmarks.studies.evidence
    }


def test_the_league_keeps_each_lifetime_and_goes_on(tmp_path, capsys):
    options = {"teachers": ("uniform", "combined"), "seeds": 1, "workers": 1, "budget": 20}
    places = {"runs": tmp_path / "runs", "results": tmp_path / "results"}
    Run(**options, **places).execute()
    kept = json.loads((tmp_path / "results" / "addition-small-lstm.json").read_text())["lifetimes"]
    assert set(kept) == {"uniform", "combined"} and kept["uniform"]["0"]["updates"] == 20
    assert not kept["uniform"]["0"]["mastered"] and kept["combined"]["0"]["budget"] == 20
    capsys.readouterr()
    Run(**options | {"teachers": ("uniform", "combined", "mixed")}, **places).execute()
    assert capsys.readouterr().out.count("seed 0") == 1  # only what was missing
    Run(**options | {"budget": 40}, **places).execute()  # a larger budget is another lifetime
    assert capsys.readouterr().out.count("seed 0") == 2
    Run(**options, **places).execute()  # and holds the smaller one
    said = capsys.readouterr().out
    assert said.count("seed 0") == 0 and "2 of 2 lifetimes are in" in said
    with pytest.raises(UserError, match="unknown entry 'no'; there are: uniform"):
        Run(teachers=("no",)).execute()


def test_the_scripted_league_is_paired_and_repeatable(tmp_path):
    league = Scripted(("uniform", "target-deficit"), seeds=3, budget=1500, out=tmp_path / "s.json")
    first = [league.live(ENTRIES[name]) for name in league.teachers]
    assert first == [league.live(ENTRIES[name]) for name in league.teachers]
    assert all(a > b for a, b in zip(*first, strict=True))  # the rule beats uniform on every seed of an easy chain


def test_a_setting_that_came_later_leaves_the_digests_of_before():
    before = {"path": "", "temperature": 1.0, "floor": 0.0}

    def digest(options):
        return Cell("reverse", "gru", "general", 0, Schedule(), options={"teacher": options}).digest

    assert digest({**before, "rehearsal": 0.0}) == "bb84742a4779"  # of the revision before it came
    assert digest({**before, "rehearsal": 0}) == "bb84742a4779"
    assert digest({**before, "rehearsal": 0.5}) == digest(before) != digest({**before, "rehearsal": 0.0})
