"""The suites of record: what is run is what the command line runs; tables say what the figures say."""

import json
from pathlib import Path

import pytest
from records_support import lives

from benchmarks.cli import parsed
from benchmarks.planning import planned
from benchmarks.records import RECORDS
from benchmarks.statistics import nested_interquartile
from benchmarks.store import UserError, read_json
from benchmarks.studies.keeping import covers
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import CONTROLS, GATES, RESULTS, TEACHERS, Run
from benchmarks.studies.records.section import comparisons, flags, section
from benchmarks.studies.records.table import Tables, main_table, over_all
from teacher import load_general

ROOT = Path(__file__).parents[3]


def known(seeds=8):
    figures = {name: lives(*[400 + seed for seed in range(seeds)]) for name in TEACHERS}
    figures["uniform"] = lives(*[800 + 2 * seed for seed in range(seeds)])
    figures["target-only"] = lives(*[None] * seeds)
    figures["target-deficit"] = lives(*[400 + seed for seed in range(seeds)])
    return Known("recall", "small", "lstm", 1000, figures)


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


def test_a_section_of_another_student_says_its_own_command():
    own = "\n".join(section(known()))
    other = "\n".join(section(known()._replace(student="transformer")))
    command = "`python -m benchmarks.studies.records run recall --preset small --student transformer`"
    assert "lives them." not in own and f"{command} lives them." in other
    two = {name: known().lifetimes[name] for name in ("uniform", "general")}
    some = "\n".join(section(known()._replace(student="transformer", lifetimes=two)))
    assert f"{command[:-1]} --teachers uniform general` lives them." in some


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


def test_the_main_table_by_hand():
    row = main_table([known()])[2]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == ["recall, lstm", "8", "807"]  # 800, 802, .. 814
    assert cells[3] == ">= 1,000"
    assert cells[-3].startswith("0.50 [") and cells[-3].endswith("(0.0078)")  # 2 of 2^8 flips are as extreme
    assert cells[-2].startswith("1.00") and cells[-2].endswith("(1)")
    assert cells[-1] == "1.00 [1.00, 1.00]"  # half the updates, each of them twice as long


def test_a_lifetime_that_never_mastered_costs_the_compute_that_it_spent():
    figures = known()
    for number, seed in enumerate(figures.lifetimes["general"]):
        figures.lifetimes["general"][seed]["forward_equivalents"] = 6_000_000
        figures.lifetimes["general"][seed]["mastered"] = number > 0
    assert main_table([figures])[2].endswith("| >= 2.00 [2.00, 2.00] |")


def test_a_few_seeds_get_no_interval_and_no_test():
    row = main_table([known(seeds=3)])[2]
    assert "[" not in row and "(" not in row
    assert comparisons(known(seeds=3)) == ["Too few seeds for tests."]


def test_figures_that_lack_a_reference_say_nothing_of_ratios():
    figures = Known("recall", "small", "lstm", 1000, {"general": lives(300, 400)})
    assert main_table([figures])[2].endswith("| 350 |  |  |  |")
    assert "nan" not in "\n".join(section(figures))


def test_bounds_of_the_general_teacher_draw_teachers_too():
    """Six teachers that differ and seeds that do not: over seeds alone ten would seem to say more than six can."""
    figures = known(12)
    figures.lifetimes["general"] = lives(*[300 + 40 * (seed % 6) for seed in range(12)])
    figures.lifetimes["exp3s"] = figures.lifetimes["general"]
    rows = figures.rows("uniform")
    own, bandit = rows["general"], rows["exp3s"]
    assert own[:5] == ("general", *bandit[1:5]) and (own.ratio, own.p) == (bandit.ratio, bandit.p)
    assert own.high - own.low > 1.3 * (bandit.high - bandit.low)
    assert own.ratio_high - own.ratio_low > 1.3 * (bandit.ratio_high - bandit.ratio_low)
    spread = nested_interquartile(
        [[0.3 + 0.04 * (seed % 6) for seed in range(12)]] * 3, [figures.behind(("general",), range(12))] * 3
    )
    assert spread[0] < 0.36 and spread[1] > 0.44  # all suites have the same lucky teachers


def test_ratios_of_lifetimes_that_never_mastered_are_bounds():
    figures = known()
    figures.lifetimes["uniform"]["3"]["mastered"] = False
    cells = [cell.strip() for cell in main_table([figures])[2].strip("|").split("|")]
    assert cells[-3].startswith("<= 0.") and cells[-1].startswith("<= ") and not cells[-2].startswith("<=")
    page = section(figures)
    (row,) = [line for line in page if line.startswith("| target-only")]
    assert row.split("|")[-3].strip().startswith("~ ") and row.split("|")[-2].strip().startswith(">= ")
    (row,) = [line for line in page if line.startswith("| uniform")]
    assert row.split("|")[-2].strip().startswith(">= 2.")


def test_a_section_names_its_samples():
    figures = known()
    assert not any("Samples" in line for line in section(figures))
    figures.lifetimes["general"]["0"]["fingerprint"] = "ab12"
    assert any(line.endswith("Samples `ab12`.") for line in section(figures))


