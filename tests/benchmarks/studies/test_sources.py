"""What the sources of the suites of record propose, beside the eight teachers."""

import pytest

from benchmarks.store import UserError
from benchmarks.studies.records.run import SOURCES, Run


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
