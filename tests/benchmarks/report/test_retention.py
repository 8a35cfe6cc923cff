"""The forgetting matrix, by hand."""

import polars as pl
import pytest

from benchmarks.report.retention import MOST, retention


def ladder(seed, *evaluations, levels=("1", "2")):
    """Evaluations as the competence of each level."""
    return [
        {"seed": seed, "updates": 10 * (n + 1), "arm": arm, "level": level, "taught": True, "competence": row[arm]}
        for n, row in enumerate(evaluations)
        for arm, level in enumerate(levels)
    ]


def test_each_row_is_the_moment_when_its_level_was_learned():
    rows = ladder(0, (0.95, 0.1), (0.5, 0.92), (0.7, 1.0)) + ladder(1, (0.2, 0.0), (0.9, 0.3))
    beyond = [{**row, "taught": False, "level": "9", "arm": 9} for row in rows[:2]]
    found = retention(pl.DataFrame(rows + beyond))
    assert found.levels == ["1", "2"] and found.rows == ["1", "2", "the end"] and found.lifetimes == [2, 1, 2]
    assert found.competence[0] == pytest.approx([(0.95 + 0.9) / 2, (0.1 + 0.3) / 2])
    assert found.competence[1] == pytest.approx([0.5, 0.92])  # level 1 was forgotten by then
    assert found.competence[2] == pytest.approx([(0.7 + 0.9) / 2, (1.0 + 0.3) / 2])


def test_a_level_that_nobody_learned_has_no_row():
    assert retention(pl.DataFrame(ladder(0, (0.95, 0.1)))).rows == ["1", "the end"]


def test_arms_of_one_level_are_averaged():
    rows = ladder(0, (1.0, 0.5), levels=("a", "a"))
    assert retention(pl.DataFrame(rows)).competence == [[0.75]]


def test_many_levels_are_thinned_first_and_last_kept():
    levels = tuple(f"{n:02d}" for n in range(40))
    found = retention(pl.DataFrame(ladder(0, (1.0,) * 40, levels=levels)))
    assert len(found.levels) == MOST and (found.levels[0], found.levels[-1]) == ("00", "39")
