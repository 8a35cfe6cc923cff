"""The suites of record: what is run is what the command line runs, and what is committed would be run so."""

from pathlib import Path

import pytest

from benchmarks.cli import parsed
from benchmarks.planning import planned
from benchmarks.records import RECORDS
from benchmarks.store import UserError, read_json
from benchmarks.studies.keeping import covers
from benchmarks.studies.records.run import CONTROLS, GATES, RESULTS, TEACHERS, Run

ROOT = Path(__file__).parents[3]


def test_what_is_run_is_what_the_command_line_runs():
    cells = dict(Run(seeds=1, teachers=("exp3s", "general")).cells("recall"))
    command = parsed("run recall --preset small --teacher exp3s --exp3s.eta 0.1 --signal PG".split())
    assert cells["exp3s"] == planned(command, ["exp3s"], ["lstm"], [0])[0]


def test_each_seed_is_taught_by_another_trained_teacher_and_pairs_stand_together():
    cells = Run(seeds=7, first_seed=3, teachers=("uniform", "general")).cells("formal")
    paths = [cell.options["teacher"]["path"].rsplit("-", 1)[1] for name, cell in cells if name == "general"]
    assert paths == ["3", "4", "5", "0", "1", "2", "3"]
    assert [(name, cell.seed) for name, cell in cells[:4]] == [
        ("uniform", 3),
        ("general", 3),
        ("uniform", 4),
        ("general", 4),
    ]


def test_every_teacher_and_control_is_a_lifetime():
    made = Run(seeds=1, teachers=(*TEACHERS, *GATES, *CONTROLS)).cells("repeat-copy")
    assert len({cell.digest for _, cell in made}) == len(TEACHERS) + len(GATES) + len(CONTROLS)
    for _, cell in made:
        cell.make_teacher()


def test_without_a_suite_everything_runs_and_with_one_its_own_student():
    everything = [(suite, one.student) for suite, one in Run().by_student()]
    assert {suite for suite, _ in everything} == set(RECORDS)
    assert everything.count(("recall", None)) == everything.count(("recall", "transformer")) == 1
    assert [one.name(suite) for suite, one in Run(("recall",)).by_student()] == ["recall-small-lstm"]
    assert [suite for suite, _ in Run(preset="tokens").by_student()] == ["text-domains"]
    ((suite, gru),) = Run(("lego",), student="gru").by_student()
    assert gru.command(suite) == "python -m benchmarks.studies.records run lego --preset small --student gru"


@pytest.mark.parametrize(
    ("options", "suite", "said"),
    [
        ({}, "dyck", "unknown suite of record 'dyck'"),
        ({"teachers": ("exp9",)}, "lego", "unknown teacher 'exp9'"),
        ({"preset": "tokens"}, "lego", "lego has no --preset tokens; it has: small, paper"),
    ],
)
def test_unknown_names_are_said(options, suite, said):
    with pytest.raises(UserError, match=said):
        Run(**options).cells(suite)


def test_a_trial_is_run_kept_and_not_run_again(tmp_path, capsys):
    run = Run(
        ("recall",),
        teachers=("uniform",),
        seeds=1,
        workers=1,
        runs=tmp_path / "runs",
        results=tmp_path / "results",
        extra="--budget 20 --evaluate-every 20 --batch-size 8 --lstm.width 8",
    )
    run.execute()
    file = tmp_path / "results" / "recall-small-lstm.json"
    found = read_json(file)
    assert found["lifetimes"]["uniform"]["0"]["budget"] == 20 and "--extra='--budget 20" in found["command"]
    assert "1/1 uniform" in capsys.readouterr().out
    run.execute()
    assert "1/1" not in capsys.readouterr().out


def test_a_mistake_in_more_flags_is_found_before_anything_is_written(tmp_path):
    run = Run(("recall",), teachers=("uniform",), results=tmp_path / "own", extra="--budget -40")
    with pytest.raises(UserError, match="budget must be at least 1; got -40"):
        run.execute()
    assert not (tmp_path / "own").exists()


def test_figures_elsewhere_are_not_collected_from_lifetimes_that_were_lived_before(tmp_path, monkeypatch, capsys):
    """Lived again means lived: another folder of figures has lifetimes of its own."""
    root = Path.cwd()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "benchmarks").symlink_to(root / "benchmarks")
    small = {"teachers": ("uniform",), "seeds": 1, "workers": 1}
    small["extra"] = "--budget 20 --evaluate-every 20 --batch-size 8 --lstm.width 8"
    Run(("recall",), results=Path("first"), **small).execute()
    Run(("recall",), results=Path("second"), **small).execute()
    assert [len(list(Path(p).glob("runs/recall-small-lstm/uniform/*/summary.json"))) for p in ("first", "second")] == [
        1,
        1,
    ]
    assert not Path("runs").exists()


def test_committed_figures_are_of_a_known_revision_and_of_what_would_be_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    for file in sorted((ROOT / RESULTS).glob("*.json")):
        suite, preset, student = next(
            (name, preset, file.stem.removeprefix(f"{name}-{preset}-"))
            for name in RECORDS
            for preset in RECORDS[name].presets()
            if file.stem.startswith(f"{name}-{preset}-")
        )
        found = read_json(file)["lifetimes"]
        seeds = 1 + max(int(seed) for by_seed in found.values() for seed in by_seed)
        run = Run(student=student, seeds=seeds, preset=preset, teachers=(*found,))
        cells = {(name, str(cell.seed)): cell for name, cell in run.cells(suite)}
        for name, by_seed in found.items():
            assert all("dirty" not in life["revision"] and life["revision"] != "unknown" for life in by_seed.values())
            for seed, life in by_seed.items():
                assert covers(life, cells[name, seed]), (file.name, name, seed)