def test_a_page_says_the_flags_behind_its_names():
    figures = known()
    figures.lifetimes["random-frozen"] = figures.lifetimes["general"]
    said = flags(figures)[0]
    assert "exp3s `--teacher exp3s --exp3s.eta 0.1 --signal PG`" in said and "/random-frozen`" in said
    assert "uniform" not in said and "general `" not in said


def test_what_a_decision_of_the_general_teacher_costs_beside_its_updates():
    """Less than a thousandth, as the page on statistics says: weights used per arm, over the student's per token."""
    own = load_general().num_weights
    for suite, record in RECORDS.items():
        ((_, cell),) = Run(seeds=1, teachers=("general",)).cells(suite)
        made = cell.make_suite()
        student = cell.make_student(made)
        student.reset([0])
        shortest = min(made.length(arm) for arm in range(made.num_arms))
        trained = 3 * cell.schedule.updates_per_decision * cell.schedule.batch_size * shortest
        assert (
            own * made.num_arms / sum(weight.numel() for weight in student.models[0].parameters()) < 1e-3 * trained
        ), record.title


def test_over_all_suites_by_hand():
    other = Known("formal", "small", "lstm", 1000, known().lifetimes)
    assert over_all([known()]) == []
    said = over_all([known(), other])[1]
    assert said.startswith("Over 2 suites") and said.endswith("target-only 1.00 [1.00, 1.00].")
    assert "general 0.40 [" in said and "uniform 0.81 [" in said


def test_the_rest_is_corrected_for_its_number():
    said = comparisons(known())[1]
    assert "Holm-corrected over 6" in said and "combined 0.047" in said  # 6 x 2/256
    more = known()
    more.lifetimes["stratified"] = more.lifetimes["combined"]
    more.lifetimes["learnability"] = {"0": more.lifetimes["combined"]["0"]}  # too few seeds to be one of a family
    both = comparisons(more)[1]
    assert both.startswith(said.rstrip(".")) and both.endswith("over 1: stratified 0.0078.")


def test_pages_are_begun_and_what_a_person_wrote_is_kept(tmp_path):
    front, pages, results = tmp_path / "README.md", tmp_path / "pages", tmp_path / "results"
    results.mkdir()
    front.write_text("a\n<!-- records: python -m benchmarks.studies.records table -->\n<!-- end of records -->\nb\n")
    (results / "recall-small-lstm.json").write_text(json.dumps({"command": "", "lifetimes": known().lifetimes}))
    Tables(results, front, pages).execute()
    page = pages / "recall.md"
    page.write_text(page.read_text().replace("Nothing run yet.", "It surprised us."))
    Tables(results, front, pages).execute()
    assert page.read_text().count("### `--preset small`, lstm") == 1 and "It surprised us." in page.read_text()
    assert "Not run yet" in (pages / "lego.md").read_text()
    assert front.read_text().startswith("a\n") and front.read_text().endswith("\nb\n") and "807" in front.read_text()


def test_readme_and_pages_hold_the_committed_figures(tmp_path):
    """`python -m benchmarks.studies.records table` would change nothing."""
    front, pages = tmp_path / "README.md", tmp_path / "pages"
    front.write_text((ROOT / "README.md").read_text())
    pages.mkdir()
    for name in (*RECORDS, "tuning", "gain"):
        (pages / f"{name}.md").write_text((ROOT / "docs" / "results" / f"{name}.md").read_text())
    Tables(ROOT / RESULTS, front, pages).execute()
    assert front.read_text() == (ROOT / "README.md").read_text()
    assert (pages / "records.svg").read_text() == (ROOT / "docs" / "results" / "records.svg").read_text()
    drawn = sorted(path.name for path in (ROOT / "docs" / "results" / "taught").iterdir())
    assert drawn == sorted(path.name for path in (pages / "taught").iterdir()) and len(drawn) >= 10
    for name in drawn:
        assert (pages / "taught" / name).read_text() == (ROOT / "docs" / "results" / "taught" / name).read_text()
    for name in (*RECORDS, "tuning", "gain"):
        assert (pages / f"{name}.md").read_text() == (ROOT / "docs" / "results" / f"{name}.md").read_text()


def test_pages_say_what_a_transformer_came_to_under_uniform_sampling():
    trials = read_json(ROOT / "benchmarks" / "results" / "transformers.json")["trials"]
    for suite, lived in trials.items():
        said = (ROOT / "docs" / "results" / f"{suite}.md").read_text().partition("Transformer")[2]
        assert "transformers.json" in said, suite
        for trial in lived.values():
            assert trial["command"].startswith(f"paceline run {suite} --preset small --student transformer ")
            assert f"{trial['updates']:,}" in said, suite
            falling = [f"{value:.2f}" for value in trial["competence"].values() if value < 0.98]
            assert trial["mastered"] or (falling and all(value in said for value in falling)), suite


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
