"""What the sources of the suites of record propose, beside the eight teachers."""

import pytest
from records_support import lives

from benchmarks.store import UserError
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import SOURCES, Run
from benchmarks.studies.records.section import comparisons


@pytest.mark.parametrize(("suite", "name"), [(suite, name) for suite, own in SOURCES.items() for name in own])
def test_what_a_source_proposes_is_run_on_its_suite_alone(suite, name):
    ((_, cell),) = Run(seeds=1, teachers=(name,)).cells(suite)
    assert name == cell.teacher or suite == "n-gram"
    cell.make_teacher().reset(cell.make_suite().arms, 1, 0)
    with pytest.raises(UserError, match=f"unknown teacher '{name}'"):
        Run(seeds=1, teachers=(name,)).cells("recall")


def test_complexity_gain_is_of_the_same_uncertain_student_for_whoever_is_compared_on_it():
    cells = {name: cell for name, cell in Run(seeds=1, teachers=tuple(SOURCES["n-gram"])).cells("n-gram")}
    assert {name: cell.signal for name, cell in cells.items()} == {
        "exp3s-gvcg": "GVCG",
        "exp3s-vcg": "VCG",
        "exp3s-uncertain": "PG",
        "uniform-uncertain": "GVCG",
    }
    students = [cell.options["student"] for cell in cells.values()]
    assert all(student == students[0] and student["uncertain"] for student in students)
    schedule = cells["exp3s-gvcg"].schedule
    assert students[0]["num_samples"] == schedule.budget * schedule.batch_size
    assert {cell.schedule for cell in cells.values()} == {schedule} and cells["exp3s-gvcg"].redraw == "decision"


def test_they_are_corrected_apart_and_those_of_another_student_are_named():
    own = {name: lives(*[400] * 10) for name in ("uniform", "target-deficit", "general", "stratified")}
    more = {name: lives(*[200] * 10) for name in ("exp3s-gvcg", "uniform-uncertain")}
    plain, also = ("\n".join(comparisons(Known("n-gram", "small", "lstm", 5000, d))) for d in (own, {**own, **more}))
    assert "other gates, Holm-corrected over 1: stratified 1." in plain and "proposes" not in plain
    assert "over 1: stratified 1; what the source proposes, Holm-corrected over 2: exp3s-gvcg 0.0039" in also
    assert also.endswith("exp3s-gvcg, uniform-uncertain are of another student than uniform sampling's row.")
    lego = {**own, "skill-it": lives(*[200] * 10)}
    assert "another student" not in "\n".join(comparisons(Known("lego", "small", "lstm", 6000, lego)))
