import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.store import UserError
from benchmarks.studies.evidence import FAMILIES, GENERAL, OTHERS, TRAINED, Frozen, Run, Table, Yoke, with_table
from benchmarks.studies.evidence.families import RESULTS
from benchmarks.studies.keeping import covers, folder_of, keep_lifetimes
from teacher import PPOTeacher, Rehearsal, TargetDeficit, load_general
from teacher.learned.files import load_policy
from teacher.learned.network import scores
from teacher.mixtures import softmax

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
    assert {"random-frozen", "shuffled-reward", "fine-tuned"} <= set(GENERAL)


def test_the_rule_may_watch_for_forgetting_as_the_general_teacher_does():
    ((_, cell),) = Run("repeat-copy-wrong", "tcn", ("target-deficit+rehearsal",), seeds=1).cells()
    watching = cell.make_teacher()
    assert isinstance(watching, Rehearsal) and watching.share == load_general().rehearsal
    assert isinstance(watching.inner, TargetDeficit) and cell.options["teacher"]["+rehearsal"] == {"share": 0.5}


def test_unknown_names_are_said():
    with pytest.raises(UserError, match="unknown family 'juggling'; there are: skills"):
        Run(family="juggling").cells()
    with pytest.raises(UserError, match="unknown teacher 'me'"):
        Run(teachers=("me",)).cells()


def test_the_table_says_what_is_known_so_far(tmp_path):
    assert Table(tmp_path).lines() == []

    def life(updates, mastered=True):
        return {"updates": updates, "mastered": mastered, "seconds": 1.0}

    lifetimes = {
        "uniform": {"0": life(9000), "1": life(15_000, False)},
        "general-0": {"0": life(4000)},
        "general-1": {"1": life(5000)},
    }
    (tmp_path / "addition-4-lstm.json").write_text(json.dumps({"lifetimes": lifetimes}))
    lines = Table(tmp_path).lines()
    assert lines[0].startswith("**addition-4, lstm** (validation; budget 15,000 updates")
    general, uniform = lines[4], lines[5]
    assert (
        general == "| general (mean of 2 trained) | 2 (2) | 2 | 4,500 | 0.38 | 1.00 |  |  |"
    )  # two seeds: no interval
    assert uniform == "| uniform | 2 (2) | 1 | >= 12,000 |  |  |  |  |"
    for name in lifetimes:
        lifetimes[name] |= {str(seed): life(6000) for seed in range(2, 8)}
    (tmp_path / "addition-4-lstm.json").write_text(json.dumps({"lifetimes": lifetimes}))
    assert " [" in Table(tmp_path).lines()[4]


def test_the_pages_hold_what_the_committed_figures_give():
    made = Table(ROOT / "benchmarks/results/general")
    for page, lines in (("README.md", made.brief()), ("docs/teachers/general.md", made.lines())):
        text, table = (ROOT / page).read_text(), "\n".join(lines)
        assert with_table(text, table) == text, f"{page}: run python -m benchmarks.studies.evidence table"


def test_the_ratio_to_the_rule_is_of_the_same_seeds(tmp_path):
    def lives(*updates):
        return {str(seed): {"updates": u, "mastered": True, "seconds": 1.0} for seed, u in enumerate(updates)}

    figures = {"uniform": lives(4000, 4500), "target-deficit": lives(2000, 3000), "general-0": lives(1500)}
    (tmp_path / "skills-lstm.json").write_text(json.dumps({"lifetimes": figures}))
    rows = {line.split(" | ")[0].strip("| "): line for line in Table(tmp_path).lines() if line.startswith("| ")}
    assert rows["general (mean of 1 trained)"].endswith("| 0.38 | 1.00 | 0.75 | 1.00 |")
    assert rows["target-deficit"].endswith("| 0.59 | 1.00 |  |  |")
    assert rows["uniform"].endswith("|  |  | 1.70 | 0.00 |")


def test_meta_training_is_charged(tmp_path):
    def lives(updates, seeds):
        return {str(seed): {"updates": updates, "mastered": True, "seconds": 0.02 * updates} for seed in seeds}

    for name, seconds in (("general-0", 500.0), ("general-1", 700.0)):
        (tmp_path / "teachers" / name).mkdir(parents=True)
        (tmp_path / "teachers" / name / "teacher.json").write_text(json.dumps({"seconds": seconds}))
    figures = {
        "uniform": lives(4000, range(8)),
        "exp3s-tuned": lives(2000, range(8)),
        "target-deficit+rehearsal": lives(1250, range(8)),
        "general-0": lives(1000, range(0, 8, 2)),
        "general-1": lives(1000, range(1, 8, 2)),
    }
    (tmp_path / "skills-lstm.json").write_text(json.dumps({"lifetimes": figures}))
    said = next(line for line in Table(tmp_path).lines() if "meta-training" in line)
    assert "took 1,200 core-seconds (mean of 2). At 20 ms an update" in said and "trains for 60 s less" in said
    assert "paid for after 20 lifetimes; all 2, of which one ships, after 40." in said
    assert any("Beside exp3s-tuned (descriptive): 0.50 [0.50, 0.50]" in line for line in Table(tmp_path).lines())
    assert any("Beside target-deficit+rehearsal (descriptive): 0.80 [0.80" in line for line in Table(tmp_path).lines())
    for found in figures.values():
        found.pop("7", None)
    (tmp_path / "skills-lstm.json").write_text(json.dumps({"lifetimes": figures}))
    assert not any("paid for" in line for line in Table(tmp_path).lines())  # of seven seeds no claim is made


