"""The suites of record: tables and pages say what the figures say."""

import json
from pathlib import Path

from records_support import lives

from benchmarks.records import RECORDS
from benchmarks.statistics import nested_interquartile
from benchmarks.store import read_json
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import RESULTS, TEACHERS, Run
from benchmarks.studies.records.section import comparisons, flags, section
from benchmarks.studies.records.table import Tables, main_table, over_all
from teacher import load_general

PICTURES = True

ROOT = Path(__file__).parents[3]


def known(seeds=8):
    figures = {name: lives(*[400 + seed for seed in range(seeds)]) for name in TEACHERS}
    figures["uniform"] = lives(*[800 + 2 * seed for seed in range(seeds)])
    figures["target-only"] = lives(*[None] * seeds)
    figures["target-deficit"] = lives(*[400 + seed for seed in range(seeds)])
    return Known("recall", "small", "lstm", 1000, figures)


def test_a_row_has_every_cost():
    figures = known()
    figures.lifetimes["general"]["0"].update(tokens=12_000_000, seconds=1290.0, mastered=False)
    told = section(figures)
    head = next(line for line in told if line.startswith("| teacher"))
    row = next(line for line in told if line.startswith("| general"))
    found = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    assert found["tokens"] == ">= 3.2 M"  # one of 12, the other seven of 2
    assert found["forward-equivalents"] == ">= 3.0 M"
    assert any("A lifetime took 30 to 1,290 s on a core, many beside other work." in line for line in told)


def test_a_section_of_another_student_says_its_own_command():
    own = "\n".join(section(known()))
    other = "\n".join(section(known()._replace(student="transformer")))
    command = "`python -m benchmarks.studies.records run recall --preset small --student transformer`"
    assert "lives them." not in own and f"{command} lives them." in other
    two = {name: known().lifetimes[name] for name in ("uniform", "general")}
    some = "\n".join(section(known()._replace(student="transformer", lifetimes=two)))
    assert f"{command[:-1]} --teachers uniform general` lives them." in some


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


def test_what_was_fixed_beforehand_was_so_of_the_small_set_up():
    assert comparisons(known())[0].startswith("Fixed beforehand (sign-flip tests)")
    falling = known()._replace(preset="cosine")
    assert comparisons(falling)[0].startswith("Not fixed beforehand, as they are of the small set-up (sign-flip tests)")


def test_a_section_names_its_samples():
    figures = known()
    assert not any("Samples" in line for line in section(figures))
    figures.lifetimes["general"]["0"]["fingerprint"] = "ab12"
    assert any(" Samples `ab12`. " in line for line in section(figures))


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
