import json
from pathlib import Path

import pytest

from benchmarks.store import UserError
from benchmarks.studies.evidence import FAMILIES, GENERAL, OTHERS, TRAINED, Run, Table, with_table
from benchmarks.studies.league import covers

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("family", FAMILIES)
def test_cells_are_paired_seed_by_seed_and_of_one_budget(family):
    cells = Run(family=family, teachers=("uniform", "exp3s-tuned", *TRAINED), seeds=2).cells()
    assert [(name, cell.seed) for name, cell in cells[:3]] == [("uniform", 0), ("exp3s-tuned", 0), ("general-0", 0)]
    assert len(cells) == 16 and {cell.schedule.budget for _, cell in cells} == {FAMILIES[family].budget}
    assert len({json.dumps(cell.options["suite"]) for _, cell in cells}) == 1
    paths = {cell.options["teacher"]["path"] for name, cell in cells if name in TRAINED}
    assert len(paths) == len(TRAINED) == 6


def test_hand_rules_and_bandits_are_among_the_others():
    assert {"uniform", "target-deficit", "combined", "mastery-gate", "learnability", "exp3s-tuned"} <= set(OTHERS)
    assert {"random-frozen", "shuffled-reward"} <= set(GENERAL)


def test_unknown_names_are_said():
    with pytest.raises(UserError, match="unknown family 'juggling'; there are: addition-4"):
        Run(family="juggling").cells()
    with pytest.raises(UserError, match="unknown teacher 'me'"):
        Run(teachers=("me",)).cells()


def test_the_table_says_what_is_known_so_far(tmp_path):
    assert Table(tmp_path).lines() == []

    def life(updates, mastered=True):
        return {"updates": updates, "mastered": mastered}

    lifetimes = {
        "uniform": {"0": life(9000), "1": life(15_000, False)},
        "general-0": {"0": life(4000)},
        "general-1": {"1": life(5000)},
    }
    (tmp_path / "addition-4-lstm.json").write_text(json.dumps({"lifetimes": lifetimes}))
    lines = Table(tmp_path).lines()
    assert lines[0].startswith("**addition-4, lstm** (budget 15,000 updates")
    general, uniform = lines[4], lines[5]
    assert general == "| general (mean of 2 trained) | 2 (2) | 2 | 4,500 | 0.38 | 1.00 |"  # two seeds: no interval
    assert uniform == "| uniform | 2 (2) | 1 | >= 12,000 |  |  |"
    for name in lifetimes:
        lifetimes[name]["2"] = life(6000)
    (tmp_path / "addition-4-lstm.json").write_text(json.dumps({"lifetimes": lifetimes}))
    assert " [" in Table(tmp_path).lines()[4]


def test_the_pages_hold_what_the_committed_figures_give():
    table = "\n".join(Table(ROOT / "benchmarks/results/general").lines())
    for page in ("README.md", "docs/teachers/general.md"):
        text = (ROOT / page).read_text()
        assert with_table(text, table) == text, f"{page}: run python -m benchmarks.studies.evidence table"


def test_a_page_without_a_place_is_refused():
    with pytest.raises(UserError, match="must have a place for the table"):
        with_table("nothing here", "a table")


def test_a_lifetime_of_another_network_at_the_same_path_is_run_again():
    (_, cell), *_ = Run(teachers=("general-0",), seeds=1).cells()
    found = {"budget": cell.schedule.budget, "digest": cell.digest, "policy": cell.make_teacher().policy.fingerprint}
    assert covers(found, cell) and not covers({**found, "policy": "another"}, cell)