def test_seeds_replay_what_a_trained_teacher_chose_on_the_next(tmp_path, monkeypatch):
    exported = {}

    def export(run, options, out, overwrite):
        exported[out] = run
        out.write_text("")  # where it may

    monkeypatch.setattr("benchmarks.studies.evidence.run.export", export)
    monkeypatch.setattr("benchmarks.studies.evidence.families.SCHEDULES", tmp_path / "schedules")
    with pytest.raises(UserError, match="seed 0 wants a finished lifetime of a trained teacher on seed 1"):
        Yoke("skills", seeds=3, runs=tmp_path).execute()
    for name, cell in Run("skills", teachers=TRAINED, seeds=3).cells():
        folder = tmp_path / "skills-lstm" / name / folder_of(cell)
        folder.mkdir(parents=True)
        if (name, cell.seed) != ("general-1", 2):  # not finished
            (folder / "summary.json").write_text("{}")
    Yoke("skills", seeds=3, runs=tmp_path).execute()
    donors = [exported[tmp_path / "schedules" / "skills-lstm" / f"{seed}.json"] for seed in range(3)]
    assert [donor.parent.name for donor in donors] == ["general-0", "general-2", "general-2"]
    assert [donor.name.split("-")[0] for donor in donors] == ["1", "2", "0"]
    with pytest.raises(UserError, match="replays another seed's lifetime; got 1"):
        Yoke("skills", seeds=1, runs=tmp_path).execute()
    cells = dict(Run("skills", teachers=("yoked", "yoked-shuffled"), seeds=1, runs=tmp_path).cells())
    assert cells["yoked"].make_teacher().file_of(0) == str(tmp_path / "schedules" / "skills-lstm" / "0.json")
    assert cells["yoked-shuffled"].make_teacher().shuffled and not cells["yoked"].make_teacher().shuffled


def test_the_frozen_teacher_has_a_will_of_its_own_and_learned_nothing(tmp_path):
    Frozen(out=tmp_path / "frozen").execute()
    frozen, shipped = load_policy(tmp_path / "frozen"), load_general().policy
    assert frozen.features == shipped.features and frozen.fingerprint != shipped.fingerprint
    observed = np.random.default_rng(0).random((20, 6, len(frozen.features)), dtype=np.float32)
    mixtures = softmax(scores(frozen.weights, observed))
    assert np.abs(mixtures - 1 / 6).max() > 0.05  # no uniform sampling


def test_a_family_knows_its_student():
    (_, cell), *_ = Run("skills-known", teachers=("uniform",), seeds=1).cells()
    assert cell.student == "lstm-experienced" and Run("skills-known").name == "skills-known-lstm-experienced"
    (_, cell), *_ = Run("skills", "gru", teachers=("uniform",), seeds=1).cells()
    assert cell.student == "gru"
    (_, cell), *_ = Run("copy", teachers=("uniform",), seeds=1).cells()  # whose suite is evaluated every 150
    assert cell.schedule.evaluate_every == FAMILIES["copy"].evaluate_every == 100
    with pytest.raises(UserError, match="unknown student 'nobody'"):
        Run("skills", "nobody", seeds=1).cells()


def test_a_student_of_another_size_is_the_same_but_for_its_size(tmp_path):
    ((_, plain),) = Run("repeat-copy-wrong", teachers=("uniform",), seeds=1).cells()
    run = Run("repeat-copy-wrong", "lstm-32", teachers=("uniform",), seeds=1)
    ((_, small),) = run.cells()
    assert run.name == "repeat-copy-wrong-lstm-32" and small.student == plain.student == "lstm"
    assert small.options["student"] == {**plain.options["student"], "width": 32}
    assert small.schedule.budget == FAMILIES["repeat-copy-wrong"].budgets["lstm-32"] != plain.schedule.budget
    life = {"updates": 1000, "mastered": True, "seconds": 1.0}
    (tmp_path / f"{run.name}.json").write_text(json.dumps({"lifetimes": {"uniform": {"0": life}}}))
    assert Table(tmp_path).lines()[0].startswith("**repeat-copy-wrong, lstm-32** (budget ")


def test_a_page_without_a_place_is_refused():
    with pytest.raises(UserError, match="must have a place for the table"):
        with_table("nothing here", "a table")


def test_a_lifetime_of_another_network_at_the_same_path_is_run_again():
    (_, cell), *_ = Run(teachers=("general-0",), seeds=1).cells()
    found = {"budget": cell.schedule.budget, "digest": cell.digest, "policy": cell.make_teacher().policy.fingerprint}
    assert covers(found, cell) and not covers({**found, "policy": "another"}, cell)


def test_a_finished_lifetime_of_another_network_is_not_taken_for_this_ones(tmp_path, monkeypatch):
    """Through ``keep_lifetimes``: same path, same cell, same runs folder, another network."""
    lived = []

    def live(cell, folder):
        lived.append(folder)
        return {"updates": 1, "mastered": True}

    monkeypatch.setattr("benchmarks.studies.keeping._live", live)
    cells = Run("skills", teachers=("general-0",), seeds=1).cells()
    keep_lifetimes(cells, tmp_path / "a.json", "", tmp_path, 1)
    other = load_policy(RESULTS / "teachers" / "general-1")
    monkeypatch.setattr(PPOTeacher, "policy", property(lambda self: other))
    keep_lifetimes(cells, tmp_path / "b.json", "", tmp_path, 1)
    assert lived[0] != lived[1] and lived[0].parent == lived[1].parent
