"""Hand rules and bandits have equally many settings, beginning from what the suites of record use."""

import pytest

from benchmarks.store import UserError
from benchmarks.studies.records import Run, Tune
from benchmarks.studies.records.tuning import SEEDS, SETTINGS, lines


def test_each_has_the_same_number_of_settings_and_the_first_is_that_of_the_suites_of_record():
    cells = Tune().cells()
    assert len(cells) == len(SEEDS) * len(SETTINGS) * 4 == len({cell.digest for _, cell in cells})
    assert {len(settings) for settings in SETTINGS.values()} == {4}
    first = {cell.teacher: cell.digest for name, cell in cells[::4] if cell.seed == SEEDS[0]}
    used = Run(("addition-1d",), teachers=tuple(SETTINGS), seeds=1, first_seed=SEEDS[0]).cells("addition-1d")
    assert first == {cell.teacher: cell.digest for _, cell in used}


def test_seeds_are_those_of_no_claim():
    assert not set(SEEDS) & {*range(102), 200, 201, 202, 203, 300, 301}  # claims, calibration, choices, studies


def test_the_table_compares_with_the_setting_that_is_used():
    def life(updates, mastered=True):
        return {"updates": updates, "mastered": mastered, "budget": 8000}

    first, second = map(str, SEEDS)
    lifetimes = {
        "combined threshold 0.99": {second: life(6000), first: life(4000)},
        "combined threshold 0.95": {first: life(2000), second: life(7000, False)},
        "combined threshold 0.9": {first: life(2000)},
        "mastery-gate as it is": {first: life(2000), second: life(7000, False)},
        "mastery-gate threshold 0.9": {first: life(2000), second: life(2000)},
    }
    assert lines(lifetimes)[2:] == [
        "| combined | threshold 0.99 | 4,000, 6,000 | 1.00 |",
        "| combined | threshold 0.95 | 2,000, >= 8,000 | >= 1.00 |",
        "| mastery-gate | as it is | 2,000, >= 8,000 |  |",
        "| mastery-gate | threshold 0.9 | 2,000, 2,000 |  |",
    ]


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match="tune makes it"):
        Tune(out=tmp_path / "none.json", show=True).execute()
