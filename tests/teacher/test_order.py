from teacher_support import chain, two_tasks

from teacher.order import level_numbers


def test_levels_are_numbered_without_gaps():
    assert level_numbers(chain(4, levels=[10, 3, 10, 7])).tolist() == [2, 0, 2, 1]
    assert level_numbers(two_tasks()).tolist() == [0, 1, 1, 2, 0, 1]
