"""Hand rules and bandits have equally many settings, beginning from what the suites of record use."""

import pytest
from records_support import lives

from benchmarks.store import UserError, read_json
from benchmarks.studies.records import Run, Tune
from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import RESULTS, TUNED
from benchmarks.studies.records.tuning import (
    FIGURES,
    SEEDS,
    SETTINGS,
    WORTH,
    Best,
    best,
    entry,
    lines,
    named,
    on_suites,
)


def test_each_has_the_same_number_of_settings_and_the_first_is_that_of_the_suites_of_record():
    cells = Tune().cells()
    assert len(cells) == len(SEEDS) * len(SETTINGS) * 4 == len({cell.digest for _, cell in cells})
    assert {len(settings) for settings in SETTINGS.values()} == {4}
    first = {cell.teacher: cell.digest for name, cell in cells[::4] if cell.seed == SEEDS[0]}
    used = Run(("addition-1d",), teachers=tuple(SETTINGS), seeds=1, first_seed=SEEDS[0]).cells("addition-1d")
    assert first == {cell.teacher: cell.digest for _, cell in used}


def test_what_was_better_is_set_beside_what_is_in_use_suite_by_suite():
    used, tuned = lives(*[800] * 10), lives(*[400] * 10)
    figures = {"uniform": used, "mastery-gate": used, "mastery-gate-0.8": tuned, "tscl-sampling-5": tuned}
    first = Known("recall", "small", "lstm", 1000, figures)
    other = first._replace(suite="lego", lifetimes={**figures, "mastery-gate-0.8": lives(*[None] * 10)})
    few = first._replace(suite="n-gram", lifetimes={**figures, "mastery-gate-0.8": lives(*[400] * 7)})
    assert on_suites([first, other, few])[2:] == [
        "| recall, lstm | mastery-gate-0.8 | 400 | 800 | 0.50 [0.50, 0.50] | 0.002 | 0.0039 |",
        "| lego, lstm | mastery-gate-0.8 | >= 1,000 | 800 | >= 1.25 [1.25, 1.25] | 0.002 | 0.0039 |",
    ]


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


def test_what_is_worth_lifetimes_of_its_own_is_named_by_the_rule_that_was_fixed_beforehand():
    def life(updates):
        return {"updates": updates, "mastered": updates < 8000, "budget": 8000}

    def all_of(teacher, costs):
        settings = zip(SETTINGS[teacher], costs, strict=True)
        return {entry(teacher, s): {str(seed): life(cost) for seed in SEEDS} for s, cost in settings}

    gate, combined = all_of("mastery-gate", [5000, 4500, 4400, 9000]), all_of("combined", [3000, 3000, 3100, 3200])
    some = {k: v for k, v in all_of("exp3s", [5000, 4000, 3000, 2000]).items() if "0.03" not in k}
    found = best({**gate, **combined, **some})
    assert found["combined"] == (SETTINGS["combined"][0], 1.0, False) and set(found) == {"combined", "mastery-gate"}
    assert found["mastery-gate"] == (SETTINGS["mastery-gate"][2], 0.88, False)
    assert "takes 0.88 of the restricted mean" in named("mastery-gate", found["mastery-gate"])
    assert named("mastery-gate", found["mastery-gate"]).endswith("are run, too")
    assert named("mastery-gate", Best("x", 0.9, False)).endswith("not worth lifetimes of its own")
    assert named("combined", found["combined"]) == "combined: none takes fewer than the one in use"
    censored = best(all_of("tscl-sampling", [8500, 8000, 6000, 8500]))
    assert censored["tscl-sampling"] == (SETTINGS["tscl-sampling"][2], 0.75, True)  # restricted to the budget, both
    assert "takes at most 0.75 of the restricted mean" in named("tscl-sampling", censored["tscl-sampling"])


def test_the_committed_figures_name_what_is_run():
    found = best(read_json(FIGURES)["lifetimes"])
    assert set(found) == set(SETTINGS)
    worth = {f"--teacher {teacher} {flags}" for teacher, (flags, ratio, _) in found.items() if ratio < WORTH}
    assert worth == set(TUNED.values())
    lived = [set(read_json(file)["lifetimes"]) for file in RESULTS.glob("*.json")]
    assert all(any(name in names for names in lived) for name in TUNED)
