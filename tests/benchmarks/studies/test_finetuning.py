"""What fine-tuning takes by name is there, and small."""

import pytest

from benchmarks.settings import make_student, make_suite

PLACE = "benchmarks.studies.finetuning"


@pytest.mark.parametrize("student", ["transformer", "lstm"])
@pytest.mark.parametrize("suite", ["copy", "reverse", "mixed"])
def test_each_suite_teaches_each_student(suite, student):
    made = make_suite(f"{PLACE}:{suite}", {})
    learner = make_student(f"{PLACE}:{student}", made, 2, {})
    learner.reset([0, 1])
    assert sum(p.numel() for p in learner.models[0].parameters()) < 60_000 and made.arms.targets.all()
