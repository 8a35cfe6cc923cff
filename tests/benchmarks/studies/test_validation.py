"""Suites that choices may be made on: no family of the evidence."""

import pytest

from benchmarks.settings import make_suite

ARMS = {"several": 10, "brackets": 10, "reverse_wrong": 6, "copy_untold": 6, "modular_wrong": 3}


@pytest.mark.parametrize("name", ARMS)
def test_suites_for_choices_by_name(name):
    suite = make_suite(f"benchmarks.studies.validation:{name}", {})
    assert suite.num_arms == ARMS[name] and suite.arms.targets.all()


def test_what_is_told_of_an_order_is_wrong_or_nothing():
    untold = make_suite("benchmarks.studies.validation:copy_untold", {}).arms
    assert (untold.levels == 0).all() and (untold.easier == -1).all()
    told = make_suite("benchmarks.studies.validation:reverse_wrong", {}).arms
    assert list(told.levels) == list(range(6)) and list(told.names) != sorted(told.names)  # names hold the length
